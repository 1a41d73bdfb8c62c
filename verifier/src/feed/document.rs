//! What a document of the feed says.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::packing::PackedEntries;

/// The `typ` header of a document of the feed.
pub const FEED_TYPE: &str = "revocations+jwt";

/// How many numbers a full segment covers. It begins at a multiple of that.
pub const SEGMENT: i64 = 256;

/// The claims of one document.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FeedDocument {
    /// The issuer whose log it is, compared exactly.
    pub iss: String,
    /// When it was signed, in seconds since the Unix epoch.
    pub iat: i64,
    /// From this second on its `time` says nothing about freshness any more. Its entries are merged
    /// however old it is.
    pub exp: i64,
    /// The life of the log that the numbers belong to. A higher one begins when the log may have
    /// lost entries; numbers of two epochs do not compare.
    pub epoch: i64,
    /// It covers the numbers above this one; 0 for a snapshot, which covers everything.
    pub prev_seq: i64,
    /// It covers the numbers up to this one.
    pub seq: i64,
    /// Where to go on reading behind it: the `Last-Event-ID` of the stream. Opaque to readers.
    pub cursor: String,
    /// When the issuer last read its database, in milliseconds since the Unix epoch: everything
    /// that was revoked before is covered, here or below `prev_seq`. That cannot be said of a full
    /// segment ([`SEGMENT`]), which may end far before the head: its time counts for nothing.
    pub time: i64,
    /// Which keys the issuer publishes ([`jwks_hash`]); another value than that of the keys that a
    /// reader holds tells it to fetch them again.
    pub jwks_hash: String,
    /// The revocations.
    #[serde(default, skip_serializing_if = "PackedEntries::is_empty")]
    pub entries: PackedEntries,
}

impl FeedDocument {
    /// Whether it covers a full segment, and so may end anywhere before the head.
    pub fn is_segment(&self) -> bool {
        self.prev_seq % SEGMENT == 0 && self.seq.checked_sub(self.prev_seq) == Some(SEGMENT)
    }
}

/// The hash that names a set of keys: base64url of SHA-256 over the sorted `kid`s, each followed by
/// a line feed. A `kid` is the thumbprint of its key (RFC 7638), so it stands for all of it.
pub fn jwks_hash<'a>(kids: impl IntoIterator<Item = &'a str>) -> String {
    let mut kids: Vec<&str> = kids.into_iter().collect();
    kids.sort_unstable();
    let mut hash = Sha256::new();
    for kid in kids {
        hash.update(kid);
        hash.update("\n");
    }
    BASE64_URL_SAFE_NO_PAD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_keys_depends_on_which_and_not_on_their_order() {
        assert_eq!(jwks_hash(["a", "b"]), jwks_hash(["b", "a"]));
        assert_ne!(jwks_hash(["a", "b"]), jwks_hash(["ab"]));
        assert_ne!(jwks_hash(["a"]), jwks_hash(["a", "b"]));
    }

    #[test]
    fn a_heartbeat_is_a_document_without_entries() {
        let text = r#"{"iss":"https://as.example","iat":1,"exp":61,"epoch":7,"prev_seq":3,"seq":3,"cursor":"c","time":1000,"jwks_hash":"h"}"#;
        let heartbeat: FeedDocument = serde_json::from_str(text).unwrap();
        assert!(heartbeat.entries.is_empty());
        assert_eq!(serde_json::to_string(&heartbeat).unwrap(), text);
    }
}
