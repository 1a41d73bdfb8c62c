//! What happened, for machines: the process log and the metrics. Imports nothing of ours.

mod zeros;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

pub use zeros::Program;

/// The form of log lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// Sends log lines to standard error: standard output is for what a command answers.
///
/// `levels` is a level, or levels by module; one that cannot be read counts as `info`. A second call
/// in one process does nothing.
pub fn log_to_stderr(format: Format, levels: &str) {
    let filter = EnvFilter::try_new(levels).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match format {
        Format::Json => lines.json().flatten_event(true).try_init(),
        Format::Pretty => lines.try_init(),
    };
}

/// Has a panic say in the log where it happened, and nothing of what it was about: its message may hold
/// the values at hand (C141).
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, thread = std::thread::current().name(), "panicked");
    }));
}

/// Begins to collect metrics, and answers what writes them in the text format of Prometheus.
///
/// # Errors
/// If metrics are collected already.
pub fn collect_metrics(of: Program) -> Result<PrometheusHandle, BuildError> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(seconds, &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &BYTES)?
        .set_buckets_for_metric(Matcher::Suffix("_operations".to_owned()), &OPERATIONS)?
        .install_recorder()?;
    describe();
    zeros::begin(of);
    Ok(handle)
}

/// What each metric means, in the text that Prometheus shows.
fn describe() {
    for (name, meaning) in COUNTERS {
        metrics::describe_counter!(*name, *meaning);
    }
    for (name, meaning) in GAUGES {
        metrics::describe_gauge!(*name, *meaning);
    }
    for (name, meaning) in HISTOGRAMS {
        metrics::describe_histogram!(*name, *meaning);
    }
}

const COUNTERS: &[(&str, &str)] = &[
    ("chancery_http_requests_total", "Requests, by route, method and status"),
    ("chancery_token_requests_total", "Token requests, by grant and outcome"),
    ("chancery_refresh_total", "Refreshes: ok, echo, retry, kept, or why one was refused"),
    ("chancery_login_total", "Logins and sign-ins: ok, or why one was refused"),
    ("chancery_authorizations_total", "Authorization requests: ok for a code, or the error told"),
    ("chancery_code_exchanges_total", "Codes for tokens: ok, or why one was refused"),
    ("chancery_revocations_total", "Revocations, by kind"),
    ("chancery_feed_documents_total", "Documents of the feed that were signed, by kind"),
    ("chancery_feed_dropped_total", "Streams of the feed that were ended, by reason"),
    ("chancery_feed_refused_total", "Streams of the feed that found no place, by kind"),
    ("chancery_feed_reports_refused_total", "Reports of one subscriber too many"),
    ("chancery_storage_statements_total", "Statements sent, without BEGIN, COMMIT and savepoints"),
    ("chancery_storage_regressed_total", "How often the database was found to have lost writes"),
    ("chancery_backchannel_logout_total", "Attempts to tell clients of the end of a session"),
    ("chancery_janitor_failures_total", "Rounds in which the janitor was interrupted"),
    ("chancery_janitor_removed_total", "Rows that the janitor removed, by table"),
    ("chancery_hashes_total", "Password hashes computed"),
    ("chancery_hash_refused_total", "Hashes refused because the queue was full or too slow"),
    ("chancery_gate_requests_total", "Requests to the gate, by outcome"),
];

const GAUGES: &[(&str, &str)] = &[
    ("chancery_clock_offset_seconds", "How far this node's clock is ahead of the database's"),
    ("chancery_feed_listening", "Whether changes of other nodes are heard of at once"),
    ("chancery_feed_snapshot_bytes", "The size of the snapshot of the feed"),
    ("chancery_feed_streams", "Streams of the feed, by kind"),
    ("chancery_hash_queue_waiting", "Logins that wait for their hash"),
    ("chancery_key_age_seconds", "How long the active key of an algorithm has been signing"),
    ("chancery_memory_age_seconds", "How long ago this node looked at the database"),
    ("chancery_revocations_known", "Names that are refused"),
];

const HISTOGRAMS: &[(&str, &str)] = &[
    ("chancery_http_request_seconds", "How long requests took, by route"),
    ("chancery_hash_wait_seconds", "How long logins waited for their hash"),
    ("chancery_access_token_bytes", "The size of access tokens"),
    ("chancery_writer_batch_operations", "Operations per commit of the embedded database"),
];

const SECONDS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];
const BYTES: [f64; 6] = [512.0, 1024.0, 2048.0, 3072.0, 4096.0, 8192.0];
const OPERATIONS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn c141_a_panic_says_where_and_not_what() {
        let (kept, before) = (Kept::default(), std::panic::take_hook());
        let writer = kept.clone();
        let log = fmt().json().with_writer(move || writer.clone()).finish();
        log_panics();
        let panicked = tracing::subscriber::with_default(log, || {
            std::panic::catch_unwind(|| panic!("the password is {}", "hunter2"))
        });
        std::panic::set_hook(before);
        assert!(panicked.is_err());
        let written = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert!(written.contains(file!()) && written.contains("panicked"), "{written}");
        assert!(!written.contains("hunter2") && !written.contains("password is"), "{written}");
    }
}
