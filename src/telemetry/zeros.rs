//! The counters that are there at 0 from the start. `rate` and `increase` do not see the event with which a
//! counter appears, and of what is rare that is the one that counts. Must not know what counts them.

/// What serves: each has counters of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Program {
    /// `chancery serve`.
    Server,
    /// `chancery gate`.
    Gate,
}

pub(super) fn begin(of: Program) {
    let (alone, by_label) = match of {
        Program::Server => (ALONE, OF_SERVER),
        Program::Gate => (&[][..], OF_GATE),
    };
    for name in alone {
        metrics::counter!(*name).absolute(0);
    }
    for (name, label, values) in by_label {
        for value in *values {
            metrics::counter!(*name, *label => *value).absolute(0);
        }
    }
}

/// Those without a label.
const ALONE: &[&str] = &[
    "chancery_feed_reports_refused_total",
    "chancery_hash_refused_total",
    "chancery_hashes_total",
    "chancery_janitor_failures_total",
    "chancery_storage_regressed_total",
    "chancery_storage_statements_total",
];

/// Those of one label: every value of it, or where these are the reasons of refusals, those to be told of.
type ByLabel = (&'static str, &'static str, &'static [&'static str]);

const OF_SERVER: &[ByLabel] = &[
    ("chancery_authorizations_total", "outcome", &["ok"]),
    ("chancery_backchannel_logout_total", "outcome", NOTICES),
    ("chancery_code_exchanges_total", "outcome", &["ok"]),
    ("chancery_feed_documents_total", "kind", DOCUMENTS),
    ("chancery_feed_dropped_total", "reason", &["slow", "client", "unsigned"]),
    ("chancery_feed_refused_total", "kind", &["reserved", "anonymous"]),
    ("chancery_janitor_removed_total", "table", TABLES),
    ("chancery_login_total", "outcome", &["ok", "wrong_credentials", "unknown_user", "throttled"]),
    ("chancery_refresh_total", "outcome", REFRESHES),
    ("chancery_revocations_total", "kind", &["jti", "sid", "sub", "client", "kid", "all"]),
];

const OF_GATE: &[ByLabel] = &[("chancery_gate_requests_total", "outcome", ANSWERS)];

const NOTICES: &[&str] = &["delivered", "failed", "refused", "given_up", "unwanted"];

const DOCUMENTS: &[&str] = &["snapshot", "segment", "head", "event", "heartbeat"];

const TABLES: &[&str] = &[
    "session",
    "browser_session",
    "authorization_code",
    "logout_notice",
    "revocation",
    "audit",
    "failed_login",
    "feed_subscriber",
];

const REFRESHES: &[&str] = &["ok", "echo", "retry", "kept", "reuse", "storage_regressed"];

const ANSWERS: &[&str] = &[
    "passed",
    "no_token",
    "malformed",
    "invalid_token",
    "insufficient_scope",
    "unavailable",
    "misconfigured",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A counter under another name or label would stay at 0 for ever, and be trusted.
    #[test]
    fn what_begins_at_zero_is_what_the_page_says_is_counted() {
        let page = include_str!("../../docs/metrics.md");
        let quoted = |text: &str, word: &str| text.contains(&format!("`{word}`"));
        for name in ALONE {
            assert!(page.contains(&format!("| `{name}` | | ")), "{name}");
        }
        for (name, label, values) in OF_SERVER.iter().chain(OF_GATE) {
            let row = format!("| `{name}` | `{label}` | ");
            let row = page.lines().find(|line| line.starts_with(&row)).unwrap_or_default();
            for value in *values {
                let reason = page.lines().any(|line| line.starts_with(&format!("| `{value}` | ")));
                assert!(quoted(row, value) || reason, "{name} {label} {value}");
            }
        }
    }
}
