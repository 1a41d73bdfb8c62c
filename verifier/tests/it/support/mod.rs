//! Owns an issuer with its keys, a clock that tests step, and a verifier that knows both.

mod signer;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chancery_verifier::feed::{FEED_TYPE, FeedDocument, PackedEntries, jwks_hash};
use chancery_verifier::revocation::{Entry, Kind};
use chancery_verifier::{
    Absorbed, Clock, FeedError, Reason, Rejection, Requirement, Settings, VerifiedToken, Verifier,
};
use serde_json::{Value, json};

pub(crate) use signer::{Signer, b64};

pub(crate) const ISSUER: &str = "https://as.example";
pub(crate) const API: &str = "https://api.example";
/// Now, when a test begins, in seconds.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const EPOCH: i64 = 7;

/// An issuer, a clock, and a verifier that has the issuer's keys and an empty snapshot of its feed.
pub(crate) struct World {
    pub(crate) verifier: Verifier,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) token_key: Signer,
    pub(crate) feed_key: Signer,
}

/// A clock that only a test moves.
pub(crate) struct TestClock(Mutex<(i64, Duration)>);

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::new(ISSUER, API))
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let world = Self::unready(settings);
        world.install();
        world.absorb(&world.document(0, 0)).unwrap();
        world
    }

    /// A verifier that knows nothing yet.
    pub(crate) fn unready(settings: Settings) -> Self {
        let clock = Arc::new(TestClock(Mutex::new((NOW * 1000, Duration::from_hours(1)))));
        Self {
            verifier: Verifier::with_clock(settings, clock.clone()),
            clock,
            token_key: Signer::ed25519(1, "token-key"),
            feed_key: Signer::ed25519(2, "feed-key"),
        }
    }

    pub(crate) fn install(&self) {
        self.verifier.install_keys(&self.jwks(&[])).unwrap();
    }

    /// The key set, with further keys.
    pub(crate) fn jwks(&self, further: &[Value]) -> Vec<u8> {
        let mut feed_key = self.feed_key.jwk();
        feed_key["purpose"] = json!("revocations");
        let keys = [&[self.token_key.jwk(), feed_key], further].concat();
        json!({ "keys": keys }).to_string().into_bytes()
    }

    /// Installs the key set with a further key.
    pub(crate) fn also(&self, further: &Signer) {
        self.verifier.install_keys(&self.jwks(&[further.jwk()])).unwrap();
    }

    /// A good token, with `changes` to its claims; `null` removes one.
    pub(crate) fn token(&self, changes: Value) -> String {
        self.token_key.token(&claims(changes))
    }

    pub(crate) fn verify(&self, token: &str) -> Result<Arc<VerifiedToken>, Rejection> {
        self.verifier.verify(token)
    }

    /// Verifies a token that is no good.
    #[track_caller]
    pub(crate) fn reason(&self, token: &str) -> Reason {
        match self.verify(token) {
            Err(Rejection::Invalid(reason)) => reason,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("accepted: {token}"),
        }
    }

    pub(crate) fn verify_for(&self, token: &str, wanted: &Requirement) -> Result<(), Rejection> {
        self.verifier.verify_for(token, wanted).map(drop)
    }

    /// A document that covers the numbers above `prev_seq` up to `seq`, signed now.
    pub(crate) fn document(&self, prev_seq: i64, seq: i64) -> FeedDocument {
        let now = self.clock.now();
        FeedDocument {
            iss: ISSUER.into(),
            iat: now / 1000,
            exp: now / 1000 + 60,
            epoch: EPOCH,
            prev_seq,
            seq,
            cursor: format!("{EPOCH}.{seq}"),
            time: now,
            jwks_hash: jwks_hash(["token-key", "feed-key"]),
            entries: PackedEntries::default(),
        }
    }

    pub(crate) fn absorb(&self, document: &FeedDocument) -> Result<Absorbed, FeedError> {
        self.verifier.absorb(&self.sign(document))
    }

    pub(crate) fn sign(&self, document: &FeedDocument) -> String {
        self.feed_key.document(document)
    }

    /// Publishes a revocation under the number `seq`.
    pub(crate) fn revoke(&self, seq: i64, kind: Kind, value: &str, not_before: Option<i64>) {
        let document = FeedDocument {
            entries: entries(kind, value, not_before),
            ..self.document(seq - 1, seq)
        };
        self.absorb(&document).unwrap();
    }

    pub(crate) fn step(&self, span: Duration) {
        self.clock.step(span);
    }
}

impl TestClock {
    /// Lets time pass.
    pub(crate) fn step(&self, span: Duration) {
        let mut time = self.0.lock().unwrap();
        time.0 += i64::try_from(span.as_millis()).unwrap();
        time.1 += span;
    }

    /// Sets the wall clock alone, in seconds.
    pub(crate) fn set(&self, seconds: i64) {
        self.0.lock().unwrap().0 = seconds * 1000;
    }
}

impl Clock for TestClock {
    fn now(&self) -> i64 {
        self.0.lock().unwrap().0
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().1
    }
}

/// Good claims with `changes`; `null` removes one.
pub(crate) fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER,
        "sub": "user-1",
        "aud": API,
        "client_id": "client-1",
        "jti": "token-1",
        "iat": NOW,
        "exp": NOW + 300,
        "scope": "read write",
        "sid": "session-1",
    });
    let (Some(claims_of), Value::Object(changes)) = (claims.as_object_mut(), changes) else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        if value.is_null() {
            claims_of.remove(&name);
        } else {
            claims_of.insert(name, value);
        }
    }
    claims
}

/// One packed revocation that lasts for an hour.
pub(crate) fn entries(kind: Kind, value: &str, not_before: Option<i64>) -> PackedEntries {
    let digest = kind.digest(value);
    PackedEntries::pack([(kind, Entry { digest, not_before, until: Some(NOW + 3600) })])
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The header of a document of the feed.
pub(crate) fn feed_header(key: &Signer) -> Value {
    json!({ "alg": key.alg(), "typ": FEED_TYPE, "kid": key.kid() })
}
