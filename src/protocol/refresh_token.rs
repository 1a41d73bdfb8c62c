//! The refresh token: `chr_` + base64url(key number ‖ session ‖ generation ‖ secret ‖ tag).
//!
//! The tag is an HMAC by a key of the server over all before it. So a token that we did not make
//! never reaches the database, and one that we did make is known for genuine at any age, with no
//! row kept for it: reuse is detected for as long as the session lives, at one row per session.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::ids::SessionId;
use super::secret::Secret;

/// A refresh token whose tag has been verified, or that was just made.
pub struct RefreshToken {
    /// The number of the key that made the tag.
    pub key_number: u8,
    /// The session that the token belongs to.
    pub session: SessionId,
    /// How often the session had rotated when the token was made.
    pub generation: u32,
    /// What only the holder knows.
    pub secret: Secret,
}

/// A text of the right form whose tag has not been looked at yet.
pub struct UnverifiedRefreshToken(Zeroizing<[u8; LENGTH]>);

impl UnverifiedRefreshToken {
    /// Parses the text; `None` if it does not have the form of a refresh token of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX)?;
        if encoded.len() != ENCODED_LENGTH {
            return None;
        }
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(encoded, bytes.as_mut_slice()).ok()?;
        (length == LENGTH).then_some(Self(bytes))
    }

    /// The number of the key that should have made the tag.
    pub fn key_number(&self) -> u8 {
        self.0[0]
    }

    /// The token, if `key` made its tag.
    pub fn verify(&self, key: &hmac::Key) -> Option<RefreshToken> {
        let (signed, tag) = self.0.split_at(SIGNED_LENGTH);
        let expected = hmac::sign(key, signed);
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected.as_ref()[..TAG], tag).ok()?;
        Some(RefreshToken {
            key_number: signed[0],
            session: SessionId::from_bytes(array(&signed[1..17])),
            generation: u32::from_be_bytes(array(&signed[17..21])),
            secret: Secret::from_bytes(array(&signed[21..53])),
        })
    }
}

impl RefreshToken {
    /// The token as it is handed out, tagged by `key`, which must be the one of `key_number`.
    pub fn encode(&self, key: &hmac::Key) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        bytes[0] = self.key_number;
        bytes[1..17].copy_from_slice(self.session.as_bytes());
        bytes[17..21].copy_from_slice(&self.generation.to_be_bytes());
        bytes[21..53].copy_from_slice(self.secret.as_bytes());
        let tag = hmac::sign(key, &bytes[..SIGNED_LENGTH]);
        bytes[SIGNED_LENGTH..].copy_from_slice(&tag.as_ref()[..TAG]);
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + ENCODED_LENGTH));
        text.push_str(PREFIX);
        BASE64_URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        text
    }
}

/// Copies a slice whose length the caller has fixed to `N`.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

/// A prefix by which scanners of code and logs can find a leaked token.
const PREFIX: &str = "chr_";
const SIGNED_LENGTH: usize = 1 + 16 + 4 + 32;
const TAG: usize = 16;
const LENGTH: usize = SIGNED_LENGTH + TAG;
const ENCODED_LENGTH: usize = LENGTH.div_ceil(3) * 4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    fn token() -> RefreshToken {
        RefreshToken {
            key_number: 3,
            session: SessionId::from_bytes([9; 16]),
            generation: 70_000,
            secret: Secret::from_bytes([5; 32]),
        }
    }

    #[test]
    fn a_token_round_trips() {
        let text = token().encode(&key(1));
        assert_eq!(text.len(), 96);
        let unverified = UnverifiedRefreshToken::parse(&text).unwrap();
        assert_eq!(unverified.key_number(), 3);
        let read = unverified.verify(&key(1)).unwrap();
        assert_eq!(read.session, token().session);
        assert_eq!(read.generation, 70_000);
        assert_eq!(read.secret.as_bytes(), &[5; 32]);
    }

    #[test]
    fn c093_any_changed_character_is_a_forgery() {
        // C092, C093: bit flips, truncation, extension, another generation.
        let text = token().encode(&key(1));
        for position in 0..text.len() {
            let mut forged = text.as_bytes().to_vec();
            forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            let read = UnverifiedRefreshToken::parse(&forged).and_then(|t| t.verify(&key(1)));
            assert!(read.is_none(), "position {position}");
        }
        assert!(UnverifiedRefreshToken::parse(&text[..95]).is_none());
        assert!(UnverifiedRefreshToken::parse(&format!("{}A", *text)).is_none());
    }

    #[test]
    fn another_key_does_not_verify_it() {
        let text = token().encode(&key(1));
        assert!(UnverifiedRefreshToken::parse(&text).unwrap().verify(&key(2)).is_none());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = UnverifiedRefreshToken::parse(&text);
            let _ = UnverifiedRefreshToken::parse(&format!("chr_{text}"));
        }
    }
}
