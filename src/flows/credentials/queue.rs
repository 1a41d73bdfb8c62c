//! Who waits for a hash, and who is next. Pure: state and time in, decision out.
//! Must not import any part of the crate but its sibling [`super::source`].

use std::collections::VecDeque;
use std::time::Duration;

use super::source::{Network, Source};

/// Jobs that wait, bounded in all, for each account and for each network.
pub(super) struct Queue<J> {
    limit: usize,
    /// Each network that waits has one lane, and the lanes take turns.
    lanes: VecDeque<Lane<J>>,
    next_id: u64,
}

struct Lane<J> {
    network: Network,
    waiting: VecDeque<Waiter<J>>,
}

/// One who waits.
pub(super) struct Waiter<J> {
    /// Since when.
    pub(super) since: Duration,
    /// What is to be done for him.
    pub(super) job: J,
    id: Id,
    account: String,
    deadline: Duration,
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Id(u64);

/// There is no place for this source.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Full;

impl<J> Queue<J> {
    /// An empty queue for at most `limit` in all.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, lanes: VecDeque::new(), next_id: 0 }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.lanes.iter().map(|lane| lane.waiting.len()).sum()
    }

    /// Queues `job` from `since` to `deadline`.
    pub(super) fn admit(
        &mut self,
        from: &Source,
        (since, deadline): (Duration, Duration),
        job: J,
    ) -> Result<Id, Full> {
        self.drop_overdue(since);
        if !self.has_place(from) {
            return Err(Full);
        }
        let id = Id(self.next_id);
        self.next_id += 1;
        let account = from.account().to_owned();
        self.lane(from.network()).push_back(Waiter { since, job, id, account, deadline });
        Ok(id)
    }

    /// The next whose deadline has not passed at `now`. The networks take turns, so that one with
    /// many names gets no more than one with a single name.
    pub(super) fn take(&mut self, now: Duration) -> Option<Waiter<J>> {
        self.drop_overdue(now);
        let mut lane = self.lanes.pop_front()?;
        let waiter = lane.waiting.pop_front();
        if !lane.waiting.is_empty() {
            self.lanes.push_back(lane);
        }
        waiter
    }

    /// Gives up a place, and answers whether it was still waited in.
    pub(super) fn withdraw(&mut self, id: Id) -> bool {
        let before = self.len();
        self.keep(|waiter| waiter.id != id);
        self.len() < before
    }

    fn drop_overdue(&mut self, now: Duration) {
        self.keep(|waiter| now < waiter.deadline);
    }

    fn keep(&mut self, wanted: impl Fn(&Waiter<J>) -> bool) {
        for lane in &mut self.lanes {
            lane.waiting.retain(&wanted);
        }
        self.lanes.retain(|lane| !lane.waiting.is_empty());
    }

    fn has_place(&self, from: &Source) -> bool {
        let same_network = self.lanes.iter().find(|lane| lane.network == from.network());
        let waiting = self.lanes.iter().flat_map(|lane| &lane.waiting);
        let same_account = waiting.filter(|waiter| waiter.account == from.account()).count();
        self.len() < self.limit
            && same_network.is_none_or(|lane| lane.waiting.len() < MAX_OF_ONE_SOURCE)
            && same_account < MAX_OF_ONE_SOURCE
    }

    fn lane(&mut self, network: Network) -> &mut VecDeque<Waiter<J>> {
        let position = self.lanes.iter().position(|lane| lane.network == network);
        let position = position.unwrap_or_else(|| {
            self.lanes.push_back(Lane { network, waiting: VecDeque::new() });
            self.lanes.len() - 1
        });
        &mut self.lanes[position].waiting
    }
}

