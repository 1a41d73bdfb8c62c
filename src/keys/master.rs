//! The master key, under which every key in the database is sealed.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::env::Entropy;

/// A 256-bit key that never leaves the process.
pub struct MasterKey {
    current: Root,
    previous: Option<Root>,
}

/// What one text of a key is good for.
struct Root {
    sealing: LessSafeKey,
    /// Where further keys are derived from.
    derivation: Prk,
}

/// The text is no master key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("takes 32 bytes in base64, such as `openssl rand -base64 32` prints")]
pub struct InvalidMasterKey;

/// Something sealed does not open: it was sealed under another master key, or changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the master key does not open what is stored in the database")]
pub struct WrongMasterKey;

/// What a sealed value is for. One sealed for another purpose, or for another key id, does not open.
#[derive(Clone, Copy)]
pub struct Purpose<'a> {
    /// The sort of value.
    pub sort: &'static str,
    /// Which of them.
    pub id: &'a [u8],
}

impl MasterKey {
    /// Parses the key, and the one before it, which still opens what was sealed under it.
    pub fn parse(current: &str, previous: Option<&str>) -> Result<Self, InvalidMasterKey> {
        Ok(Self { current: parse_key(current)?, previous: previous.map(parse_key).transpose()? })
    }

    /// A new random key, in the form that [`MasterKey::parse`] reads.
    pub fn generate(entropy: &dyn Entropy) -> Zeroizing<String> {
        Zeroizing::new(BASE64_STANDARD.encode(Zeroizing::new(entropy.bytes::<32>())))
    }

    /// Seals `secret`, with a random nonce in front.
    pub fn seal(&self, secret: &[u8], purpose: Purpose<'_>, entropy: &dyn Entropy) -> Vec<u8> {
        seal(&self.current.sealing, secret, &purpose.aad(), entropy)
    }

    /// Opens what was sealed for the same purpose.
    pub fn open(
        &self,
        sealed: &[u8],
        purpose: Purpose<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, WrongMasterKey> {
        let aad = purpose.aad();
        open(&self.current.sealing, sealed, &aad)
            .or_else(|| open(&self.previous.as_ref()?.sealing, sealed, &aad))
            .ok_or(WrongMasterKey)
    }

    /// The keys for one use that every node with this master key has without storing them: that of
    /// the current one first, then that of the one before.
    pub fn tagging_keys(&self, usage: &'static str) -> Vec<hmac::Key> {
        let roots = std::iter::once(&self.current).chain(&self.previous);
        roots.filter_map(|root| root.tagging_key(usage)).collect()
    }

    /// Whether `sealed` was sealed under the current key, and not under the one before.
    pub fn is_current(&self, sealed: &[u8], purpose: Purpose<'_>) -> bool {
        open(&self.current.sealing, sealed, &purpose.aad()).is_some()
    }
}

impl Root {
    /// None never comes: the output of HKDF may be far longer than a key.
    fn tagging_key(&self, usage: &'static str) -> Option<hmac::Key> {
        let info = [usage.as_bytes()];
        Some(self.derivation.expand(&info, hmac::HMAC_SHA256).ok()?.into())
    }
}

impl Purpose<'_> {
    fn aad(&self) -> Vec<u8> {
        [b"chancery ", self.sort.as_bytes(), b"\0", self.id].concat()
    }
}

fn parse_key(text: &str) -> Result<Root, InvalidMasterKey> {
    let bytes = BASE64_STANDARD.decode(text.trim()).map(Zeroizing::new);
    let bytes = bytes.map_err(|_| InvalidMasterKey)?;
    let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| InvalidMasterKey)?;
    let derivation = Salt::new(HKDF_SHA256, b"chancery master").extract(&bytes);
    Ok(Root { sealing: LessSafeKey::new(key), derivation })
}

/// Seals `secret` with AES-256-GCM: nonce ‖ ciphertext ‖ tag.
pub(super) fn seal(key: &LessSafeKey, secret: &[u8], aad: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
    let nonce = entropy.bytes::<NONCE_LEN>();
    let mut body = secret.to_vec();
    let sealed = key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(aad),
        &mut body,
    );
    // AES-GCM fails only for inputs of 64 GiB and more.
    debug_assert!(sealed.is_ok());
    [nonce.as_slice(), &body].concat()
}

/// Opens what [`seal`] sealed.
pub(super) fn open(key: &LessSafeKey, sealed: &[u8], aad: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = key.open_in_place(nonce, Aad::from(aad), &mut body).ok()?.len();
    body.truncate(length);
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::SystemEntropy;

    const PURPOSE: Purpose<'static> = Purpose { sort: "test", id: b"1" };

    fn key(byte: u8) -> String {
        BASE64_STANDARD.encode([byte; 32])
    }

    #[test]
    fn what_was_sealed_opens_for_the_same_purpose_only() {
        let master = MasterKey::parse(&key(1), None).unwrap();
        let sealed = master.seal(b"secret", PURPOSE, &SystemEntropy);
        assert_eq!(master.open(&sealed, PURPOSE).unwrap().as_slice(), b"secret");
        let other = Purpose { sort: "test", id: b"2" };
        assert!(master.open(&sealed, other).is_err());
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        assert!(master.open(&changed, PURPOSE).is_err());
        assert!(master.open(&sealed[..5], PURPOSE).is_err());
    }

    #[test]
    fn the_previous_key_still_opens_and_is_told_from_the_current_one() {
        let old = MasterKey::parse(&key(1), None).unwrap();
        let sealed = old.seal(b"secret", PURPOSE, &SystemEntropy);
        let new = MasterKey::parse(&key(2), Some(&key(1))).unwrap();
        assert!(new.open(&sealed, PURPOSE).is_ok());
        assert!(!new.is_current(&sealed, PURPOSE));
        let without = MasterKey::parse(&key(2), None).unwrap();
        assert_eq!(without.open(&sealed, PURPOSE).err(), Some(WrongMasterKey));
    }

    #[test]
    fn derived_keys_differ_by_use_and_outlive_a_change_of_the_master_key() {
        let tags = |current: u8, previous: Option<u8>, usage| {
            let previous = previous.map(key);
            let master = MasterKey::parse(&key(current), previous.as_deref()).unwrap();
            let tag = |key: &hmac::Key| hmac::sign(key, b"text").as_ref().to_vec();
            master.tagging_keys(usage).iter().map(tag).collect::<Vec<_>>()
        };
        let old = tags(1, None, "one");
        assert_eq!(old, tags(1, None, "one"));
        assert_ne!(old, tags(1, None, "two"));
        assert_ne!(old, tags(2, None, "one"));
        let both = tags(2, Some(1), "one");
        assert_eq!((&both[..1], &both[1..]), (&*tags(2, None, "one"), &*old));
    }

    #[test]
    fn only_32_bytes_in_base64_are_a_key() {
        let generated = MasterKey::generate(&SystemEntropy);
        assert!(MasterKey::parse(&generated, None).is_ok());
        assert!(MasterKey::parse(&format!("{}\n", *generated), None).is_ok());
        for text in ["", "short", &BASE64_STANDARD.encode([1; 31])] {
            assert!(MasterKey::parse(text, None).is_err());
        }
    }
}
