//! Revocations as the server makes them. What they refuse is decided by the set that resource
//! servers use too, [`chancery_verifier::revocation`].

use std::time::Duration;

pub use chancery_verifier::revocation::{Digest, Entry, Kind};
use serde::Serialize;

use super::ids::Tip;
use super::time::Timestamp;

/// A revocation to be published in the transaction of its cause.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewRevocation {
    /// What is named.
    pub kind: Kind,
    /// The name's digest.
    pub digest: Digest,
    /// Refuse what was issued up to this time; `None` refuses it whenever it was issued.
    pub not_before: Option<Timestamp>,
    /// From this time on nothing that it could refuse is alive; `None` is for ever.
    pub until: Option<Timestamp>,
    /// The entry's random mark.
    pub tip: Tip,
}

/// A published revocation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revocation {
    /// Its place in the log.
    pub seq: i64,
    /// The entry.
    pub entry: NewRevocation,
}

/// A place in the log. Places of a later epoch are later.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct FeedPosition {
    /// The epoch.
    pub epoch: i64,
    /// The number of the last entry.
    pub seq: i64,
}

/// Where the log ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FeedHead {
    /// Raised whenever the log may have lost entries, or readers may have been told what is not so:
    /// they begin again.
    pub epoch: i64,
    /// From this epoch on nothing is known to be lost: numbers and marks go on through the epochs.
    pub whole_since: i64,
    /// The number of the newest entry.
    pub seq: i64,
    /// The mark of the newest entry.
    pub tip: Tip,
    /// The number of the last change of clients, resources or keys. Numbers follow the clock.
    pub changes: i64,
    /// When the database was last found to have lost writes.
    pub regressed_at: Option<Timestamp>,
    /// The longest life that an access token still alive may have been given.
    pub longest_token: Duration,
}

impl FeedHead {
    /// The place at which the log ends.
    pub fn position(&self) -> FeedPosition {
        FeedPosition { epoch: self.epoch, seq: self.seq }
    }
}

impl Revocation {
    /// The entry as the revocation set holds it, in seconds.
    pub fn to_entry(&self) -> Entry {
        Entry {
            digest: self.entry.digest,
            not_before: self.entry.not_before.map(Timestamp::seconds),
            // Rounded up: an entry must not leave a moment too early.
            until: self.entry.until.map(|until| until.seconds().saturating_add(1)),
        }
    }
}

/// What verifiers may add to a token's life: their leeway of at most 60 s, and as much clock skew.
pub const VERIFIER_MARGIN: Duration = Duration::from_mins(2);

/// The first moment at which a token may be signed again that `not_before` must not hit: the next
/// second, and a little more for clocks that disagree within the node.
pub fn first_safe_issue(not_before: Timestamp) -> Timestamp {
    Timestamp::from_seconds(not_before.seconds().saturating_add(1)) + Duration::from_millis(250)
}

/// The times by which a revocation is obeyed.
#[derive(Clone, Copy, Debug)]
pub struct EffectiveBy {
    /// Here.
    pub issuer: Timestamp,
    /// By those who follow the feed.
    pub feed: Timestamp,
    /// By those who only look at `exp`.
    pub expiry: Timestamp,
    /// Whoever has applied the log up to here obeys it; none where that is not known yet.
    pub position: Option<FeedPosition>,
}

impl EffectiveBy {
    /// The times as RFC 3339 texts, the form of administrative answers.
    pub fn rfc3339(&self) -> EffectiveByTimes<String> {
        EffectiveByTimes {
            issuer: self.issuer.rfc3339(),
            feed: self.feed.rfc3339(),
            expiry: self.expiry.rfc3339(),
            position: self.position,
        }
    }

    /// The times in seconds since the epoch, the form of OAuth answers. A user is not told
    /// where the log is.
    pub fn seconds(&self) -> EffectiveByTimes<i64> {
        EffectiveByTimes {
            issuer: self.issuer.seconds(),
            feed: self.feed.seconds(),
            expiry: self.expiry.seconds(),
            position: None,
        }
    }
}

/// [`EffectiveBy`] in one of its two forms.
#[derive(Clone, Debug, Serialize)]
pub struct EffectiveByTimes<T> {
    issuer: T,
    feed: T,
    expiry: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<FeedPosition>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_safe_second_is_outside_the_revocation() {
        let not_before = Timestamp::from_millis(10_999);
        assert!(first_safe_issue(not_before).seconds() > not_before.seconds());
        let exact = Timestamp::from_seconds(10);
        assert_eq!(first_safe_issue(exact), Timestamp::from_millis(11_250));
    }
}
