//! What subscribers of the feed say that they have applied.

use super::{Operation, operation};
use crate::protocol::subscriber::{Report, Subscriber};
use crate::protocol::time::Timestamp;
use std::time::Duration;

/// Notes what a subscriber has applied.
pub struct NoteApplied {
    /// The report.
    pub report: Report,
    /// How many subscribers are remembered. One more takes the place of whoever has been silent for
    /// longest, if that one was for long.
    pub room: Room,
}
operation!(NoteApplied => Noted);

/// How many subscribers are remembered.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Of one client, so that none takes the room of the others.
    pub each: u32,
    /// Of all clients together.
    pub all: u32,
    /// After which silence one may lose his place.
    pub silence: Duration,
}

/// Whether a report was noted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Noted {
    /// It was.
    Yes,
    /// None of those who share the room was silent for long.
    NoRoom,
}

/// Lists the subscribers that have reported lately, in the order of their keys
/// ([`Subscriber::key`]).
pub struct ListSubscribers {
    /// Only those after this key.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}
operation!(ListSubscribers => Vec<Subscriber>, SINGLE_STATEMENT);

/// Forgets the subscribers that have not reported since before a time. They are few.
pub struct SweepSubscribers {
    /// The time.
    pub before: Timestamp,
}
operation!(SweepSubscribers => u64, SINGLE_STATEMENT);
