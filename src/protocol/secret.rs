//! Secrets and what is stored of them. Neither can be printed by accident: there is no `Debug`.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// 256 random bits, wiped from memory when dropped (CORE-14 asks for 160).
pub struct Secret(Zeroizing<[u8; 32]>);

/// SHA-256 of a secret. That is enough: 256 random bits have no shorter guess than their own, so a
/// slow hash would only cost throughput.
#[derive(Clone)]
pub struct SecretHash([u8; 32]);

impl Secret {
    /// A secret of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What is stored of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.0.as_slice())
    }

    /// Its base64url text behind a prefix.
    pub fn encode(&self, prefix: &str) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(prefix.len() + ENCODED_LENGTH));
        text.push_str(prefix);
        BASE64_URL_SAFE_NO_PAD.encode_string(self.0.as_slice(), &mut text);
        text
    }

    /// The secret of a base64url text; `None` for any other spelling.
    pub fn decode(encoded: &str) -> Option<Self> {
        if encoded.len() != ENCODED_LENGTH {
            return None;
        }
        let mut secret = Self::from_bytes([0; 32]);
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(encoded, secret.0.as_mut_slice()).ok()?;
        (length == secret.0.len()).then_some(secret)
    }
}

impl SecretHash {
    /// The hash of `secret`.
    pub fn of(secret: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, secret).as_ref());
        Self(hash)
    }

    /// A stored hash.
    pub const fn from_bytes(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// Half of the hash as an HTTP entity tag, quotes included (RFC 9110 §8.8.3).
    pub fn entity_tag(&self) -> String {
        format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&self.0[..16]))
    }

    /// The hash's bytes, as stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for SecretHash {}

/// A client secret as the client sends it (RFC 6749 §2.3.1).
pub struct ClientSecret(Zeroizing<String>);

/// A given client secret is too weak or cannot be sent.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("a client secret is 32 to 256 printable ASCII characters, generated at random")]
pub struct WeakClientSecret;

impl ClientSecret {
    /// A new secret from 256 random bits, of unreserved characters only: it reads the same whether
    /// or not a client form-encodes it for Basic (RFC 6749 Appendix B).
    pub fn generate(random: &[u8; 32]) -> Self {
        Self(Zeroizing::new(format!("chs_{}", BASE64_URL_SAFE_NO_PAD.encode(random))))
    }

    /// A secret made elsewhere, to be stored. Only its SHA-256 is kept, so it has to be long.
    pub fn chosen(text: &str) -> Result<Self, WeakClientSecret> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !(32..=256).contains(&text.len()) || !printable {
            return Err(WeakClientSecret);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// A secret that somebody presents.
    pub fn presented(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// What is stored of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.0.as_bytes())
    }

    /// The secret itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The length of 256 bits in base64url without padding.
const ENCODED_LENGTH: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_secrets_have_equal_hashes_and_others_do_not() {
        assert!(Secret::from_bytes([1; 32]).hash() == Secret::from_bytes([1; 32]).hash());
        assert!(Secret::from_bytes([1; 32]).hash() != Secret::from_bytes([2; 32]).hash());
    }

    #[test]
    fn a_generated_client_secret_is_made_of_unreserved_characters() {
        let secret = ClientSecret::generate(&[0xFB; 32]);
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        assert!(secret.expose().bytes().all(unreserved));
        assert!(ClientSecret::chosen(secret.expose()).is_ok());
    }

    #[test]
    fn short_or_unprintable_client_secrets_are_refused() {
        assert!(ClientSecret::chosen("hunter2").is_err());
        assert!(ClientSecret::chosen(&"ä".repeat(40)).is_err());
        assert!(ClientSecret::chosen(&"a".repeat(257)).is_err());
    }
}
