//! How far a revocation reaches in time, and when it is obeyed where.

use std::time::Duration;

use crate::env::Entropy;
use crate::protocol::revocation::{EffectiveBy, VERIFIER_MARGIN};
use crate::protocol::time::Timestamp;
use crate::storage::ops::Revoking;

/// The spans that revocations are made with.
#[derive(Clone, Copy, Debug)]
pub struct RevocationPolicy {
    /// How far the clocks of two nodes may be apart.
    pub clock_offset: Duration,
    /// For how long a node may answer from its memory without having looked at the database.
    pub lease: Duration,
    /// How often a node looks.
    pub poll: Duration,
    /// How often the feed gives a sign of life.
    pub heartbeat: Duration,
}

impl RevocationPolicy {
    /// What refuses a user's tokens: the decision rests on his row, so every token issued by what
    /// was read after the change has an `iat` beyond the offset of the clocks.
    pub fn of_user(&self, longest_token: Duration, entropy: &dyn Entropy) -> Revoking {
        revoking(self.clock_offset + ROUNDING, longest_token, entropy)
    }

    /// What refuses a client's tokens: other nodes may sign for it from memory for one lease more.
    pub fn of_client(&self, longest_token: Duration, entropy: &dyn Entropy) -> Revoking {
        revoking(self.lease + self.clock_offset + ROUNDING, longest_token, entropy)
    }
}

fn revoking(ahead: Duration, longest_token: Duration, entropy: &dyn Entropy) -> Revoking {
    Revoking { seed: entropy.bytes(), reach: longest_token + ahead + VERIFIER_MARGIN, ahead }
}

/// When a revocation made at `now` is obeyed: by this issuer, by every reader of the feed, and by
/// everybody else, since the tokens have expired.
pub fn effective_by(
    policy: &RevocationPolicy,
    longest_token: Duration,
    now: Timestamp,
) -> EffectiveBy {
    EffectiveBy {
        issuer: now,
        feed: now + policy.poll + policy.lease + policy.heartbeat,
        expiry: now + longest_token,
        position: None,
    }
}

/// A not-before is compared in whole seconds.
const ROUNDING: Duration = Duration::from_secs(1);
