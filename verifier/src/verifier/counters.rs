//! What happened since the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{FeedError, Rejection};
use crate::state::{Absorbed, Counters};
use crate::token::VerifiedToken;

#[derive(Default)]
pub(super) struct Tally {
    accepted: AtomicU64,
    cache_hits: AtomicU64,
    rejected: [AtomicU64; NAMES.len()],
    documents: AtomicU64,
    documents_refused: AtomicU64,
    gaps: AtomicU64,
}

impl Tally {
    pub(super) fn count(&self, judged: &Result<Arc<VerifiedToken>, Rejection>) {
        match judged {
            Ok(_) => one(&self.accepted),
            Err(rejection) => {
                let place = NAMES.iter().position(|name| *name == rejection.as_str());
                if let Some(counter) = place.and_then(|place| self.rejected.get(place)) {
                    one(counter);
                }
            }
        }
    }

    pub(super) fn count_hit(&self) {
        one(&self.cache_hits);
    }

    pub(super) fn count_document(&self, absorbed: Result<Absorbed, FeedError>) {
        match absorbed {
            Ok(absorbed) => {
                one(&self.documents);
                if absorbed == Absorbed::Gap {
                    one(&self.gaps);
                }
            }
            Err(_) => one(&self.documents_refused),
        }
    }

    pub(super) fn read(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let rejected = NAMES.into_iter().zip(self.rejected.iter().map(read));
        Counters {
            accepted: read(&self.accepted),
            cache_hits: read(&self.cache_hits),
            rejected: rejected.collect(),
            documents: read(&self.documents),
            documents_refused: read(&self.documents_refused),
            gaps: read(&self.gaps),
        }
    }
}

fn one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Every name of a [`Rejection`].
const NAMES: [&str; 20] = [
    "too_long",
    "form",
    "header",
    "critical",
    "type",
    "unknown_key",
    "algorithm",
    "signature",
    "claims",
    "issuer",
    "audience",
    "expired",
    "not_yet",
    "too_long_lived",
    "bound",
    "revoked",
    "insufficient_scope",
    "stale",
    "not_ready",
    "no_feed",
];
