//! The log of revocations.

use std::time::Duration;

use super::{FeedPosition, Operation, Revoking, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::revocation::{FeedHead, Kind, Revocation};
use crate::protocol::time::Timestamp;

/// Reads where the log ends: the one row that a node looks at to know whether its memory is current.
pub struct ReadHead;
operation!(ReadHead => FeedHead, SINGLE_STATEMENT);

/// Reads the entries from number `from` on, in order.
pub struct ReadRevocations {
    /// The first number.
    pub from: i64,
    /// At most so many.
    pub limit: u32,
}
operation!(ReadRevocations => Vec<Revocation>, SINGLE_STATEMENT);

/// Publishes a revocation that changes nothing else.
pub struct Revoke {
    /// What.
    pub what: Revokes,
    /// For the log.
    pub revoking: Revoking,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(Revoke => FeedPosition, URGENT);

impl Revoke {
    /// Whether it is an entry of the log and nothing else.
    pub fn changes_nothing_else(&self) -> bool {
        !matches!(self.what, Revokes::Everything)
    }
}

/// What a plain revocation names.
pub enum Revokes {
    /// One access token, until it expires at this time by itself.
    Token {
        /// Its `jti`.
        jti: String,
        /// Its `exp`.
        expires_at: Timestamp,
    },
    /// What one name was issued so far, wherever nothing else has to change.
    Issued(Kind, String),
    /// Everything that was issued, and every session begun so far.
    Everything,
}

/// Begins a new epoch, since the log may have lost entries, and refuses everything issued so far.
/// Of many nodes that notice one does it: nobody may have found a loss behind `from` yet.
pub struct RenewEpoch {
    /// The epoch in which it was noticed.
    pub from: i64,
    /// The newest epoch that this node has seen: where an earlier one is back, the next is beyond
    /// both, since nobody goes back to an earlier one.
    pub seen: i64,
    /// For the log.
    pub revoking: Revoking,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(RenewEpoch => Option<FeedPosition>, URGENT);

/// An older state of the database was put back: begins a new epoch, whatever was noticed before, and
/// refuses everything that was issued and every session begun so far.
pub struct BeginAnew {
    /// For the log.
    pub revoking: Revoking,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(BeginAnew => FeedPosition, URGENT);

/// Begins a new epoch in which nothing is lost, if there is none behind `from` yet: what readers were
/// told beside the entries is to count no more.
pub struct RaiseEpoch {
    /// The epoch in which they were told it.
    pub from: i64,
}
operation!(RaiseEpoch => (), URGENT);

/// Gives a log that no server has used yet an epoch beyond those of a database that was here before.
pub struct BeginLog {
    /// Now.
    pub at: Timestamp,
}
operation!(BeginLog => (), SINGLE_STATEMENT);

/// Notes that access tokens of this life may be issued until some time after `at`.
pub struct NoteTokenLife {
    /// The longest life that this node gives.
    pub life: Duration,
    /// Now.
    pub at: Timestamp,
}
operation!(NoteTokenLife => (), SINGLE_STATEMENT);
