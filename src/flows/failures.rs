//! Which refused logins were written to the audit log within the last minute, so that a flood of
//! them does not become a flood of rows.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::credentials::Network;
use crate::env::World;

/// The accounts and networks that failed within this minute.
pub struct FailureLog {
    world: World,
    minute: Mutex<Minute>,
}

#[derive(Default)]
struct Minute {
    number: u64,
    seen: HashSet<(String, Network)>,
}

impl FailureLog {
    /// An empty log.
    pub fn new(world: World) -> Self {
        Self { world, minute: Mutex::default() }
    }

    /// Whether this is the first failure of `account` from `network` in this minute. Beyond a bounded
    /// number of different ones nothing counts as first.
    pub(super) fn is_first(&self, account: &str, network: Network) -> bool {
        let number = self.world.clock.monotonic().as_secs() / 60 + 1;
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number {
            *minute = Minute { number, seen: HashSet::new() };
        }
        minute.seen.len() < MAX_SEEN && minute.seen.insert((account.to_owned(), network))
    }
}

const MAX_SEEN: usize = 10_000;
