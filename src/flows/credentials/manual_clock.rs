//! A clock that stands still until a test moves it.
//! Must not import any part of the crate but [`crate::env`].

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::env::Clock;

/// Time that passes by [`ManualClock::advance`] alone.
pub(super) struct ManualClock {
    elapsed: watch::Sender<Duration>,
}

impl ManualClock {
    /// A clock at its start.
    pub(super) fn new() -> Self {
        Self { elapsed: watch::Sender::new(Duration::ZERO) }
    }

    /// Lets `span` pass.
    pub(super) fn advance(&self, span: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed += span);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        START + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.elapsed.borrow()
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let end = self.monotonic() + span;
        Box::pin(async move {
            let mut elapsed = self.elapsed.subscribe();
            let _ = elapsed.wait_for(|elapsed| *elapsed >= end).await;
        })
    }
}

const START: SystemTime = SystemTime::UNIX_EPOCH;
