//! Whether this node's clock can be relied on: how far it is from the clock that all nodes of a
//! database share. Must not know what the times are used for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::env::World;
use crate::protocol::time::Timestamp;
use crate::storage::ops::database::ReadClock;
use crate::storage::{StorageError, Store};

/// Keeps an eye on the clock.
pub struct ClockWatch {
    limit: Option<Duration>,
    seen: Mutex<Seen>,
}

/// What was seen of the clocks last.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Whether ours is too far from the database's.
    off: bool,
    /// A time that was right, and when it was, by a clock that does not step.
    right: Option<(Timestamp, Duration)>,
}

/// How far two clocks are apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClockOffset {
    /// How far this node's clock is ahead of the database's, in milliseconds; negative is behind.
    pub millis: i64,
    /// How far that may be wrong: the answer was under way for twice as long.
    pub uncertainty: Duration,
}

impl ClockWatch {
    /// A watch that tells of an offset above `limit`; `None` where there is one clock alone.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { limit, seen: Mutex::default() }
    }

    /// Compares the clocks.
    pub async fn look(&self, store: &Store, world: &World) -> Result<(), StorageError> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let offset = ClockOffset::measure(store, world).await?;
        metrics::gauge!("chancery_clock_offset_seconds").set(offset.seconds());
        let off = offset.exceeds(limit);
        if off {
            tracing::error!(
                offset_seconds = offset.seconds(),
                "the clock is too far from the database's: this node is not ready"
            );
        }
        let (now, at) = (Timestamp::from(world.clock.now()), world.clock.monotonic());
        let right = if off { offset.corrected(now) } else { now };
        *self.seen() = Seen { off, right: Some((right, at)) };
        Ok(())
    }

    /// The time that may be signed: this node's, unless its clock has stepped or is off. Then the
    /// database's decides. Where there is one clock alone, that one is believed.
    pub async fn time(&self, store: &Store, world: &World) -> Result<Timestamp, StorageError> {
        let before = *self.seen();
        let now = Timestamp::from(world.clock.now());
        let expected = before.expected(world.clock.monotonic());
        let steady = expected.is_some_and(|expected| now.apart(expected) <= STEP);
        if steady == before.off {
            self.look(store, world).await?;
        }
        let (now, at) = (Timestamp::from(world.clock.now()), world.clock.monotonic());
        let mut seen = self.seen();
        if seen.off {
            return Ok(seen.expected(at).unwrap_or(now));
        }
        seen.right = Some((now, at));
        Ok(now)
    }

    /// A time that is certainly past, by this node's clock and by the database's: what was over
    /// then is over. None where the clocks are too far apart to tell.
    pub async fn past(
        &self,
        store: &Store,
        world: &World,
    ) -> Result<Option<Timestamp>, StorageError> {
        let Some(limit) = self.limit else {
            return Ok(Some(world.clock.now().into()));
        };
        let offset = ClockOffset::measure(store, world).await?;
        let now = Timestamp::from(world.clock.now());
        Ok((!offset.exceeds(limit)).then(|| now - offset.ahead() - offset.uncertainty))
    }

    /// Whether the clock was too far from the database's when they were compared last.
    pub fn is_off(&self) -> bool {
        self.seen().off
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// The time at `at`, as the last right one has gone on since.
    fn expected(&self, at: Duration) -> Option<Timestamp> {
        self.right.map(|(time, then)| time + at.saturating_sub(then))
    }
}

impl ClockOffset {
    /// Asks the database for the time.
    pub async fn measure(store: &Store, world: &World) -> Result<Self, StorageError> {
        let sent: Timestamp = world.clock.now().into();
        let started = world.clock.monotonic();
        let theirs = store.read(ReadClock).await?;
        let took = world.clock.monotonic().saturating_sub(started);
        Ok(Self::between(sent, theirs, took))
    }

    /// Our clock said `sent`, and `took` later there was the answer `theirs`, which was read at some
    /// moment between.
    fn between(sent: Timestamp, theirs: Timestamp, took: Duration) -> Self {
        let uncertainty = took / 2;
        let ours = (sent + uncertainty).millis();
        Self { millis: ours.saturating_sub(theirs.millis()), uncertainty }
    }

    /// Whether the clocks are certainly further apart than `limit`.
    pub fn exceeds(&self, limit: Duration) -> bool {
        let apart = Duration::from_millis(self.millis.unsigned_abs());
        apart.saturating_sub(self.uncertainty) > limit
    }

    /// What the database's clock says when ours says `now`.
    fn corrected(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.millis().saturating_sub(self.millis))
    }

    /// How far this node's clock is ahead; zero if it is behind.
    fn ahead(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.millis).unwrap_or(0))
    }

    /// The offset in seconds.
    pub fn seconds(&self) -> f64 {
        let apart = Duration::from_millis(self.millis.unsigned_abs()).as_secs_f64();
        if self.millis < 0 { -apart } else { apart }
    }
}

/// How far the clock may move against the one that does not step.
const STEP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(sent: i64, theirs: i64, took: u64) -> ClockOffset {
        let at = Timestamp::from_millis;
        ClockOffset::between(at(sent), at(theirs), Duration::from_millis(took))
    }

    #[test]
    fn an_offset_has_a_sign_and_counts_from_the_middle_of_the_question() {
        assert_eq!(offset(10_000, 10_050, 100).millis, 0);
        assert_eq!(offset(10_000, 7_050, 100).millis, 3_000);
        assert_eq!(offset(10_000, 13_000, 0).millis, -3_000);
        assert!((offset(10_000, 13_000, 0).seconds() + 3.0).abs() < 1e-9);
        assert_eq!(offset(10_000, 13_000, 0).ahead(), Duration::ZERO);
        assert_eq!(offset(13_000, 10_000, 0).ahead(), Duration::from_secs(3));
    }

    #[test]
    fn a_slow_answer_alone_puts_no_clock_in_the_wrong() {
        let second = Duration::from_secs(1);
        assert!(!offset(10_000, 10_000, 6_000).exceeds(second));
        assert!(offset(10_000, 8_999, 0).exceeds(second));
        assert!(offset(10_000, 11_001, 0).exceeds(second));
        assert!(!offset(10_000, 11_000, 0).exceeds(second));
    }
}
