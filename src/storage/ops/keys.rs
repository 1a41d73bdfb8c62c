//! Signing keys, and the keys that tag refresh tokens.

use super::{FeedPosition, Operation, Revoking, Swap, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::key::{KeyLife, KeyRecord, KeyState, Kid};
use crate::protocol::time::Timestamp;

/// Reads every key that is not removed, sealed as it is stored.
pub struct LoadKeys;
operation!(LoadKeys => StoredKeys);

/// Every key that is not removed.
pub struct StoredKeys {
    /// The signing keys.
    pub signing: Vec<KeyRecord>,
    /// The keys that tag refresh tokens, removed ones too: their numbers are never used again.
    pub token: Vec<TokenKeyRecord>,
}

/// A key that tags refresh tokens, as stored.
#[derive(Clone)]
pub struct TokenKeyRecord {
    /// Its number, part of every token it tags.
    pub number: u8,
    /// Where in its life it is.
    pub life: KeyLife,
    /// The key, sealed under the master key.
    pub sealed: Vec<u8>,
}

/// Stores a new key, unless there is one in its place already.
pub enum InsertKey {
    /// A signing key.
    Signing(Box<KeyRecord>, Box<AuditEvent>),
    /// A key that tags refresh tokens.
    Token(TokenKeyRecord),
}
operation!(InsertKey => Swap);

/// Moves keys to the next states of their lives, all or none: each change is conditional on the
/// state that was read.
pub struct MoveKeys {
    /// Which, from and to which state.
    pub moves: Vec<KeyMove>,
    /// Now.
    pub at: Timestamp,
    /// Written with it.
    pub audit: Option<AuditEvent>,
}
operation!(MoveKeys => Swap);

/// One key's step.
#[derive(Clone)]
pub struct KeyMove {
    /// Which key.
    pub key: KeyName,
    /// The state it was read in.
    pub from: KeyState,
    /// The state it is to have.
    pub to: KeyState,
}

/// A key of either sort.
#[derive(Clone)]
pub enum KeyName {
    /// A signing key.
    Signing(Kid),
    /// A key that tags refresh tokens.
    Token(u8),
}

/// Replaces the sealed form of a key, unless it was changed meanwhile. The key stays the same.
pub struct ReplaceSealed {
    /// Which key.
    pub key: KeyName,
    /// As it was read.
    pub old: Vec<u8>,
    /// As it is to be.
    pub new: Vec<u8>,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(ReplaceSealed => Swap);

/// Removes a signing key at once and refuses everything it signed. If it was the active one, the
/// announced one signs from now on. With a key of the feed an epoch ends.
pub struct CompromiseKey {
    /// Which.
    pub kid: Kid,
    /// For the log of revocations.
    pub revoking: Revoking,
    /// Now.
    pub at: Timestamp,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(CompromiseKey => Option<FeedPosition>, URGENT);
