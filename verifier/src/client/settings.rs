//! What the client is told. Must not act on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::pause::{Pause, SystemPause};
use super::web::Credentials;

/// How the client follows its issuer. The defaults suit an API beside a Chancery server.
#[derive(Clone)]
#[must_use]
pub struct ClientSettings {
    pub(super) credentials: Option<Credentials>,
    pub(super) subscriber: Option<String>,
    pub(super) state_file: Option<PathBuf>,
    pub(super) silence: Duration,
    pub(super) poll: Duration,
    pub(super) stream: bool,
    pub(super) pause: Arc<dyn Pause>,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            credentials: None,
            subscriber: None,
            state_file: None,
            silence: Duration::from_secs(15),
            poll: Duration::from_secs(1),
            stream: true,
            pause: Arc::new(SystemPause),
        }
    }
}

impl ClientSettings {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows the issuer who this API is, by a client that is registered as serving it: its stream has
    /// a reserved place, and it reports which revocations it has applied.
    pub fn credentials(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.credentials = Some(Credentials { id: id.into(), secret: secret.into().into() });
        self
    }

    /// Names this process among those of the API: 1 to 64 of `A-Z a-z 0-9 . _ -`. Any other name is
    /// not sent, which is logged.
    pub fn subscriber(mut self, name: impl Into<String>) -> Self {
        self.subscriber = Some(name.into()).filter(|name| is_subscriber(name));
        if self.subscriber.is_none() {
            tracing::warn!("no name that an issuer takes: this subscriber reports nothing");
        }
        self
    }

    /// Keeps what is known in this file, to start from while the issuer is down. Whoever can write
    /// the file decides which tokens are good: it is made with mode 0600, and not read where others
    /// may write it or another user than this one or root owns it. Where there is no `/proc`, its owner
    /// is not looked at.
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// After how long without news a stream is taken for dead: 15 s, three heartbeats of an issuer
    /// that gives one every 5 s. Where `feed.heartbeat` of the issuer is longer, this has to be. From
    /// a second to a day.
    pub fn silence(mut self, span: Duration) -> Self {
        self.silence = span.clamp(Duration::from_secs(1), LONGEST);
        self
    }

    /// How often the feed is asked for while there is no stream: once a second. From 10 ms to a day.
    pub fn poll_interval(mut self, span: Duration) -> Self {
        self.poll = span.clamp(Duration::from_millis(10), LONGEST);
        self
    }

    /// Never opens a stream: for networks that do not let one through.
    pub fn poll_only(mut self) -> Self {
        self.stream = false;
        self
    }

    /// Waits by this instead of by the machine's clock, for tests.
    pub fn pause(mut self, pause: Arc<dyn Pause>) -> Self {
        self.pause = pause;
        self
    }
}

const LONGEST: Duration = Duration::from_hours(24);

fn is_subscriber(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_without_an_end_or_a_length_are_none() {
        let day = Duration::from_hours(24);
        let both = |span| {
            let settings = ClientSettings::new().silence(span).poll_interval(span);
            (settings.silence, settings.poll)
        };
        assert_eq!(both(Duration::MAX), (day, day));
        assert_eq!(both(Duration::ZERO), (Duration::from_secs(1), Duration::from_millis(10)));
    }

    #[test]
    fn a_name_that_the_issuer_would_refuse_is_not_sent() {
        let kept = |name: &str| ClientSettings::new().subscriber(name).subscriber.is_some();
        assert!(kept("orders-1.eu_west"));
        assert!(kept(&"a".repeat(64)));
        for bad in ["", "a b", "a&b", "é", &"a".repeat(65)] {
            assert!(!kept(bad), "{bad}");
        }
    }
}
