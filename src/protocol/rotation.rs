//! Refresh token rotation: what a presented token means (RFC 9700 §4.14.2).
//!
//! A session keeps one generation of *leaves* (the newest tokens that may have reached the client)
//! and their *parent* (the token they were handed out for). A client that lost an answer comes back
//! with the parent and must not be taken for a thief; a thief and his victim must not be able to
//! share a chain unseen. [`Rotation::judge`] draws that line; nothing in it reads or writes.

use std::time::Duration;

use super::secret::SecretHash;
use super::time::Timestamp;

/// How many leaves one generation may have: the first and three siblings.
pub const MAX_LEAVES: usize = 4;

/// The rotating part of a session.
#[derive(Clone)]
pub struct Rotation {
    /// How often the session has rotated.
    pub generation: u32,
    /// The hashes of the tokens of this generation, oldest first: 1 to [`MAX_LEAVES`].
    pub leaves: Vec<SecretHash>,
    /// The hash of the token that this generation was handed out for; none before the first
    /// rotation.
    pub parent: Option<SecretHash>,
    /// When this generation began.
    pub rotated_at: Timestamp,
    /// When its newest leaf was made.
    pub reissued_at: Timestamp,
    /// The newest leaf, sealed so that only a holder of the parent can open it.
    pub successor_sealed: Option<Vec<u8>>,
    /// The run of generations that saw a late retry.
    pub retries: RetryStreak,
}

/// A run of consecutive generations in each of which the parent came back late.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RetryStreak {
    /// The last generation that saw one.
    pub generation: u32,
    /// How many generations in a row did, that one included.
    pub length: u32,
}

/// How a client's sessions rotate.
#[derive(Clone, Copy, Debug)]
pub struct RotationPolicy {
    /// Whether a refresh hands out a new token at all.
    pub rotates: bool,
    /// A leaf younger than this is not rotated yet, for clients that fetch several access tokens
    /// one after another.
    pub rotate_after: Duration,
    /// How long a retry is answered with the same new token.
    pub retry_echo: Duration,
    /// How long a retry is answered at all.
    pub retry_window: Duration,
}

/// What a genuine token means for its session.
#[derive(Debug, Eq, PartialEq)]
pub enum Verdict<Child> {
    /// A leaf that stays as it is: the same token goes back.
    Keep,
    /// A leaf: the session moves to the next generation.
    Rotate,
    /// A retry: the newest leaf goes out once more.
    Echo(Child, Retry),
    /// A retry that gets a leaf of its own beside the others.
    Branch(Retry),
    /// The token was replaced, and its replacement used: somebody else holds one of the two.
    Reuse,
    /// The token is of a generation that the session has not reached: the database lost writes.
    Regressed,
}

/// What a retry does to the session's [`RetryStreak`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// Too early to count, or this generation is counted already.
    Uncounted,
    /// It counts: the streak to store.
    Counted(RetryStreak),
    /// It counts, and the streak is long enough to tell an operator of: the streak to store.
    Suspicious(RetryStreak),
}

impl Rotation {
    /// Decides what the token with `hash` of `generation`, known to be genuine, means at `now`.
    ///
    /// `open` opens the sealed successor with the presented token; `None` where it cannot.
    pub fn judge<Child>(
        &self,
        presented: (u32, &SecretHash),
        policy: &RotationPolicy,
        now: Timestamp,
        open: impl FnOnce(&[u8]) -> Option<Child>,
    ) -> Verdict<Child> {
        let (generation, hash) = presented;
        if generation > self.generation {
            return Verdict::Regressed;
        }
        if generation == self.generation && self.leaves.contains(hash) {
            return self.judge_leaf(policy, now);
        }
        if self.parent.as_ref() == Some(hash) && generation.checked_add(1) == Some(self.generation)
        {
            return self.judge_parent(policy, now, open);
        }
        Verdict::Reuse
    }

    fn judge_leaf<Child>(&self, policy: &RotationPolicy, now: Timestamp) -> Verdict<Child> {
        // With a sibling about, waiting would leave it open which leaf is the client's.
        let young = self.leaves.len() == 1 && now.since(self.rotated_at) < policy.rotate_after;
        if !policy.rotates || young || self.generation == u32::MAX {
            Verdict::Keep
        } else {
            Verdict::Rotate
        }
    }

    fn judge_parent<Child>(
        &self,
        policy: &RotationPolicy,
        now: Timestamp,
        open: impl FnOnce(&[u8]) -> Option<Child>,
    ) -> Verdict<Child> {
        let retry = self.count_retry(now);
        let echo = if self.streak_after(retry) < SUSPICIOUS_STREAK {
            policy.retry_echo
        } else {
            // Two holders who both follow the chain now diverge: each gets a leaf of his own, and
            // the first to use his exposes the other.
            policy.retry_echo.min(SUSPICIOUS_ECHO)
        };
        let in_window = now.since(self.rotated_at) <= policy.retry_window;
        let full = self.leaves.len() >= MAX_LEAVES;
        let may_echo = now.since(self.reissued_at) <= echo || (full && in_window);
        let sealed = self.successor_sealed.as_deref().filter(|_| may_echo);
        if let Some(child) = sealed.and_then(open) {
            return Verdict::Echo(child, retry);
        }
        if in_window && !full {
            return Verdict::Branch(retry);
        }
        Verdict::Reuse
    }

    /// A retry counts only if it comes late, once per generation.
    fn count_retry(&self, now: Timestamp) -> Retry {
        let counted = self.retries.length > 0 && self.retries.generation == self.generation;
        if counted || now.since(self.rotated_at) < COUNTED_AFTER {
            return Retry::Uncounted;
        }
        let streak = RetryStreak { generation: self.generation, length: self.streak_before() + 1 };
        if streak.length >= SUSPICIOUS_STREAK {
            Retry::Suspicious(streak)
        } else {
            Retry::Counted(streak)
        }
    }

    fn streak_after(&self, retry: Retry) -> u32 {
        match retry {
            Retry::Counted(streak) | Retry::Suspicious(streak) => streak.length,
            Retry::Uncounted if self.retries.generation == self.generation => self.retries.length,
            Retry::Uncounted => self.streak_before(),
        }
    }

    /// The streak that the generation before this one ended with: one without a retry resets it.
    fn streak_before(&self) -> u32 {
        if self.retries.generation.checked_add(1) == Some(self.generation) {
            self.retries.length
        } else {
            0
        }
    }
}

/// From this age of a generation on a retry is not the noise of parallel tabs any more.
const COUNTED_AFTER: Duration = Duration::from_secs(5);
const SUSPICIOUS_STREAK: u32 = 4;
const SUSPICIOUS_ECHO: Duration = Duration::from_secs(5);

#[cfg(test)]
#[path = "rotation_tests.rs"]
mod tests;
