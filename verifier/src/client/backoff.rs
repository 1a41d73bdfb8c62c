//! How long to wait before trying again. Must not wait itself.

use std::time::Duration;

/// Waits that double with each failure and are drawn at random below that ("full jitter"): readers
/// that lost an issuer together come back spread.
pub(super) struct Backoff {
    first: Duration,
    ceiling: Duration,
}

impl Backoff {
    /// Waits from [`LEAST`] on.
    pub(super) fn new() -> Self {
        Self::up_to(LEAST * 2)
    }

    /// The first wait is drawn from all up to `first`: where many begin to wait at one moment.
    pub(super) fn up_to(first: Duration) -> Self {
        Self { first, ceiling: first }
    }

    /// The next wait, by a `chance` from 0 up to 1. What the other side asked for (`Retry-After`)
    /// is waited in any case, up to [`LONGEST_ASKED`].
    pub(super) fn next(&mut self, chance: f64, asked: Option<Duration>) -> Duration {
        let span = self.ceiling.saturating_sub(LEAST).mul_f64(chance.clamp(0.0, 1.0));
        self.ceiling = (self.ceiling * 2).min(MOST);
        asked.unwrap_or_default().min(LONGEST_ASKED) + LEAST + span
    }

    /// After a success: the next failure begins small again.
    pub(super) fn reset(&mut self) {
        self.ceiling = self.first;
    }
}

const LEAST: Duration = Duration::from_millis(100);
const MOST: Duration = Duration::from_secs(10);
/// A `Retry-After` beyond this is taken for this: a slip there must not silence a reader for a day.
pub(super) const LONGEST_ASKED: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_begin_small_after_a_success() {
        let mut backoff = Backoff::new();
        let longest: Vec<u128> = (0..9).map(|_| backoff.next(1.0, None).as_millis()).collect();
        assert_eq!(longest, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
        backoff.reset();
        assert_eq!(backoff.next(1.0, None).as_millis(), 200);
    }

    #[test]
    fn the_whole_span_is_drawn_from() {
        let drawn = |chance| {
            let mut backoff = Backoff::new();
            backoff.next(chance, None);
            backoff.next(chance, None).as_millis()
        };
        assert_eq!([drawn(0.0), drawn(0.5), drawn(1.0)], [100, 250, 400]);
    }

    #[test]
    fn what_the_issuer_asks_for_is_waited_up_to_a_minute() {
        let asked =
            |seconds| Backoff::new().next(0.0, Some(Duration::from_secs(seconds))).as_millis();
        assert_eq!([asked(7), asked(86_400)], [7_100, 60_100]);
    }
}
