//! Revocations: what is refused although its signature and its times are good, and the set that
//! holds them. A set only grows; entries leave by time alone, so an old document undoes nothing.

mod set;

use sha2::{Digest as _, Sha256};

pub use set::RevocationSet;
pub(crate) use set::{Names, Record};

/// What a revocation names.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// One access token, by its `jti`.
    Token,
    /// One session with every access token of it, by its `sid`.
    Session,
    /// The tokens of one subject that were issued up to a second, by `sub`.
    Subject,
    /// The tokens of one client that were issued up to a second, by `client_id`.
    Client,
    /// Every token signed by one key, by its `kid`.
    Key,
    /// Every token that was issued up to a second.
    All,
}

impl Kind {
    /// Every kind, in the order of their wire codes.
    pub const EVERY: [Self; 6] =
        [Self::Token, Self::Session, Self::Subject, Self::Client, Self::Key, Self::All];

    /// The name used in digests, documents and the admin API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "jti",
            Self::Session => "sid",
            Self::Subject => "sub",
            Self::Client => "client",
            Self::Key => "kid",
            Self::All => "all",
        }
    }

    /// The kind of that name, if it is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The digest under which a revocation of `value` is published.
    pub fn digest(self, value: &str) -> Digest {
        let hash = Sha256::new_with_prefix(self.as_str()).chain_update([0]).chain_update(value);
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.finalize()[..16]);
        Digest(digest)
    }
}

/// The first 16 bytes of `SHA-256(kind ‖ 0 ‖ value)`: revocations can be published to everybody
/// without naming whom they concern.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest(pub [u8; 16]);

/// One refusal. Times are seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// What is refused.
    pub digest: Digest,
    /// Refuse what was issued up to and in this second; `None` refuses it whenever it was issued.
    pub not_before: Option<i64>,
    /// From this second on nothing that the entry could refuse is alive; `None` is for ever.
    pub until: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: &str, not_before: Option<i64>, until: Option<i64>) -> Entry {
        Entry { digest: Kind::Subject.digest(value), not_before, until }
    }

    #[test]
    fn digests_separate_kinds_and_values() {
        assert_ne!(Kind::Token.digest("a"), Kind::Session.digest("a"));
        assert_ne!(Kind::Token.digest("a"), Kind::Token.digest("b"));
        for kind in Kind::EVERY {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn a_token_of_the_revoking_second_is_refused_and_the_next_second_is_not() {
        let mut set = RevocationSet::default();
        set.insert(entry("u", Some(100), Some(500)));
        let digest = Kind::Subject.digest("u");
        assert!(set.refuses(digest, 99));
        assert!(set.refuses(digest, 100));
        assert!(!set.refuses(digest, 101));
    }

    #[test]
    fn merging_is_idempotent_and_an_older_entry_weakens_nothing() {
        let mut set = RevocationSet::default();
        set.insert(entry("u", Some(100), Some(500)));
        set.insert(entry("u", Some(50), Some(400)));
        set.insert(entry("u", Some(100), Some(500)));
        assert_eq!(set.len(), 1);
        assert!(set.refuses(Kind::Subject.digest("u"), 100));
    }

    #[test]
    fn two_refusals_of_one_digest_both_count_until_each_ends() {
        let mut set = RevocationSet::default();
        set.insert(entry("u", None, Some(200)));
        set.insert(entry("u", Some(100), Some(900)));
        let digest = Kind::Subject.digest("u");
        assert!(set.refuses(digest, 150));
        set.prune(200);
        assert!(!set.refuses(digest, 150));
        assert!(set.refuses(digest, 100));
        set.prune(900);
        assert!(set.is_empty());
    }

    #[test]
    fn an_entry_without_an_end_is_never_pruned() {
        let mut set = RevocationSet::default();
        set.insert(entry("k", None, None));
        set.prune(i64::MAX - 1);
        assert!(set.refuses(Kind::Subject.digest("k"), 1));
    }
}
