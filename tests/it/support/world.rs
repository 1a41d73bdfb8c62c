//! A world in which nothing happens by itself: time moves when a test moves it.

use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use chancery::env::{Clock, Entropy};
use tokio::sync::Notify;

/// A clock that stands until it is stepped. Who wants to sleep for some seconds only moves it on to
/// where he wants to wake, as the issuer does when it waits out a not-before; who waits for longer,
/// such as a deadline, waits until a test steps it there.
pub(crate) struct TestClock {
    wall_millis: AtomicI64,
    monotonic_millis: AtomicU64,
    stepped: Notify,
    /// How far each reading moves it on.
    running: AtomicI64,
}

/// The longest sleep that moves the clock.
const NAP: Duration = Duration::from_secs(10);

impl TestClock {
    pub(crate) fn at(seconds: i64) -> Self {
        Self {
            wall_millis: AtomicI64::new(seconds * 1000),
            monotonic_millis: AtomicU64::new(1_000_000),
            stepped: Notify::new(),
            running: AtomicI64::new(0),
        }
    }

    /// Lets every reading of the wall clock move it on, as if what lies between took so long.
    pub(crate) fn run(&self, step: Duration) {
        self.running.store(i64::try_from(step.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, span: Duration) {
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
        self.wall_millis.load(Ordering::SeqCst)
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.wall_millis.load(Ordering::SeqCst).div_euclid(1000)
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        let running = self.running.load(Ordering::SeqCst);
        let millis = self.wall_millis.fetch_add(running, Ordering::SeqCst);
        SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.monotonic_millis.load(Ordering::SeqCst))
    }

    fn sleep_until(&self, deadline: SystemTime) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            loop {
                let stepped = self.stepped.notified();
                let left = deadline.duration_since(self.now()).unwrap_or_default();
                if left <= NAP {
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
