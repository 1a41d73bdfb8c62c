//! Verifying tokens of our own, by the public keys in the ring.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

use crate::protocol::key::{Algorithm, PublicJwk};

/// A public key, parsed once, with its one algorithm.
pub(super) struct VerifyingKey {
    key: ParsedPublicKey,
    algorithm: Algorithm,
}

/// A token that has the form of one of ours. Nothing that it says is proven.
pub(super) struct Unproven<'a> {
    /// Keys are looked up by this text and never fetched, whatever else the header says (JWT-03).
    pub(super) kid: String,
    algorithm: jsonwebtoken::Algorithm,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl VerifyingKey {
    pub(super) fn parse(public: &PublicJwk, algorithm: Algorithm) -> Option<Self> {
        let key = match (public, algorithm) {
            (PublicJwk::Ec { x, y, .. }, Algorithm::Es256) => {
                let point = [&[UNCOMPRESSED], &*decode(x)?, &*decode(y)?].concat();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?
            }
            (PublicJwk::Okp { x, .. }, Algorithm::EdDsa) => {
                ParsedPublicKey::new(&ED25519, decode(x)?).ok()?
            }
            (PublicJwk::Rsa { e, n }, Algorithm::Rs256 | Algorithm::Ps256) => {
                let padding = match algorithm {
                    Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                let components = RsaPublicKeyComponents { n: decode(n)?, e: decode(e)? };
                components.to_parsed_public_key(padding).ok()?
            }
            _ => return None,
        };
        Some(Self { key, algorithm })
    }

    /// What `token` says, if this key signed it.
    pub(super) fn verify<T: DeserializeOwned>(&self, token: &Unproven<'_>) -> Option<T> {
        // JWT-01: the algorithm is the key's. A header that names another is none of ours.
        if token.algorithm != name(self.algorithm) {
            return None;
        }
        let signature = decode(token.signature)?;
        self.key.verify_sig(token.signed.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&decode(token.payload)?).ok()
    }
}

impl<'a> Unproven<'a> {
    /// Takes a token apart that claims to be of the type `expected` (RFC 7515 §7.1).
    pub(super) fn parse(token: &'a str, expected: &str) -> Option<Self> {
        if token.len() > MAX_TOKEN || token.split('.').count() != 3 {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (_, payload) = signed.split_once('.')?;
        let header = jsonwebtoken::decode_header(token).ok()?;
        let typ = header.typ?;
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        // JWT-02, JWT-04: extensions that must be understood are none of ours, and tokens of another
        // type are other tokens.
        if header.crit.is_some() || !typ.eq_ignore_ascii_case(expected) {
            return None;
        }
        Some(Self { kid: header.kid?, algorithm: header.alg, signed, payload, signature })
    }
}

fn name(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

const MAX_TOKEN: usize = 8 * 1024;
/// The form of a point (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;
