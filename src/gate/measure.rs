//! What the gate counts and logs. Never the URL, a header or a claim: Envoy and Traefik send those of
//! the end client along.

use chancery_verifier::State;

use super::answer::Outcome;

/// Counts an outcome and logs it: what passed only for whoever asks for it, as there is much of it.
pub(super) fn count(outcome: &Outcome) {
    let (name, reason) = (outcome.name(), outcome.reason());
    match outcome {
        Outcome::Passed(_) => tracing::debug!(outcome = name, "request"),
        Outcome::Misconfigured(what) => tracing::error!(outcome = name, %what, "request"),
        _ => tracing::info!(outcome = name, reason, "request"),
    }
    metrics::counter!("chancery_gate_requests_total", "outcome" => name).increment(1);
}

/// Sets the gauges.
#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float, and no such count is near 2^53"
)]
pub(super) fn set(state: &State) {
    metrics::gauge!("chancery_gate_ready").set(if state.ready { 1.0 } else { 0.0 });
    if let Some(age) = state.age {
        metrics::gauge!("chancery_gate_state_age_seconds").set(age.as_secs_f64());
    }
    if let Some(position) = &state.position {
        metrics::gauge!("chancery_gate_feed_seq").set(position.seq as f64);
    }
    if let Some(offset) = state.clock_offset {
        metrics::gauge!("chancery_gate_clock_offset_seconds").set(offset as f64 / 1000.0);
    }
    metrics::gauge!("chancery_gate_revocations_known").set(state.entries as f64);
    metrics::gauge!("chancery_gate_keys").set(state.keys as f64);
    metrics::counter!("chancery_gate_feed_gaps_total").absolute(state.counters.gaps);
    metrics::counter!("chancery_gate_feed_refused_total")
        .absolute(state.counters.documents_refused);
    metrics::counter!("chancery_gate_cache_hits_total").absolute(state.counters.cache_hits);
}
