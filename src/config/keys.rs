//! `[keys]`: the keys that sign tokens and feed. Must not import other sections.

use std::time::Duration;

use super::bounded::seconds;
use super::section::section;
use super::span::{DAY, HOUR, MINUTE, SECOND};

section! {
    /// `[keys]`: the keys that sign tokens and feed.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub struct Keys, from input {
        /// How long a key signs before the next one takes over.
        // A day at least: a key is announced for a day, or twice `jwks_max_age`, before it signs.
        rotation: Duration = 90 * DAY, takes seconds(DAY, 3650 * DAY);
        /// For how long others may keep the key set (JWKS) without asking again.
        jwks_max_age: Duration = 5 * MINUTE, takes seconds(10 * SECOND, 12 * HOUR);
    }
}
