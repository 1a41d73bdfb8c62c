//! Whether this node's clock can be relied on: how far it is from the clock that all nodes of a
//! database share. Must not know what the times are used for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::env::World;
use crate::protocol::time::Timestamp;
use crate::storage::ops::database::ReadClock;
use crate::storage::{StorageError, Store};

/// Keeps an eye on the clock.
pub struct ClockWatch {
    limit: Option<Duration>,
    off: AtomicBool,
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
        Self { limit, off: AtomicBool::new(false) }
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
        self.off.store(off, Ordering::Release);
        Ok(())
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
        self.off.load(Ordering::Acquire)
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
