//! A bounded number of counters; when there are too many, the least penalty goes first.
//! Must not import any part of the crate but [`crate::protocol`].

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Duration;

use crate::protocol::failed_attempts::FailedAttempts;

/// Failures by key.
///
/// What goes first is what is gone soonest by itself. New keys with one failure each therefore push
/// out each other, and never one who has failed more: to be rid of his penalty an attacker would
/// have to give as many others a greater one as the table holds.
pub(super) struct Table<K> {
    counters: HashMap<K, FailedAttempts>,
    order: BTreeSet<(Duration, K)>,
    limit: usize,
}

impl<K: Copy + Eq + Hash + Ord> Table<K> {
    /// An empty table for at most `limit` counters.
    pub(super) fn new(limit: usize) -> Self {
        Self { counters: HashMap::new(), order: BTreeSet::new(), limit }
    }

    /// The counter of `key`.
    pub(super) fn find(&self, key: K) -> Option<FailedAttempts> {
        self.counters.get(&key).copied()
    }

    /// Sets the counter of `key`.
    pub(super) fn set(&mut self, key: K, counter: FailedAttempts) {
        self.remove(key);
        self.counters.insert(key, counter);
        self.order.insert((counter.gone_at(), key));
        if self.counters.len() > self.limit {
            self.remove_first();
        }
    }

    /// Forgets the counter of `key`.
    pub(super) fn remove(&mut self, key: K) {
        if let Some(counter) = self.counters.remove(&key) {
            self.order.remove(&(counter.gone_at(), key));
        }
    }

    /// Forgets some of the counters of which nothing is left at `now`. Called once for each new
    /// one, it forgets them faster than they come, and takes no time in which all must wait.
    pub(super) fn sweep(&mut self, now: Duration) {
        for _ in 0..2 {
            if self.order.first().is_some_and(|(gone_at, _)| *gone_at <= now) {
                self.remove_first();
            }
        }
    }

    fn remove_first(&mut self) {
        if let Some((_, key)) = self.order.pop_first() {
            self.counters.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::failed_attempts::AttemptLimit;

    const LIMIT: AttemptLimit = AttemptLimit {
        free: 5,
        forgiven_after: Duration::from_mins(10),
        first_delay: Duration::from_secs(1),
        longest_delay: Duration::from_mins(1),
    };

    fn fail(table: &mut Table<u32>, key: u32, now: u64) {
        let now = Duration::from_secs(now);
        let counter = table.find(key).unwrap_or(FailedAttempts::none(now));
        table.set(key, counter.and_one(&LIMIT, now));
    }

    fn keys(table: &Table<u32>) -> Vec<u32> {
        assert_eq!(table.counters.len(), table.order.len());
        let mut keys: Vec<u32> = table.counters.keys().copied().collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn the_oldest_of_equal_penalty_goes_first() {
        let mut table = Table::new(3);
        for (now, key) in [30, 10, 20, 40, 50].into_iter().enumerate() {
            fail(&mut table, key, now as u64);
        }
        assert_eq!(keys(&table), [20, 40, 50]);
    }

    #[test]
    fn a_flood_of_new_keys_never_pushes_out_a_greater_penalty() {
        let mut table = Table::new(3);
        fail(&mut table, 1, 0);
        fail(&mut table, 1, 0);
        for flood in 100..10_000 {
            fail(&mut table, flood, 1);
        }
        assert!(table.find(1).is_some());
        assert_eq!(keys(&table).len(), 3);
    }

    #[test]
    fn a_penalty_that_is_almost_forgiven_goes_before_a_fresh_one() {
        let mut table = Table::new(1);
        fail(&mut table, 1, 0);
        fail(&mut table, 1, 0);
        fail(&mut table, 2, 601);
        assert_eq!(keys(&table), [2]);
    }

    #[test]
    fn what_is_forgiven_is_swept_a_little_at_a_time() {
        let mut table = Table::new(9);
        for key in 0..5 {
            fail(&mut table, key, 0);
        }
        fail(&mut table, 5, 1);
        table.sweep(Duration::from_secs(599));
        assert_eq!(keys(&table).len(), 6);
        table.sweep(Duration::from_mins(10));
        assert_eq!(keys(&table).len(), 4);
        table.sweep(Duration::from_mins(10));
        table.sweep(Duration::from_mins(10));
        assert_eq!(keys(&table), [5]);
    }
}
