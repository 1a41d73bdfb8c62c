//! What the fake issuer has revoked, and the documents that say so.

use chancery_verifier::claims::{AccessTokenClaims, Audience};
use chancery_verifier::feed::{FEED_TYPE, FeedDocument, PackedEntries, jwks_hash};
use chancery_verifier::revocation::{Entry, Kind};
use serde_json::{Value, json};

use super::AUDIENCE;
use super::keys::Key;

/// Keys, the log of revocations, and the faults that a test has made.
pub(crate) struct Log {
    pub(crate) issuer: String,
    pub(crate) epoch: i64,
    pub(crate) entries: Vec<(Kind, Entry)>,
    pub(crate) token_key: Key,
    pub(crate) feed_key: Key,
    /// Named in documents instead of the real one.
    pub(crate) other_hash: Option<String>,
    pub(crate) no_feed: bool,
    /// Where the stream is said to be, instead of here.
    pub(crate) stream_uri: Option<String>,
    /// Where the keys are said to be, instead of here.
    pub(crate) jwks_uri: Option<String>,
    pub(crate) jwks: Served,
    pub(crate) snapshot: Served,
    /// What lies behind a cursor.
    pub(crate) segments: Served,
    pub(crate) stream: Served,
    /// The answer to reports.
    pub(crate) applied: Served,
    /// A stream that is opened brings nothing by itself.
    pub(crate) stalls: bool,
    /// Something is revoked after each answer to a question for the feed.
    pub(crate) moves: bool,
    /// The paths and queries that were asked for.
    pub(crate) requests: Vec<String>,
    /// The `Last-Event-ID` of each stream.
    pub(crate) cursors: Vec<Option<String>>,
    /// The bodies of the reports.
    pub(crate) reports: Vec<Value>,
    /// The `Authorization` of streams and reports.
    pub(crate) authorizations: Vec<Option<String>>,
}

/// How a path answers.
#[derive(Clone)]
pub(crate) enum Served {
    /// As it should.
    Well,
    /// With this status, `Retry-After` and body.
    Status(u16, u64, &'static str),
    /// By a redirect to this URL.
    Redirect(String),
    /// By this text.
    Text(String),
    /// By so many bytes.
    Bytes(usize),
}

impl Log {
    pub(crate) fn new(issuer: String) -> Self {
        Self {
            issuer,
            epoch: 1,
            entries: vec![],
            token_key: Key::of_tokens("t1"),
            feed_key: Key::of_feed("f1"),
            other_hash: None,
            no_feed: false,
            stream_uri: None,
            jwks_uri: None,
            jwks: Served::Well,
            snapshot: Served::Well,
            segments: Served::Well,
            stream: Served::Well,
            applied: Served::Well,
            stalls: false,
            moves: false,
            requests: vec![],
            cursors: vec![],
            reports: vec![],
            authorizations: vec![],
        }
    }

    pub(crate) fn head(&self) -> i64 {
        i64::try_from(self.entries.len()).unwrap()
    }

    /// Writes a revocation down, and tells nobody.
    pub(crate) fn write(&mut self, kind: Kind, value: &str) {
        let entry = Entry { digest: kind.digest(value), not_before: None, until: None };
        self.entries.push((kind, entry));
    }

    /// The claims of a document of what lies above `prev_seq` up to `seq`.
    pub(crate) fn document(&self, prev_seq: i64, seq: i64, time: i64) -> FeedDocument {
        let range = usize::try_from(prev_seq).unwrap()..usize::try_from(seq).unwrap();
        let hash = || jwks_hash([self.token_key.kid.as_str(), self.feed_key.kid.as_str()]);
        FeedDocument {
            iss: self.issuer.clone(),
            iat: time / 1000,
            exp: time / 1000 + 60,
            epoch: self.epoch,
            prev_seq,
            seq,
            cursor: format!("{}.{seq}", self.epoch),
            time,
            jwks_hash: self.other_hash.clone().unwrap_or_else(hash),
            entries: PackedEntries::pack(self.entries[range].iter().copied()),
        }
    }

    /// The same, signed.
    pub(crate) fn signed(&self, prev_seq: i64, seq: i64, time: i64) -> String {
        self.feed_key.sign(FEED_TYPE, &self.document(prev_seq, seq, time))
    }

    /// The answer to a reader that knows everything up to `after` of `epoch`.
    pub(crate) fn behind(&self, epoch: i64, after: i64, time: i64) -> String {
        if epoch != self.epoch || after > self.head() {
            return self.signed(0, self.head(), time);
        }
        let begin = after / 256 * 256;
        let end = if begin + 256 <= self.head() { begin + 256 } else { self.head() };
        self.signed(begin, end, time)
    }

    pub(crate) fn key_set(&self) -> Value {
        json!({ "keys": [self.token_key.jwk(), self.feed_key.jwk()] })
    }

    /// A token of the session `sid`, with the scope "orders:read".
    pub(crate) fn token(&self, sid: &str, time: i64) -> String {
        self.token_key.sign("at+jwt", &self.claims(sid, time))
    }

    pub(crate) fn claims(&self, sid: &str, time: i64) -> AccessTokenClaims {
        AccessTokenClaims {
            iss: self.issuer.clone(),
            sub: "somebody".into(),
            aud: Audience::One(AUDIENCE.into()),
            client_id: "app".into(),
            jti: format!("token of {sid}"),
            iat: time / 1000,
            exp: time / 1000 + 3600,
            scope: Some("orders:read".into()),
            sid: Some(sid.into()),
            roles: vec![],
            auth_time: None,
            acr: None,
            amr: vec![],
        }
    }
}
