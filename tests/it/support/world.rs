//! A world in which nothing happens by itself: time moves when a test moves it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use chancery::env::{Clock, Entropy, SystemClock};
use chancery::protocol::time::Timestamp;
use tokio::sync::Notify;

/// A clock that stands until it is stepped. Who wants to sleep for some seconds only moves it on to
/// where he wants to wake, as the issuer does when it waits out a not-before; who waits for longer,
/// such as a deadline, waits until a test steps it there.
pub(crate) struct TestClock {
    /// The machine's, where a program runs beside the tests; the rest is what the test adds to it.
    machine: Option<SystemClock>,
    /// Another node's, with which this one goes; the rest is what this one is wrong by.
    beside: Option<Arc<TestClock>>,
    wall_millis: AtomicI64,
    monotonic_millis: AtomicU64,
    stepped: Notify,
    /// How far each reading moves it on.
    running: AtomicI64,
    /// Whether nobody's sleep moves it.
    held: AtomicBool,
    sleepers: AtomicUsize,
}

/// The longest sleep that moves the clock.
const NAP: Duration = Duration::from_secs(10);

impl TestClock {
    pub(crate) fn at(seconds: i64) -> Self {
        Self {
            machine: None,
            beside: None,
            wall_millis: AtomicI64::new(seconds * 1000),
            monotonic_millis: AtomicU64::new(1_000_000),
            stepped: Notify::new(),
            running: AtomicI64::new(0),
            held: AtomicBool::new(false),
            sleepers: AtomicUsize::new(0),
        }
    }

    /// A clock that goes with the machine's, and is stepped besides.
    pub(crate) fn of_machine() -> Self {
        Self { machine: Some(SystemClock::start()), ..Self::at(0) }
    }

    /// A clock that goes with another, and is set wrong by so much.
    pub(crate) fn beside(other: Arc<Self>, millis: i64) -> Self {
        let clock = Self { beside: Some(other), ..Self::at(0) };
        clock.step_wall(millis);
        clock
    }

    fn machine_millis(&self) -> i64 {
        if let Some(other) = &self.beside {
            return Timestamp::from(other.now()).millis();
        }
        self.machine.as_ref().map_or(0, |clock| Timestamp::from(clock.now()).millis())
    }

    /// From now on even short sleeps wait until the test steps the clock.
    pub(crate) fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    /// Waits until so many sleep.
    pub(crate) async fn until_asleep(&self, count: usize) {
        while self.sleepers.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    }

    /// Lets every reading of the wall clock move it on, as if what lies between took so long.
    pub(crate) fn run(&self, step: Duration) {
        self.running.store(i64::try_from(step.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, span: Duration) {
        if let Some(other) = &self.beside {
            return other.advance(span);
        }
        let millis = u64::try_from(span.as_millis()).unwrap();
        self.wall_millis.fetch_add(i64::try_from(millis).unwrap(), Ordering::SeqCst);
        self.monotonic_millis.fetch_add(millis, Ordering::SeqCst);
        self.stepped.notify_waiters();
    }

    /// Sets the wall clock forward or back, as an administrator might.
    pub(crate) fn step_wall(&self, millis: i64) {
        self.wall_millis.fetch_add(millis, Ordering::SeqCst);
    }

    pub(crate) fn millis(&self) -> i64 {
        self.machine_millis() + self.wall_millis.load(Ordering::SeqCst)
    }

    /// The time by the clock that this one is beside.
    pub(crate) fn right_millis(&self) -> i64 {
        self.beside.as_ref().map_or_else(|| self.millis(), |other| other.millis())
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.millis().div_euclid(1000)
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        let running = self.running.load(Ordering::SeqCst);
        let added = self.wall_millis.fetch_add(running, Ordering::SeqCst);
        let millis = self.machine_millis() + added;
        SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap())
    }

    fn monotonic(&self) -> Duration {
        if let Some(other) = &self.beside {
            return other.monotonic();
        }
        Duration::from_millis(self.monotonic_millis.load(Ordering::SeqCst))
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        if let Some(other) = &self.beside {
            return other.sleep(span);
        }
        let end = self.monotonic() + span;
        Box::pin(async move {
            self.sleepers.fetch_add(1, Ordering::SeqCst);
            loop {
                let stepped = self.stepped.notified();
                let left = end.saturating_sub(self.monotonic());
                if left.is_zero() || (left <= NAP && !self.held.load(Ordering::SeqCst)) {
                    self.sleepers.fetch_sub(1, Ordering::SeqCst);
                    self.advance(left);
                    return tokio::task::yield_now().await;
                }
                stepped.await;
            }
        })
    }
}

/// Random bytes that are the same in every run: SHA-256 of a seed and a counter.
pub(crate) struct SeededEntropy {
    seed: u64,
    counter: AtomicU64,
}

impl SeededEntropy {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, counter: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let counter = self.counter.fetch_add(1, Ordering::SeqCst);
            let block = digest(&SHA256, &[self.seed.to_be_bytes(), counter.to_be_bytes()].concat());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }
}
