//! `[audit]`: the record of what happened. Must not import other sections.

use std::time::Duration;

use super::bounded::seconds;
use super::section::section;
use super::span::DAY;

section! {
    /// `[audit]`: the record of what happened.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub struct Audit, from input {
        /// How long an entry is kept.
        retention: Duration = 90 * DAY, takes seconds(DAY, 36_500 * DAY);
    }
}
