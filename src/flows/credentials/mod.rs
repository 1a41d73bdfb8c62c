//! Passwords under attack: hashing that cannot exhaust the machine, and delays after failures.
//! Must not import any part of the crate but [`crate::protocol`], [`crate::env`], [`crate::keys`] and
//! [`crate::worker`].
//!
//! A login asks the [`Throttle`] first, which costs nothing, then for the failures of the account that all
//! nodes have counted, then hashes in the [`HashPool`], then tells how it went. Throttle and pool are the
//! node's own and live in memory.

mod accounts;
mod hasher;
mod pool;
mod priority;
mod queue;
mod source;
mod table;
mod throttle;

#[cfg(test)]
mod manual_clock;

pub use accounts::AccountTags;
pub use hasher::Verified;
pub use pool::{Busy, HashPool, PoolSettings};
pub(super) use source::Network;
pub use source::Source;
pub use throttle::{Throttle, ThrottleSettings, TooSoon};
