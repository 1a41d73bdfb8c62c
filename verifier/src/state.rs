//! What an operator is told of a verifier.

use std::collections::BTreeMap;
use std::time::Duration;

/// How a verifier stands at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct State {
    /// Whether the issuer has a feed, and whether it is followed.
    pub feed: Feed,
    /// Whether tokens can be accepted: keys are known, and what the feed said, if there is one, and
    /// that for no longer than [`Settings::max_stale`](crate::Settings::max_stale).
    pub ready: bool,
    /// How old what is known of the revocations is; none before the first gap-free document.
    pub age: Option<Duration>,
    /// The moment up to which every revocation is known, by the issuer's clock: milliseconds since
    /// the Unix epoch. None before the first gap-free document.
    pub as_of: Option<i64>,
    /// How far the feed was read; none before the first gap-free document.
    pub position: Option<Position>,
    /// How many names are refused.
    pub entries: usize,
    /// How many keys can verify an access token.
    pub keys: usize,
    /// The name of the key set in hand ([`jwks_hash`](crate::feed::jwks_hash)).
    pub jwks_hash: Option<String>,
    /// By how many milliseconds the clock of this machine is ahead of the issuer's; behind is
    /// negative. Includes for how long the issuer's last document was under way.
    pub clock_offset: Option<i64>,
    /// What happened since the start.
    pub counters: Counters,
}

/// Whether revocations are known of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Feed {
    /// The issuer has none: a token is good until it expires.
    None,
    /// Nothing that leaves no gap has been read yet.
    NotYet,
    /// It is followed; how closely, says [`State::age`].
    Following,
}

/// How far a feed was read.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Position {
    /// The life of the log that the number belongs to.
    pub epoch: i64,
    /// Everything up to this number is known.
    pub seq: i64,
    /// Where to go on reading: the `Last-Event-ID` of the stream.
    pub cursor: String,
}

/// What happened since the start of the verifier.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counters {
    /// Tokens that were accepted.
    pub accepted: u64,
    /// Those of them and of the rejected that had been verified before.
    pub cache_hits: u64,
    /// Tokens that were not, by the name of the [`Rejection`](crate::Rejection).
    pub rejected: BTreeMap<&'static str, u64>,
    /// Documents of the feed that were merged, also those that left a gap or brought nothing new.
    pub documents: u64,
    /// Documents of the feed that were refused.
    pub documents_refused: u64,
    /// Documents of the feed that left a gap.
    pub gaps: u64,
}

/// What a key set brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Installed {
    /// How many keys can verify an access token.
    pub keys: usize,
    /// How many keys can verify the feed.
    pub feed_keys: usize,
    /// How many keys cannot be used: of an unknown kind, too weak, with private members, or under a
    /// `kid` that stands twice.
    pub unusable: usize,
}

/// What a document of the feed brought. Its entries are merged in every case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Absorbed {
    /// The position is further on.
    Advanced,
    /// The position was there already: a heartbeat, or a document that came again.
    Nothing,
    /// The log began a new life, and this is its snapshot.
    NewEpoch,
    /// Something is missing between the position and this document: read the feed from the position
    /// on. Until then the state grows older.
    Gap,
    /// A document of an earlier life of the log, which says nothing about the present one.
    Older,
}

/// Whether the keys of the issuer should be fetched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyDemand {
    /// No.
    No,
    /// Now. Say so by [`Verifier::fetching_keys`](crate::Verifier::fetching_keys), and install what
    /// comes.
    Now,
    /// After that time.
    After(Duration),
}
