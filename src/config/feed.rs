//! `[feed]`: how fast a revocation travels. Must not import other sections.

use std::time::Duration;

use super::bounded::{millis, number};
use super::input::Input;
use super::section::section;
use super::span::{MINUTE, SECOND};

section! {
    /// `[feed]`: how fast a revocation travels between nodes and to the APIs.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub struct Feed, from input {
        /// How often a node looks for what other nodes changed.
        poll: Duration = SECOND / 4, takes millis(SECOND / 100, 10 * SECOND);
        /// How long a node may answer from memory since it last looked; beyond that it asks the
        /// database, or answers 503.
        lease: Duration = SECOND, takes millis(SECOND / 50, MINUTE);
        /// How often the feed gives a sign of life where there is nothing to tell.
        heartbeat: Duration = 5 * SECOND, takes millis(SECOND / 10, MINUTE);
        /// How many streams of the feed are reserved for clients that serve a resource.
        streams: usize = 2000, takes number(0, 1_000_000);
        /// How many streams of the feed everybody else shares; who finds no place polls.
        anonymous_streams: usize = 100, takes number(0, 1_000_000);
    }
}

impl Feed {
    /// What must hold between the keys.
    pub(super) fn check(&self, input: &mut Input<'_>) {
        input.require(
            self.lease >= 2 * self.poll,
            &["feed.lease", "feed.poll"],
            "must be at least twice feed.poll, or one slow look would stop the node",
        );
    }
}
