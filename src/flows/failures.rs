//! Which refused logins were written to the audit log within the last minute, so that a flood of
//! them does not become a flood of rows.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::credentials::Network;
use crate::env::World;

/// The accounts and networks that failed within this minute.
pub struct FailureLog {
    world: World,
    minute: Mutex<Minute>,
}

/// Whether the password that failed was compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Compared {
    /// It was, which took a hash: there are only so many.
    Yes,
    /// It was not: of these anybody can make as many as he likes.
    No,
}

#[derive(Default)]
struct Minute {
    number: u64,
    compared: HashSet<(String, Network)>,
    others: HashSet<(String, Network)>,
    others_of: HashMap<Network, usize>,
}

impl FailureLog {
    /// An empty log.
    pub fn new(world: World) -> Self {
        Self { world, minute: Mutex::default() }
    }

    /// Whether this is the first failure of `account` from `network` in this minute. Beyond a bounded
    /// number of different ones nothing counts as first; whatever is not compared takes no room from what
    /// is.
    pub(super) fn is_first(&self, account: &str, network: Network, compared: Compared) -> bool {
        let number = self.world.clock.monotonic().as_secs() / 60 + 1;
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number {
            *minute = Minute { number, ..Minute::default() };
        }
        minute.add((account.to_owned(), network), compared)
    }
}

impl Minute {
    fn add(&mut self, failure: (String, Network), compared: Compared) -> bool {
        if compared == Compared::Yes {
            return self.compared.len() < MAX_COMPARED && self.compared.insert(failure);
        }
        let network = failure.1;
        let of_network = self.others_of.get(&network).copied().unwrap_or(0);
        let has_room = self.others.len() < MAX_OTHERS && of_network < MAX_OTHERS_OF_NETWORK;
        if !has_room || !self.others.insert(failure) {
            return false;
        }
        self.others_of.insert(network, of_network + 1);
        true
    }
}

/// More than can be hashed in a minute.
const MAX_COMPARED: usize = 10_000;
const MAX_OTHERS: usize = 100;
const MAX_OTHERS_OF_NETWORK: usize = 10;
