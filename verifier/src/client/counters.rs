//! What the client did, as numbers. Must not decide anything by them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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

/// The same, being counted.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) streaming: AtomicBool,
    pub(super) streams: AtomicU64,
    pub(super) stream_failures: AtomicU64,
    pub(super) documents_fetched: AtomicU64,
    pub(super) fetch_failures: AtomicU64,
    pub(super) key_fetches: AtomicU64,
}

impl Tally {
    pub(super) fn read(&self) -> ClientCounters {
        ClientCounters {
            streaming: self.streaming.load(Ordering::Relaxed),
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
