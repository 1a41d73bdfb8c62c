//! The keys that tag refresh tokens, by their numbers.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::protocol::key::KeyState;
use crate::protocol::refresh_token::{RefreshToken, UnverifiedRefreshToken};

/// The keys that tag refresh tokens, and those that still recognise them.
#[derive(Clone, Default)]
pub struct TokenKeys {
    keys: BTreeMap<u8, TokenKey>,
    newest: Option<u8>,
    active: Option<u8>,
}

#[derive(Clone)]
pub(super) struct TokenKey {
    pub(super) tagging: hmac::Key,
    /// The key itself, from which the keys that seal successors are derived.
    pub(super) bytes: Zeroizing<[u8; 32]>,
}

/// A text that is not a genuine refresh token, as far as this node knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unrecognised {
    /// No key of ours made its tag.
    Forged,
    /// Its key was removed.
    KeyRemoved,
    /// This node knows no key at all yet.
    NoKeyYet,
}

impl TokenKeys {
    /// Adds a key. A removed one has no bytes any more, and keeps its number taken.
    pub(super) fn add(&mut self, number: u8, state: KeyState, bytes: Option<Zeroizing<[u8; 32]>>) {
        self.newest = self.newest.max(Some(number));
        if state == KeyState::Active {
            self.active = Some(number);
        }
        if let Some(bytes) = bytes {
            let tagging = hmac::Key::new(hmac::HMAC_SHA256, bytes.as_slice());
            self.keys.insert(number, TokenKey { tagging, bytes });
        }
    }

    /// The number of the key that tags new tokens.
    pub fn active_number(&self) -> Option<u8> {
        self.active
    }

    /// The text of `token`, tagged by the key of its number; none if that key is not here.
    pub fn encode(&self, token: &RefreshToken) -> Option<Zeroizing<String>> {
        Some(token.encode(&self.key(token.key_number)?.tagging))
    }

    /// The token, if it is genuine. A number above the newest is an invention: a key is announced for a
    /// day before it tags, and these are what the database had within the lease.
    pub fn recognise(&self, token: &UnverifiedRefreshToken) -> Result<RefreshToken, Unrecognised> {
        let number = token.key_number();
        let newest = self.newest.ok_or(Unrecognised::NoKeyYet)?;
        match self.key(number) {
            Some(key) => token.verify(&key.tagging).ok_or(Unrecognised::Forged),
            None if number <= newest => Err(Unrecognised::KeyRemoved),
            None => Err(Unrecognised::Forged),
        }
    }

    pub(super) fn key(&self, number: u8) -> Option<&TokenKey> {
        self.keys.get(&number)
    }
}
