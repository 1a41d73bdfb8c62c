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
        self.credentials = Some(Credentials { id: id.into(), secret: secret.into() });
        self
    }

    /// Names this process among those of the API: 1 to 64 of `A-Z a-z 0-9 . _ -`. Any other name is
    /// not sent.
    pub fn subscriber(mut self, name: impl Into<String>) -> Self {
        self.subscriber = Some(name.into()).filter(|name| is_subscriber(name));
        self
    }

    /// Keeps what is known in this file, to start from while the issuer is down. Whoever can write
    /// the file decides which tokens are good: it is made with mode 0600, and not read where others
    /// may write it.
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// After how long without news a stream is taken for dead: three heartbeats of the issuer, so
    /// 15 s.
    pub fn silence(mut self, span: Duration) -> Self {
        self.silence = span;
        self
    }

    /// How often the feed is asked for while there is no stream: once a second.
    pub fn poll_interval(mut self, span: Duration) -> Self {
        self.poll = span;
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

fn is_subscriber(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

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
