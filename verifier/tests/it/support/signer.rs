//! Owns the keys of the tests, and what they sign: good things and bad ones.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chancery_verifier::feed::FeedDocument;
use serde_json::{Value, json};

use super::feed_header;

/// A private key with its `kid`.
pub(crate) struct Signer {
    kid: String,
    alg: &'static str,
    key: Private,
}

enum Private {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Signer {
    /// The same key for the same seed.
    pub(crate) fn ed25519(seed: u8, kid: &str) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        Self { kid: kid.into(), alg: "EdDSA", key: Private::Ed25519(key) }
    }

    /// `ES256` or `ES384`.
    pub(crate) fn ecdsa(alg: &'static str, kid: &str) -> Self {
        let curve = match alg {
            "ES256" => &ECDSA_P256_SHA256_FIXED_SIGNING,
            _ => &ECDSA_P384_SHA384_FIXED_SIGNING,
        };
        Self { kid: kid.into(), alg, key: Private::Ecdsa(EcdsaKeyPair::generate(curve).unwrap()) }
    }

    /// `RS256` or `PS256`.
    pub(crate) fn rsa(alg: &'static str, kid: &str) -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self { kid: kid.into(), alg, key: Private::Rsa(key) }
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn alg(&self) -> &'static str {
        self.alg
    }

    /// The same key, under other names.
    pub(crate) fn named(self, alg: &'static str, kid: &str) -> Self {
        Self { alg, kid: kid.into(), ..self }
    }

    /// The header of a good access token.
    pub(crate) fn header(&self) -> Value {
        json!({ "alg": self.alg, "typ": "at+jwt", "kid": self.kid })
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }

    pub(crate) fn document(&self, document: &FeedDocument) -> String {
        self.sign(&feed_header(self), &serde_json::to_value(document).unwrap())
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), claims.to_string().as_bytes())
    }

    /// Signs whatever is given, sound or not.
    pub(crate) fn sign_text(&self, header: &str, payload: &[u8]) -> String {
        let message = format!("{}.{}", b64(header), b64(payload));
        format!("{message}.{}", b64(self.signature(message.as_bytes())))
    }

    #[expect(clippy::disallowed_methods, reason = "keys of tests only")]
    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Private::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Private::Ecdsa(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Private::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let padding: &'static dyn RsaEncoding =
                    if self.alg == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                key.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// The public key.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = json!({ "kid": self.kid, "alg": self.alg, "use": "sig" });
        match &self.key {
            Private::Ed25519(key) => {
                jwk["kty"] = json!("OKP");
                jwk["crv"] = json!("Ed25519");
                jwk["x"] = json!(b64(key.public_key()));
            }
            Private::Ecdsa(key) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                jwk["kty"] = json!("EC");
                jwk["crv"] = json!(if x.len() == 32 { "P-256" } else { "P-384" });
                jwk["x"] = json!(b64(x));
                jwk["y"] = json!(b64(y));
            }
            Private::Rsa(key) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                jwk["kty"] = json!("RSA");
                jwk["n"] = json!(b64(parts.n));
                jwk["e"] = json!(b64(parts.e));
            }
        }
        jwk
    }

    /// The bytes of the public key, such as somebody may take for a secret.
    pub(crate) fn public_bytes(&self) -> Vec<u8> {
        match &self.key {
            Private::Ed25519(key) => key.public_key().as_ref().to_vec(),
            Private::Ecdsa(key) => key.public_key().as_ref().to_vec(),
            Private::Rsa(key) => key.public_key().as_ref().to_vec(),
        }
    }
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
