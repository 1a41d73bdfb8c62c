//! What waits for the writer: bounded, in two lanes, of which one goes first.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The queue.
pub(super) struct Queue<J> {
    lanes: Mutex<Lanes<J>>,
    filled: Condvar,
}

struct Lanes<J> {
    urgent: VecDeque<J>,
    ordinary: VecDeque<J>,
    /// Whether somebody waits to be woken.
    waiting: bool,
    /// Nothing is taken any more.
    closed: bool,
}

/// Why something was not taken.
#[derive(Debug)]
pub(super) enum Refused {
    Full,
    Closed,
}

impl<J> Queue<J> {
    pub(super) fn new() -> Self {
        let (urgent, ordinary) = (VecDeque::new(), VecDeque::new());
        let lanes = Lanes { urgent, ordinary, waiting: false, closed: false };
        Self { lanes: Mutex::new(lanes), filled: Condvar::new() }
    }

    /// Puts `job` behind the others of its lane.
    pub(super) fn push(&self, job: J, urgent: bool) -> Result<(), Refused> {
        let mut lanes = self.lanes();
        if lanes.closed {
            return Err(Refused::Closed);
        }
        let (lane, capacity) =
            if urgent { (&mut lanes.urgent, URGENT) } else { (&mut lanes.ordinary, ORDINARY) };
        if lane.len() >= capacity {
            return Err(Refused::Full);
        }
        lane.push_back(job);
        if std::mem::take(&mut lanes.waiting) {
            drop(lanes);
            self.filled.notify_one();
        }
        Ok(())
    }

    /// The next job, if there is one.
    pub(super) fn try_next(&self) -> Option<J> {
        self.lanes().next()
    }

    /// The next job, if there is one now or after those who may be about to bring one had the processor.
    /// Where they wait for this thread's, the one commit that is due is worth more with their jobs in it.
    pub(super) fn next_in_a_moment(&self) -> Option<J> {
        self.try_next().or_else(|| {
            std::thread::yield_now();
            self.try_next()
        })
    }

    /// Waits for the next job. None comes once the queue is closed and empty.
    pub(super) fn next(&self) -> Option<J> {
        let mut lanes = self.lanes();
        loop {
            if let Some(job) = lanes.next() {
                return Some(job);
            }
            if lanes.closed {
                return None;
            }
            lanes.waiting = true;
            lanes = self.filled.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes nothing any more. What was taken is still given out.
    pub(super) fn close(&self) {
        self.lanes().closed = true;
        self.filled.notify_all();
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes<J>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> Lanes<J> {
    fn next(&mut self) -> Option<J> {
        self.urgent.pop_front().or_else(|| self.ordinary.pop_front())
    }
}

/// How many may wait in each lane.
pub(super) const ORDINARY: usize = 4096;
pub(super) const URGENT: usize = 1024;
