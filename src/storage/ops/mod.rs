//! The operations: what the database can be asked, each as a whole or not at all.
//!
//! Here stand their inputs and what they promise; `queries/` says how.

pub mod audit;
pub mod browser_sessions;
pub mod clients;
pub mod codes;
pub mod consents;
pub mod copy;
pub mod database;
pub mod failed_logins;
pub mod feed;
pub mod janitor;
pub mod keys;
pub mod notices;
pub mod resources;
pub mod sessions;
pub mod settings;
pub mod subscribers;
pub mod users;

use super::operation::Operation;
use crate::protocol::ids::{NoticeId, Tip};
pub use crate::protocol::revocation::FeedPosition;
use crate::protocol::time::Timestamp;
use std::time::Duration;

/// Declares what an operation answers, and how it is to be run.
macro_rules! operation {
    ($name:ty => $output:ty $(, $constant:ident)*) => {
        impl Operation for $name {
            type Output = $output;
            $(const $constant: bool = true;)*
        }
    };
}
use operation;

/// What every revocation needs that storage does not make itself.
#[derive(Clone, Copy, Debug)]
pub struct Revoking {
    /// Random bytes, from which each entry of the log gets its mark.
    pub seed: [u8; 16],
    /// How long after the revocation an access token issued before it may still be accepted
    /// somewhere.
    pub reach: Duration,
    /// How far a not-before lies after the revoking time: the clocks of the nodes may differ by as
    /// much, and a node may take as long to hear of it.
    pub ahead: Duration,
}

/// The answer of a conditional change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Swap {
    /// It was made.
    Won,
    /// The row was not as expected; nothing was changed.
    Lost,
}

impl Revoking {
    /// The mark of the entry number `index` of one transaction.
    pub(super) fn tip(&self, index: usize) -> Tip {
        Tip::from_bytes(self.derive(b"", index))
    }

    /// The id of the notice number `index` of one transaction, made at `now`.
    pub(super) fn notice(&self, now: Timestamp, index: usize) -> NoticeId {
        NoticeId::at(now, self.derive(b"notice", index))
    }

    fn derive<const N: usize>(&self, purpose: &[u8], index: usize) -> [u8; N] {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        context.update(&self.seed);
        context.update(purpose);
        context.update(&index.to_be_bytes());
        let mut bytes = [0; N];
        bytes.copy_from_slice(&context.finish().as_ref()[..N]);
        bytes
    }

    /// The end of an entry made at `now`.
    pub(super) fn until(&self, now: Timestamp) -> Timestamp {
        now + self.reach
    }

    /// The not-before of an entry made at `now`.
    pub(super) fn not_before(&self, now: Timestamp) -> Timestamp {
        now + self.ahead
    }
}

/// The greatest number of rows that one transaction of a bulk change touches.
pub const BATCH: i64 = 500;
