//! Failed attempts to prove who one is: how they are forgiven over time, and the delay that they cost.
//! Must not import anything of ours.

use std::time::Duration;

/// How failures of one account or address turn into delay.
#[derive(Clone, Copy, Debug)]
pub struct AttemptLimit {
    /// How many failures cost nothing.
    pub free: u32,
    /// How long it takes until one failure is forgiven.
    pub forgiven_after: Duration,
    /// The delay after the first failure that is not free; each further one doubles it.
    pub first_delay: Duration,
    /// The longest delay, however many failures there are.
    pub longest_delay: Duration,
}

/// The failures of one account or address. It only holds points in time, so it need not be touched
/// for failures to be forgiven. They are counted from where the caller's clock begins, be that the start
/// of a machine or the Unix epoch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FailedAttempts {
    /// When the last failure is forgiven.
    pub clear_at: Duration,
    /// Until when further attempts are refused.
    pub until: Duration,
}

/// Stands for the name of an account whose failures are stored: 16 bytes that only nodes with the master
/// key can make of it. A name that nobody has may be a password in the wrong field (C141).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AccountTag(pub [u8; 16]);

impl FailedAttempts {
    /// No failures at `now`.
    pub fn none(now: Duration) -> Self {
        Self { clear_at: now, until: now }
    }

    /// These, and one more at `now`.
    #[must_use]
    pub fn and_one(self, limit: &AttemptLimit, now: Duration) -> Self {
        // Failures that could not lengthen the delay are not counted: they would only keep the
        // delay long after the attack.
        let most = limit.forgiven_after.saturating_mul(limit.most_failures());
        let debt = self.clear_at.saturating_sub(now).saturating_add(limit.forgiven_after).min(most);
        let delay = limit.delay(limit.failures(debt));
        Self { clear_at: now.saturating_add(debt), until: now.saturating_add(delay) }
    }

    /// How long further attempts are refused from `now` on. A time much further ahead than any delay was
    /// written by a clock that was ahead, and counts for nothing: the next failure sets it right. Clocks of
    /// nodes that work differ by less.
    pub fn delay(self, limit: &AttemptLimit, now: Duration) -> Duration {
        let left = self.until.saturating_sub(now);
        let is_wrong = left > limit.longest_delay.saturating_add(CLOCKS);
        if is_wrong { Duration::ZERO } else { left.min(limit.longest_delay) }
    }

    /// These while an attempt is made whose failure would cost a delay: nobody else is let in until it is
    /// over, which is after `span` as a rule. `None` where it would cost none.
    #[must_use]
    pub fn while_one_is_tried(
        self,
        limit: &AttemptLimit,
        (now, span): (Duration, Duration),
    ) -> Option<Self> {
        let costs = self.and_one(limit, now).until > now;
        costs.then_some(Self { until: now.saturating_add(span.min(limit.longest_delay)), ..self })
    }

    /// When nothing is left of them. The later, the greater the penalty.
    pub fn gone_at(self) -> Duration {
        self.clear_at.max(self.until)
    }
}

/// By how much the clocks of nodes may differ at most, with room.
const CLOCKS: Duration = Duration::from_secs(10);

impl AttemptLimit {
    /// The failures that take `debt` to be forgiven; one that is partly forgiven counts.
    fn failures(&self, debt: Duration) -> u32 {
        let one = self.forgiven_after.as_nanos().max(1);
        u32::try_from(debt.as_nanos().div_ceil(one)).unwrap_or(u32::MAX)
    }

    fn delay(&self, failures: u32) -> Duration {
        match failures.saturating_sub(self.free) {
            0 => Duration::ZERO,
            beyond => {
                let factor = 2_u32.saturating_pow(beyond - 1);
                self.first_delay.saturating_mul(factor).min(self.longest_delay)
            }
        }
    }

