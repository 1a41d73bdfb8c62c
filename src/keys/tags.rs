//! Short texts that only nodes with this master key can have written. Must not know what they say.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::master::MasterKey;
use crate::protocol::secret::Secret;
use crate::protocol::uri::Issuer;

/// Writes and checks the tags of one use, at one issuer: half of an HMAC-SHA-256, in base64url.
pub struct Tags {
    /// That of the current master key, then that of the one before.
    keys: Vec<hmac::Key>,
    issuer: Issuer,
}

impl Tags {
    /// The tags of `usage`.
    pub fn new(master: &MasterKey, usage: &'static str, issuer: Issuer) -> Self {
        Self { keys: master.tagging_keys(usage), issuer }
    }

    /// The tag of these parts, each behind its length: no two lists of parts are one.
    pub fn tag(&self, parts: &[&[u8]]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes(parts))
    }

    /// The same, not encoded.
    pub fn bytes(&self, parts: &[&[u8]]) -> [u8; 16] {
        // There is one key at least.
        self.keys.first().map(|key| self.half_by(key, parts)).unwrap_or_default()
    }

    /// 256 bits that only nodes with the current master key can make of these parts.
    pub fn secret(&self, parts: &[&[u8]]) -> Option<Secret> {
        let mac = self.mac_by(self.keys.first()?, parts);
        <[u8; 32]>::try_from(mac.as_ref()).ok().map(Secret::from_bytes)
    }

    /// Whether `tag` is that of these parts, in constant time.
    pub fn is_of(&self, tag: &str, parts: &[&[u8]]) -> bool {
        let genuine = |key: &hmac::Key| {
            let own = BASE64_URL_SAFE_NO_PAD.encode(self.half_by(key, parts));
            verify_slices_are_equal(own.as_bytes(), tag.as_bytes()).is_ok()
        };
        self.keys.iter().any(genuine)
    }

    fn half_by(&self, key: &hmac::Key, parts: &[&[u8]]) -> [u8; 16] {
        let mut half = [0; 16];
        half.copy_from_slice(&self.mac_by(key, parts).as_ref()[..16]);
        half
    }

    fn mac_by(&self, key: &hmac::Key, parts: &[&[u8]]) -> hmac::Tag {
        let mut tagging = hmac::Context::with_key(key);
        for part in [self.issuer.as_str().as_bytes()].iter().chain(parts) {
            tagging.update(&part.len().to_be_bytes());
            tagging.update(part);
        }
        tagging.sign()
    }
}