/// How many may wait for one account, and how many from one network.
const MAX_OF_ONE_SOURCE: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn from(account: &str, host: u8) -> Source {
        Source::new(account, Some([192, 0, 2, host].into()))
    }

    const NO_DEADLINE: (Duration, Duration) = (Duration::ZERO, Duration::MAX);

    fn drain(queue: &mut Queue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.take(Duration::ZERO).map(|waiter| waiter.job)).collect()
    }

    #[test]
    fn the_networks_take_turns() {
        let mut queue = Queue::new(9);
        for (account, host, job) in [
            ("a", 1, "first of 1"),
            ("b", 1, "second of 1"),
            ("c", 2, "first of 2"),
            ("d", 2, "second of 2"),
            ("e", 3, "first of 3"),
        ] {
            queue.admit(&from(account, host), NO_DEADLINE, job).unwrap();
        }
        let order = ["first of 1", "first of 2", "first of 3", "second of 1", "second of 2"];
        assert_eq!(drain(&mut queue), order);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn a_network_that_keeps_asking_gets_every_second_turn_beside_one_other() {
        let mut queue = Queue::new(9);
        queue.admit(&from("a", 1), NO_DEADLINE, "flood").unwrap();
        queue.admit(&from("b", 1), NO_DEADLINE, "flood").unwrap();
        queue.admit(&from("c", 2), NO_DEADLINE, "other").unwrap();
        queue.admit(&from("d", 2), NO_DEADLINE, "other").unwrap();
        let mut order = vec![];
        for name in ["1", "2", "3", "4"] {
            order.push(queue.take(Duration::ZERO).unwrap().job);
            let _ = queue.admit(&from(name, 1), NO_DEADLINE, "flood");
        }
        assert_eq!(order, ["flood", "other", "flood", "other"]);
    }

    #[test]
    fn two_wait_for_one_account_wherever_they_come_from() {
        let mut queue = Queue::new(9);
        assert!(queue.admit(&from("alice", 1), NO_DEADLINE, ()).is_ok());
        assert!(queue.admit(&from("alice", 2), NO_DEADLINE, ()).is_ok());
        assert_eq!(queue.admit(&from("alice", 3), NO_DEADLINE, ()), Err(Full));
        assert!(queue.admit(&from("bob", 3), NO_DEADLINE, ()).is_ok());
        queue.take(Duration::ZERO).unwrap();
        assert!(queue.admit(&from("alice", 4), NO_DEADLINE, ()).is_ok());
    }

    #[test]
    fn two_wait_from_one_network_whatever_the_account() {
        let mut queue = Queue::new(9);
        assert!(queue.admit(&from("a", 1), NO_DEADLINE, ()).is_ok());
        assert!(queue.admit(&from("b", 1), NO_DEADLINE, ()).is_ok());
        assert_eq!(queue.admit(&from("c", 1), NO_DEADLINE, ()), Err(Full));
        assert!(queue.admit(&from("c", 2), NO_DEADLINE, ()).is_ok());
    }

    #[test]
    fn the_limit_holds_over_all_networks() {
        let mut queue = Queue::new(3);
        for host in 1..=3 {
            assert!(queue.admit(&from(&host.to_string(), host), NO_DEADLINE, ()).is_ok());
        }
        assert_eq!(queue.admit(&from("4", 4), NO_DEADLINE, ()), Err(Full));
        assert_eq!(Queue::new(0).admit(&from("a", 1), NO_DEADLINE, ()), Err(Full));
    }

    #[test]
    fn whoever_is_overdue_is_not_served_and_takes_no_place() {
        let at = Duration::from_secs;
        let mut queue = Queue::new(2);
        queue.admit(&from("a", 1), (at(0), at(5)), "early").unwrap();
        queue.admit(&from("b", 2), (at(1), at(6)), "late").unwrap();
        assert_eq!(queue.admit(&from("c", 3), (at(4), at(9)), "new"), Err(Full));
        assert!(queue.admit(&from("c", 3), (at(5), at(10)), "new").is_ok());
        assert_eq!(queue.take(at(6)).unwrap().job, "new");
        assert!(queue.take(at(6)).is_none());
    }

    #[test]
    fn a_place_can_be_given_up_once() {
        let mut queue = Queue::new(9);
        let first = queue.admit(&from("a", 1), NO_DEADLINE, "first").unwrap();
        let second = queue.admit(&from("b", 1), NO_DEADLINE, "second").unwrap();
        assert!(queue.withdraw(first));
        assert!(!queue.withdraw(first));
        assert_eq!(drain(&mut queue), ["second"]);
        assert!(!queue.withdraw(second));
    }
}
