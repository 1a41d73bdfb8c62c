//! How long a peer may take between requests and within a head.
//! Must not import anything of the crate but its sibling modules.

use std::io::{self, ErrorKind};
use std::task::{Context, Poll};
use std::time::Duration;

use super::Limits;
use super::alarm::Alarm;

/// The waits for the peer's next bytes outside a request; within one its deadline counts.
pub(super) struct Pace {
    alarm: Alarm,
    wait: Wait,
    /// A request was read on this connection.
    served: bool,
    head_limit: Duration,
    idle_limit: Duration,
}

/// What is awaited while no byte comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Our own answer to the last request.
    Answer,
    /// The first byte of a request.
    Request,
    /// The rest of a head.
    Head,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            alarm: Alarm::default(),
            wait: Wait::Answer,
            served: false,
            head_limit: limits.header_timeout,
            idle_limit: limits.keep_alive_idle,
        }
    }

    /// A head was read: the next wait starts anew, even one of the same kind.
    pub(super) fn begin(&mut self) {
        self.served = true;
        self.wait = Wait::Answer;
    }

    /// Pending, with the task to be woken, until the wait has lasted too long. A wait goes on
    /// over any number of bytes that do not end it.
    pub(super) fn check(&mut self, wait: Wait, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wait = match wait {
            // A peer that connects has something to say.
            Wait::Request if !self.served => Wait::Head,
            wait => wait,
        };
        if wait != self.wait {
            self.wait = wait;
            self.alarm.rest();
        }
        let limit = match wait {
            Wait::Answer => return Poll::Pending,
            Wait::Request => self.idle_limit,
            Wait::Head => self.head_limit,
        };
        if self.alarm.is_due(limit, cx) {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Waker;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn each_request_starts_the_next_wait_anew() {
        let mut pace = Pace::new(&Limits::default());
        pace.begin();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pace.check(Wait::Request, &mut cx).is_pending());
        pace.begin();
        pace.idle_limit = Duration::from_millis(1);
        let waited = poll_fn(|cx| pace.check(Wait::Request, cx));
        let waited = timeout(Duration::from_secs(10), waited).await;
        let error = waited.expect("the first wait goes on").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}
