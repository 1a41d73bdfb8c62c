//! Sealing the token that replaces another, so that only a holder of the replaced one can open it:
//! a lost answer can be repeated, and the database still holds nothing that is usable by itself.

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use super::master::{open, seal};
use super::token_key::TokenKeys;
use crate::env::Entropy;
use crate::protocol::ids::SessionId;
use crate::protocol::refresh_token::RefreshToken;
use crate::protocol::secret::Secret;

impl TokenKeys {
    /// Seals `child`, the leaf number `leaves` of its generation, for the holder of `parent`.
    pub fn seal_successor(
        &self,
        child: &RefreshToken,
        parent: &RefreshToken,
        leaves: usize,
        entropy: &dyn Entropy,
    ) -> Option<Vec<u8>> {
        let key = self.sealing_key(parent, child.generation, leaves)?;
        let mut body = Zeroizing::new([0; BODY]);
        body[0] = child.key_number;
        body[1..].copy_from_slice(child.secret.as_bytes());
        Some(seal(&key, body.as_slice(), &[], entropy))
    }

    /// Opens the successor of `parent` that was sealed as the leaf number `leaves`.
    pub fn open_successor(
        &self,
        sealed: &[u8],
        parent: &RefreshToken,
        leaves: usize,
    ) -> Option<RefreshToken> {
        let generation = parent.generation.checked_add(1)?;
        let key = self.sealing_key(parent, generation, leaves)?;
        let body = open(&key, sealed, &[])?;
        let (number, secret) = body.split_first()?;
        Some(RefreshToken {
            key_number: *number,
            session: parent.session,
            generation,
            secret: Secret::from_bytes(<[u8; 32]>::try_from(secret).ok()?),
        })
    }

    /// HKDF(server key ‖ parent secret; session, generation, number of leaves).
    fn sealing_key(
        &self,
        parent: &RefreshToken,
        generation: u32,
        leaves: usize,
    ) -> Option<LessSafeKey> {
        let server = self.key(parent.key_number)?;
        let material = Zeroizing::new([server.bytes.as_slice(), parent.secret.as_bytes()].concat());
        let info = info(parent.session, generation, leaves);
        let info = [info.as_slice()];
        let derived = Salt::new(HKDF_SHA256, b"chancery successor").extract(&material);
        let derived = derived.expand(&info, &AES_256_GCM).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(derived)))
    }
}

fn info(session: SessionId, generation: u32, leaves: usize) -> Vec<u8> {
    let leaves = u32::try_from(leaves).unwrap_or(u32::MAX);
    [session.as_bytes().as_slice(), &generation.to_be_bytes(), &leaves.to_be_bytes()].concat()
}

const BODY: usize = 1 + 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::SystemEntropy;
    use crate::protocol::key::KeyState;

    fn token(generation: u32, secret: u8) -> RefreshToken {
        RefreshToken {
            key_number: 0,
            session: SessionId::from_bytes([7; 16]),
            generation,
            secret: Secret::from_bytes([secret; 32]),
        }
    }

    #[test]
    fn only_the_holder_of_the_parent_opens_its_successor() {
        let mut keys = TokenKeys::default();
        keys.add(0, KeyState::Active, Some(Zeroizing::new([3; 32])));
        let (parent, child) = (token(4, 1), token(5, 2));
        let sealed = keys.seal_successor(&child, &parent, 1, &SystemEntropy).unwrap();
        let opened = keys.open_successor(&sealed, &parent, 1).unwrap();
        assert_eq!(opened.secret.as_bytes(), &[2; 32]);
        assert_eq!(opened.generation, 5);
        assert!(keys.open_successor(&sealed, &token(4, 9), 1).is_none());
        assert!(keys.open_successor(&sealed, &parent, 2).is_none());
        let mut other = TokenKeys::default();
        other.add(0, KeyState::Active, Some(Zeroizing::new([4; 32])));
        assert!(other.open_successor(&sealed, &parent, 1).is_none());
    }
}
