//! Time that stands still until a test moves it, for the verifier's clock and the client's waits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chancery_verifier::Clock;
use chancery_verifier::client::{Pause, Waiting};
use tokio::sync::watch;

/// A clock, and waits by it. A copy shows the same time.
#[derive(Clone)]
pub(crate) struct TestTime(Arc<Inner>);

struct Inner {
    now: watch::Sender<Duration>,
    /// The spans of the waits that are under way.
    waits: Mutex<Vec<(u64, Duration)>>,
    changed: watch::Sender<u64>,
}

/// Where the wall clock begins, in milliseconds since the Unix epoch.
const START: i64 = 1_800_000_000_000;

impl TestTime {
    pub(crate) fn new() -> Self {
        let (now, changed) = (watch::Sender::new(Duration::ZERO), watch::Sender::new(0));
        Self(Arc::new(Inner { now, waits: Mutex::default(), changed }))
    }

    /// Moves the time on.
    pub(crate) fn advance(&self, span: Duration) {
        self.0.now.send_modify(|now| *now += span);
    }

    /// Moves the time on by `span` as soon as somebody waits for just that long.
    pub(crate) async fn skip(&self, span: Duration) {
        self.awaited(span).await;
        self.advance(span);
    }

    /// Completes as soon as somebody waits for just that long.
    pub(crate) async fn awaited(&self, span: Duration) {
        let mut changed = self.0.changed.subscribe();
        let awaited = async {
            while !self.take_wait(span) {
                changed.changed().await.unwrap();
            }
        };
        let awaited = tokio::time::timeout(super::PATIENCE, awaited).await;
        assert!(awaited.is_ok(), "nobody waits for {span:?}, but for {:?}", self.waits());
    }

    /// Whether somebody waits for just that long. Each wait is taken once.
    fn take_wait(&self, span: Duration) -> bool {
        let mut waits = self.0.waits.lock().unwrap();
        let found = waits.iter().position(|(_, wait)| *wait == span);
        found.map(|place| waits.remove(place)).is_some()
    }

    fn waits(&self) -> Vec<(u64, Duration)> {
        self.0.waits.lock().unwrap().clone()
    }
}

impl Clock for TestTime {
    fn now(&self) -> i64 {
        START + i64::try_from(self.0.now.borrow().as_millis()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.0.now.borrow()
    }
}

impl Pause for TestTime {
    fn pause(&self, span: Duration) -> Waiting<'_> {
        let mut now = self.0.now.subscribe();
        let due = *now.borrow() + span;
        let wait = Wait::begin(&self.0, span);
        Box::pin(async move {
            let _wait = wait;
            while *now.borrow_and_update() < due {
                now.changed().await.unwrap();
            }
        })
    }

    /// Always the middle, so that every wait is known.
    fn chance(&self) -> f64 {
        0.5
    }
}

/// A wait that is under way until it is dropped.
struct Wait(Arc<Inner>, u64);

impl Wait {
    fn begin(time: &Arc<Inner>, span: Duration) -> Self {
        let mut id = 0;
        time.changed.send_modify(|last| {
            *last += 1;
            id = *last;
            time.waits.lock().unwrap().push((id, span));
        });
        Self(Arc::clone(time), id)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.waits.lock().unwrap().retain(|(id, _)| *id != self.1);
    }
}
