//! What the client did, as numbers. Must not decide anything by them.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::prometheus::metric;

/// What a client did since its start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ClientCounters {
    /// Whether a stream brings the feed at this moment.
    pub streaming: bool,
    /// Streams that brought something.
    pub streams: u64,
    /// Streams that were refused, broke, went silent, or brought what cannot be used.
    pub stream_failures: u64,
    /// Documents of the feed that were asked for one by one.
    pub documents_fetched: u64,
    /// Requests for metadata, keys or documents that brought nothing usable.
    pub fetch_failures: u64,
    /// Requests for the keys.
    pub key_fetches: u64,
}

impl ClientCounters {
    /// The counters in Prometheus' text format, to be put behind
    /// [`State::prometheus`](crate::State::prometheus): `chancery_verifier_client_` and the name of
    /// the field, `_total` where it counts.
    pub fn prometheus(&self) -> String {
        let mut text = String::new();
        metric(&mut text, "client_streaming", "gauge", Some(&u8::from(self.streaming)));
        for (name, value) in [
            ("client_streams_total", self.streams),
            ("client_stream_failures_total", self.stream_failures),
            ("client_documents_fetched_total", self.documents_fetched),
            ("client_fetch_failures_total", self.fetch_failures),
            ("client_key_fetches_total", self.key_fetches),
        ] {
            metric(&mut text, name, "counter", Some(&value));
        }
        text
    }
}

/// The same, being counted.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) streaming: watch::Sender<bool>,
    pub(super) streams: AtomicU64,
    pub(super) stream_failures: AtomicU64,
    pub(super) documents_fetched: AtomicU64,
    pub(super) fetch_failures: AtomicU64,
    pub(super) key_fetches: AtomicU64,
}

impl Tally {
    pub(super) fn read(&self) -> ClientCounters {
        ClientCounters {
            streaming: *self.streaming.borrow(),
            streams: self.streams.load(Ordering::Relaxed),
            stream_failures: self.stream_failures.load(Ordering::Relaxed),
            documents_fetched: self.documents_fetched.load(Ordering::Relaxed),
            fetch_failures: self.fetch_failures.load(Ordering::Relaxed),
            key_fetches: self.key_fetches.load(Ordering::Relaxed),
        }
    }
}

/// Counts one more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