    /// The fewest failures that cost the longest delay.
    fn most_failures(&self) -> u32 {
        let steps = (1..=u32::BITS).map(|beyond| self.free.saturating_add(beyond));
        let mut longest = steps.filter(|failures| self.delay(*failures) >= self.longest_delay);
        longest.next().unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: AttemptLimit = AttemptLimit {
        free: 3,
        forgiven_after: Duration::from_mins(10),
        first_delay: Duration::from_secs(1),
        longest_delay: Duration::from_mins(1),
    };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The delays after each of `failures` attempts, each made as soon as it is allowed.
    fn delays(failures: usize) -> Vec<u64> {
        let (mut counter, mut now) = (FailedAttempts::none(seconds(7)), seconds(7));
        let fail = |_| {
            counter = counter.and_one(&LIMIT, now);
            let delay = counter.delay(&LIMIT, now);
            now += delay;
            delay.as_secs()
        };
        (0..failures).map(fail).collect()
    }

    #[test]
    fn the_delay_doubles_after_the_free_failures_up_to_the_longest() {
        assert_eq!(delays(12), [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn the_longest_delay_is_not_exceeded_however_many_fail_at_once() {
        let fail = |counter: FailedAttempts, _| counter.and_one(&LIMIT, seconds(1));
        let counter = (0..100_000).fold(FailedAttempts::none(seconds(1)), fail);
        assert_eq!(counter.delay(&LIMIT, seconds(1)), seconds(60));
        assert_eq!(counter.delay(&LIMIT, seconds(61)), Duration::ZERO);
    }

    #[test]
    fn a_delay_that_a_clock_a_little_ahead_has_written_counts_and_one_far_ahead_does_not() {
        let until = |at| FailedAttempts { clear_at: seconds(0), until: seconds(at) };
        assert_eq!(until(60).delay(&LIMIT, seconds(0)), seconds(60));
        assert_eq!(until(62).delay(&LIMIT, seconds(0)), seconds(60));
        assert_eq!(until(71).delay(&LIMIT, seconds(0)), Duration::ZERO);
    }

    #[test]
    fn nobody_else_is_let_in_while_an_attempt_lasts_that_may_cost_a_delay() {
        let fail = |counter: FailedAttempts, _| counter.and_one(&LIMIT, seconds(0));
        let failed = |times| (0..times).fold(FailedAttempts::none(seconds(0)), fail);
        let closed = |times, span| {
            let claimed = failed(times).while_one_is_tried(&LIMIT, (seconds(0), seconds(span)))?;
            assert_eq!(claimed.clear_at, failed(times).clear_at, "it is no failure yet");
            Some(claimed.delay(&LIMIT, seconds(0)).as_secs())
        };
        assert_eq!(closed(2, 7), None);
        assert_eq!(closed(3, 7), Some(7));
        assert_eq!(closed(9, 7), Some(7));
        assert_eq!(closed(3, 600), Some(60));
    }

    #[test]
    fn failures_are_forgiven_one_after_the_other() {
        let fail = |counter: FailedAttempts, _| counter.and_one(&LIMIT, seconds(0));
        let four = (0..4).fold(FailedAttempts::none(seconds(0)), fail);
        assert_eq!(four.gone_at(), seconds(4 * 600));
        // Two of the four are forgiven, and then there is one more.
        assert_eq!(
            four.and_one(&LIMIT, seconds(1_200)).delay(&LIMIT, seconds(1_200)),
            Duration::ZERO
        );
        // One is partly forgiven, which is not forgiven.
        assert_eq!(four.and_one(&LIMIT, seconds(599)).delay(&LIMIT, seconds(599)), seconds(2));
        assert_eq!(four.and_one(&LIMIT, seconds(600)).delay(&LIMIT, seconds(600)), seconds(1));
    }

    #[test]
    fn a_long_attack_is_forgiven_no_later_than_a_short_one() {
        let fail = |counter: FailedAttempts, _| counter.and_one(&LIMIT, seconds(0));
        let attacked = |times| (0..times).fold(FailedAttempts::none(seconds(0)), fail);
        assert_eq!(attacked(1_000).gone_at(), attacked(10).gone_at());
    }

    #[test]
    fn limits_at_the_edge_of_the_types_do_not_overflow() {
        let endless =
            AttemptLimit { longest_delay: Duration::MAX, forgiven_after: Duration::MAX, ..LIMIT };
        let never =
            AttemptLimit { longest_delay: Duration::ZERO, forgiven_after: Duration::ZERO, ..LIMIT };
        for limit in [endless, never, AttemptLimit { free: u32::MAX, ..LIMIT }] {
            let fail = |counter: FailedAttempts, _| counter.and_one(&limit, seconds(1));
            let counter = (0..100).fold(FailedAttempts::none(seconds(1)), fail);
            assert!(counter.gone_at() >= seconds(1));
        }
    }
}
