//! Passwords under attack: hashing that cannot exhaust the machine, and delays after failures.
//! Must not import any part of the crate but [`crate::protocol`], [`crate::env`] and [`crate::worker`].
//!
//! A login asks the [`Throttle`] first, which costs nothing, then hashes in the [`HashPool`], then
//! tells the throttle how it went. Both are the node's own and live in memory.

mod counter;
mod hasher;
mod pool;
mod priority;
mod queue;
mod source;
mod table;
mod throttle;

#[cfg(test)]
mod manual_clock;

pub use counter::Limit;
pub use hasher::Verified;
pub use pool::{Busy, HashPool, PoolSettings};
pub(super) use source::Network;
pub use source::Source;
pub use throttle::{Throttle, ThrottleSettings, TooSoon};
