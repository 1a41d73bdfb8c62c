//! Keys that sign tokens and documents.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// An ES256 key.
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) purpose: Option<&'static str>,
    pair: EcdsaKeyPair,
}

impl Key {
    pub(crate) fn of_tokens(kid: &str) -> Self {
        Self::new(kid, None)
    }

    pub(crate) fn of_feed(kid: &str) -> Self {
        Self::new(kid, Some("revocations"))
    }

    fn new(kid: &str, purpose: Option<&'static str>) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { kid: kid.into(), purpose, pair }
    }

    pub(crate) fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let mut jwk = json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid,
            "x": encode(&point[1..33]), "y": encode(&point[33..65]),
        });
        if let Some(purpose) = self.purpose {
            jwk["purpose"] = purpose.into();
        }
        jwk
    }

    /// A compact JWS of the type `typ`.
    pub(crate) fn sign(&self, typ: &str, claims: &impl serde::Serialize) -> String {
        self.sign_with(&json!({ "alg": "ES256", "typ": typ, "kid": self.kid }), claims)
    }

    /// A compact JWS with any header.
    pub(crate) fn sign_with(&self, header: &Value, claims: &impl serde::Serialize) -> String {
        let claims = serde_json::to_vec(claims).unwrap();
        let message = format!("{}.{}", encode(header.to_string().as_bytes()), encode(&claims));
        #[expect(clippy::disallowed_methods, reason = "a signature that nobody predicts")]
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", encode(signature.as_ref()))
    }
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
