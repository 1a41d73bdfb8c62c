//! Signing compact JWS (RFC 7515 §3.1) with a key that was parsed once.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::generate::p256_public;
use crate::protocol::key::{Algorithm, Kid};

/// A private key, ready to sign, with the header that its signatures carry: `kid` and `alg` come
/// from the key and from nowhere else.
pub struct SigningKey {
    kid: Kid,
    algorithm: Algorithm,
    /// The encoded header and the point behind it.
    header: String,
    pair: Pair,
    random: SystemRandom,
}

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
    Ps256(RsaKeyPair),
}

/// The stored private key cannot be used.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a stored private key is not a key of its algorithm")]
pub(super) struct UnusableKey;

/// Signing failed, which no input can cause.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("signing failed")]
pub struct SigningFailed;

impl SigningKey {
    /// Parses the private key of `algorithm`, which will sign tokens of the type `typ`.
    pub(super) fn parse(
        private: &[u8],
        (algorithm, kid): (Algorithm, &Kid),
        typ: &str,
    ) -> Result<Self, UnusableKey> {
        let pair = match algorithm {
            Algorithm::Es256 => p256_public(private)
                .and_then(|public| {
                    EcdsaKeyPair::from_private_key_and_public_key(
                        &ECDSA_P256_SHA256_FIXED_SIGNING,
                        private,
                        &public,
                    )
                    .ok()
                })
                .map(Pair::Es256),
            Algorithm::EdDsa => Ed25519KeyPair::from_seed_unchecked(private).ok().map(Pair::EdDsa),
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(private).ok().map(Pair::Rs256),
            Algorithm::Ps256 => RsaKeyPair::from_pkcs8(private).ok().map(Pair::Ps256),
        };
        Ok(Self {
            kid: kid.clone(),
            algorithm,
            header: header(typ, algorithm, kid),
            pair: pair.ok_or(UnusableKey)?,
            random: library_random(),
        })
    }

    /// The key's id.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// How long the token over `payload` will be, in bytes. Known before anything is signed, so that
    /// a token over its budget is refused before anything is stored.
    pub fn token_size(&self, payload: &[u8]) -> usize {
        let signature = match &self.pair {
            Pair::Es256(_) | Pair::EdDsa(_) => 64,
            Pair::Rs256(pair) | Pair::Ps256(pair) => pair.public_modulus_len(),
        };
        let encoded = |bytes: usize| (bytes * 4).div_ceil(3);
        self.header.len() + encoded(payload.len()) + 1 + encoded(signature)
    }

    /// Signs `payload`: header.payload.signature.
    pub fn sign(&self, payload: &[u8]) -> Result<String, SigningFailed> {
        self.sign_behind(&self.header, payload)
    }

    /// Signs `payload` as a token of another type than the key's own.
    pub fn sign_as(&self, typ: &str, payload: &[u8]) -> Result<String, SigningFailed> {
        self.sign_behind(&header(typ, self.algorithm, &self.kid), payload)
    }

    fn sign_behind(&self, header: &str, payload: &[u8]) -> Result<String, SigningFailed> {
        let mut token = String::with_capacity(self.token_size(payload));
        token.push_str(header);
        BASE64_URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let mut signature = [0; MAX_SIGNATURE];
        let signature = self.pair.sign(token.as_bytes(), &mut signature, &self.random)?;
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

/// The encoded header and the point behind it.
fn header(typ: &str, algorithm: Algorithm, kid: &Kid) -> String {
    let (algorithm, kid) = (algorithm.as_str(), kid.as_str());
    let header = format!(r#"{{"typ":"{typ}","alg":"{algorithm}","kid":"{kid}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(header) + "."
}

impl Pair {
    fn sign<'a>(
        &self,
        message: &[u8],
        signature: &'a mut [u8; MAX_SIGNATURE],
        random: &SystemRandom,
    ) -> Result<&'a [u8], SigningFailed> {
        let mut copy = |bytes: &[u8]| {
            signature[..bytes.len()].copy_from_slice(bytes);
            bytes.len()
        };
        let length = match self {
            Self::Es256(pair) => {
                copy(pair.sign(random, message).map_err(|_| SigningFailed)?.as_ref())
            }
            Self::EdDsa(pair) => copy(pair.sign(message).as_ref()),
            Self::Rs256(pair) | Self::Ps256(pair) => {
                let encoding = if matches!(self, Self::Rs256(_)) {
                    &RSA_PKCS1_SHA256
                } else {
                    &RSA_PSS_SHA256
                };
                let length = pair.public_modulus_len();
                pair.sign(encoding, random, message, &mut signature[..length])
                    .map_err(|_| SigningFailed)?;
                length
            }
        };
        Ok(&signature[..length])
    }
}

/// The interface of the library asks for it; the signatures draw from its own generator in any case.
#[expect(clippy::disallowed_methods, reason = "the library takes no other source")]
fn library_random() -> SystemRandom {
    SystemRandom::new()
}

/// The signature of an RSA key of 4096 bits, the largest that is made or imported.
const MAX_SIGNATURE: usize = 512;
