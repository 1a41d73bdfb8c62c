//! Refresh tokens: texts as they are presented, and texts made of the input.

use aws_lc_rs::hmac;

use super::text;
use crate::protocol::ids::SessionId;
use crate::protocol::refresh_token::{RefreshToken, UnverifiedRefreshToken};
use crate::protocol::secret::Secret;

/// Whatever is verified has the one spelling that it was handed out in, and no bit of it is free.
pub fn check(input: &[u8]) {
    if let Some(text) = text(input)
        && let Some(unverified) = UnverifiedRefreshToken::parse(text)
        && let Some(token) = unverified.verify(&key())
    {
        assert_eq!(token.key_number, unverified.key_number());
        assert_eq!(*token.encode(&key()), *text, "another spelling");
    }
    if let Some((made, rest)) = input.split_first_chunk() {
        handed_out(made, rest);
    }
}

/// A token of these bytes comes back as it was, and with one character changed it does not.
fn handed_out(bytes: &[u8; 53], rest: &[u8]) {
    let token = RefreshToken {
        key_number: bytes[0],
        session: SessionId::from_bytes(part(&bytes[1..17])),
        generation: u32::from_be_bytes(part(&bytes[17..21])),
        secret: Secret::from_bytes(part(&bytes[21..53])),
    };
    let text = token.encode(&key());
    let read = |text: &str| UnverifiedRefreshToken::parse(text)?.verify(&key());
    let again = read(&text).expect("one that was just made");
    assert_eq!(again.key_number, token.key_number);
    assert_eq!(again.session, token.session);
    assert_eq!(again.generation, token.generation);
    assert_eq!(again.secret.as_bytes(), token.secret.as_bytes());
    let &[place, character, ..] = rest else { return };
    let mut forged = text.as_bytes().to_vec();
    let place = usize::from(place) % forged.len();
    if forged[place] != character & 0x7F {
        forged[place] = character & 0x7F;
        let forged = String::from_utf8(forged).expect("ASCII");
        assert!(read(&forged).is_none(), "{forged}");
    }
}

fn part<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("so many bytes")
}

/// The key that tagged the seeds.
fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &[1; 32])
}
