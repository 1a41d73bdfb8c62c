//! A timer that is started when something is awaited and rests otherwise.
//! Must not import anything of the crate.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

/// Allocates at its first start only, since it is started for every request.
#[derive(Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    running: bool,
}

impl Alarm {
    /// Starts the timer with `limit` if it rests, and says whether the time is up. Else the task
    /// is woken when it is.
    pub(super) fn is_due(&mut self, limit: Duration, cx: &mut Context<'_>) -> bool {
        if !self.running {
            self.running = true;
            match &mut self.sleep {
                Some(timer) => timer.set(sleep(limit)),
                None => self.sleep = Some(Box::pin(sleep(limit))),
            }
        }
        let timer = self.sleep.as_mut();
        timer.is_some_and(|timer| timer.as_mut().poll(cx) == Poll::Ready(()))
    }

    pub(super) fn rest(&mut self) {
        self.running = false;
    }
}

/// Resolves after `time`.
#[expect(
    clippy::disallowed_methods,
    reason = "the patience with a socket is real time and decides nothing of the protocol"
)]
pub(super) fn sleep(time: Duration) -> Sleep {
    tokio::time::sleep(time)
}
