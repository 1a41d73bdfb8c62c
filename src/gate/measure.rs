//! What the gate counts and logs. Never the URL, a header or a claim: Envoy and Traefik send those of
//! the end client along.

use super::answer::Outcome;

/// Counts an outcome and logs it: what passed only for whoever asks for it, as there is much of it.
pub(super) fn count(outcome: &Outcome) {
    let (name, reason) = (outcome.name(), outcome.reason());
    match outcome {
        Outcome::Passed(_) => tracing::debug!(outcome = name, "request"),
        Outcome::Misconfigured(what) => tracing::error!(outcome = name, %what, "request"),
        Outcome::Refused(_) => tracing::info!(outcome = name, reason, "request"),
    }
    metrics::counter!("chancery_gate_requests_total", "outcome" => name).increment(1);
}
