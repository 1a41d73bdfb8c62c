//! An issuer with a key for tokens and one for its feed, and a clock that stands still.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chancery_verifier::{Clock, Settings, Verifier};
use serde_json::json;

pub(super) const ISSUER: &str = "https://as.example";
pub(super) const API: &str = "https://api.example";
/// Now, in seconds.
pub(super) const NOW: i64 = 1_800_000_000;

/// A private key under a `kid`.
pub(super) struct Signer {
    kid: &'static str,
    key: Ed25519KeyPair,
}

pub(super) static TOKEN_KEY: LazyLock<Signer> = LazyLock::new(|| Signer::new(1, "token-key"));
pub(super) static FEED_KEY: LazyLock<Signer> = LazyLock::new(|| Signer::new(2, "feed-key"));

/// Both keys as they are published.
static JWKS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let jwk = |signer: &Signer| {
        let public = b64(signer.public());
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": signer.kid, "x": public })
    };
    let (token_key, mut feed_key) = (jwk(&TOKEN_KEY), jwk(&FEED_KEY));
    feed_key["purpose"] = json!("revocations");
    json!({ "keys": [token_key, feed_key] }).to_string().into_bytes()
});

impl Signer {
    fn new(seed: u8, kid: &'static str) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed");
        Self { kid, key }
    }

    pub(super) fn public(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }

    /// A compact JWS of these texts, sound or not.
    pub(super) fn sign(&self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(payload));
        let signature = self.key.sign(message.as_bytes());
        format!("{message}.{}", b64(signature))
    }

    /// With the header that belongs to it.
    pub(super) fn sign_as(&self, typ: &str, payload: &str) -> String {
        let header = json!({ "alg": "EdDSA", "typ": typ, "kid": self.kid });
        self.sign(&header.to_string(), payload)
    }
}

/// A verifier that knows the keys, and of no feed yet.
pub(super) fn verifier() -> Verifier {
    let verifier = unready();
    verifier.install_keys(&JWKS).expect("two keys");
    verifier
}

/// A verifier that knows nothing.
pub(super) fn unready() -> Verifier {
    Verifier::with_clock(Settings::new(ISSUER, API).cache_capacity(16), Arc::new(Stopped))
}

/// A good token of the session `s-1`.
pub(super) fn token() -> String {
    let claims = json!({
        "iss": ISSUER, "aud": API, "sub": "u-1", "client_id": "c-1", "jti": "t-1", "sid": "s-1",
        "iat": NOW, "exp": NOW + 300, "scope": "read",
    });
    TOKEN_KEY.sign_as("at+jwt", &claims.to_string())
}

pub(super) fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn unb64(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> i64 {
        NOW * 1000
    }

    fn monotonic(&self) -> Duration {
        Duration::from_hours(1)
    }
}
