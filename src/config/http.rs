//! `[http]`: connections and their limits. Must not import other sections.

use std::time::Duration;

use super::bounded::{millis, number};
use super::section::section;
use super::span::{MINUTE, SECOND};

section! {
    /// `[http]`: connections and their limits.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub struct Http, from input {
        /// How many connections may be open at once, over all listeners.
        connections: usize = 10_000, takes number(1, 1_000_000);
        /// How long a client may take to send the headers of a request.
        header_timeout: Duration = 10 * SECOND, takes millis(SECOND / 10, 10 * MINUTE);
        /// How long a request may take from its headers to its answer, and how long a client may take
        /// nothing of that. He may be behind with it for four times as long.
        request_timeout: Duration = 30 * SECOND, takes millis(SECOND / 10, 10 * MINUTE);
        /// How long requests may still run after the signal to stop.
        drain: Duration = 10 * SECOND, takes millis(Duration::ZERO, 10 * MINUTE);
        /// The largest body of a request, in bytes.
        body_limit: usize = 65_536, takes number(1024, 16 * 1024 * 1024);
    }
}
