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

/// How a login failed, as far as it matters how many may. Whatever anybody makes as many of as he likes takes no
/// room from the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Failure {
    /// Its password was compared, which took a hash: there are only so many.
    Compared,
    /// It has to wait.
    PutOff,
    /// It was refused before.
    Refused,
}

#[derive(Default)]
struct Minute {
    number: u64,
    compared: Seen,
    put_off: Seen,
    refused: Seen,
}

#[derive(Default)]
struct Seen {
    failures: HashSet<(String, Network)>,
    of_network: HashMap<Network, usize>,
}

impl FailureLog {
    /// An empty log.
    pub fn new(world: World) -> Self {
        Self { world, minute: Mutex::default() }
    }

    /// Whether this is the first such failure of `account` from `network` in this minute. Beyond a bounded
    /// number of different ones nothing counts as first.
    pub(super) fn is_first(&self, account: &str, network: Network, failure: Failure) -> bool {
        let number = self.world.clock.monotonic().as_secs() / 60 + 1;
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number {
            *minute = Minute { number, ..Minute::default() };
        }
        let (seen, in_all, of_network) = match failure {
            Failure::Compared => (&mut minute.compared, MOST_COMPARED, MOST_COMPARED),
            Failure::PutOff => (&mut minute.put_off, MOST, MOST_OF_NETWORK),
            Failure::Refused => (&mut minute.refused, MOST, MOST_OF_NETWORK),
        };
        seen.add((account.to_owned(), network), in_all, of_network)
    }
}

impl Seen {
    fn add(&mut self, failure: (String, Network), in_all: usize, of_network: usize) -> bool {
        let network = failure.1;
        let count = self.of_network.get(&network).copied().unwrap_or(0);
        let has_room = self.failures.len() < in_all && count < of_network;
        if !has_room || !self.failures.insert(failure) {
            return false;
        }
        self.of_network.insert(network, count + 1);
        true
    }
}

/// About as many as some processors can hash.
const MOST_COMPARED: usize = 10_000;
const MOST: usize = 100;
const MOST_OF_NETWORK: usize = 10;
