//! Whether two sets of durations are of one kind, by the test of Kolmogorov and Smirnov, and how far apart
//! they are.

use std::time::Duration;

/// What two sets of samples tell.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// The largest distance between their distributions, from 0 to 1.
    distance: f64,
    /// What the distance exceeds once in a thousand times where there is no difference.
    by_chance: f64,
    /// The larger of the shifts of the lower quartile and of the median. What lies above is the machine's
    /// doing more than the server's.
    shift: Duration,
}

impl Comparison {
    /// Compares two sets of samples, neither of which may be empty.
    pub(crate) fn of(one: &[Duration], other: &[Duration]) -> Self {
        let (one, other) = (sorted(one), sorted(other));
        let shift = [4, 2].map(|part| quantile(&one, part).abs_diff(quantile(&other, part)));
        Self {
            distance: distance(&one, &other),
            by_chance: by_chance(one.len(), other.len()),
            shift: shift[0].max(shift[1]),
        }
    }

    /// Whether the sets differ by more than chance explains, and by more than `bound`. A machine that is
    /// busy hides a difference, but makes none up; one that is idle shows differences of microseconds.
    pub(crate) fn is_finding(&self, bound: Duration) -> bool {
        self.distance > self.by_chance && self.shift > bound
    }
}

/// The median.
pub(crate) fn median(samples: &[Duration]) -> Duration {
    quantile(&sorted(samples), 2)
}

fn sorted(samples: &[Duration]) -> Vec<Duration> {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted
}

fn quantile(sorted: &[Duration], part: usize) -> Duration {
    sorted[sorted.len() / part]
}

fn distance(one: &[Duration], other: &[Duration]) -> f64 {
    let below =
        |set: &[Duration], at: Duration| share(set.partition_point(|it| *it <= at), set.len());
    let apart = |at: &Duration| (below(one, *at) - below(other, *at)).abs();
    one.iter().chain(other).map(apart).fold(0.0, f64::max)
}

/// The critical value of a two-sample test, by Smirnov's approximation.
fn by_chance(one: usize, other: usize) -> f64 {
    let factor = (-(ALPHA / 2.0).ln() / 2.0).sqrt();
    factor * share(one + other, one * other).sqrt()
}

fn share(part: usize, of: usize) -> f64 {
    let exact = |count| f64::from(u32::try_from(count).unwrap());
    exact(part) / exact(of)
}

const ALPHA: f64 = 0.001;

mod tests {
    use super::super::alone;
    use super::super::dice::Dice;
    use super::*;

    const BOUND: Duration = Duration::from_micros(100);

    /// Durations as a machine has them: most are near 2 ms, and some are far above.
    fn samples(dice: &mut Dice, count: usize, more: u64) -> Vec<Duration> {
        let mut one = || {
            let outlier = if dice.below(20) == 0 { dice.below(20_000) } else { 0 };
            Duration::from_micros(2000 + dice.below(200) + outlier + more)
        };
        (0..count).map(|_| one()).collect()
    }

    fn findings(more: u64) -> usize {
        let mut dice = Dice::new(1);
        let mut find = || {
            let (one, other) = (samples(&mut dice, 60, 0), samples(&mut dice, 60, more));
            Comparison::of(&one, &other).is_finding(BOUND)
        };
        (0..1000).filter(|_| find()).count()
    }

    #[test]
    fn a_shift_beyond_the_bound_is_found_and_none_is_made_up() {
        let _alone = alone();
        assert!(findings(200) > 990);
        assert_eq!(findings(0), 0);
        // One that chance does not explain, but that is within the bound.
        assert_eq!(findings(20), 0);
    }

    #[test]
    fn the_distance_is_exceeded_by_chance_once_in_a_thousand_times() {
        let _alone = alone();
        let mut dice = Dice::new(2);
        let mut exceeds = || {
            let (one, other) = (samples(&mut dice, 100, 0), samples(&mut dice, 100, 0));
            let comparison = Comparison::of(&one, &other);
            comparison.distance > comparison.by_chance
        };
        assert!((0..5000).filter(|_| exceeds()).count() < 15);
    }

    #[test]
    fn sets_that_do_not_overlap_are_as_far_apart_as_can_be() {
        let _alone = alone();
        let [one, other] = [1, 2].map(|millis| vec![Duration::from_millis(millis); 30]);
        assert!(Comparison::of(&one, &other).distance > 0.999);
        assert!(Comparison::of(&one, &one).distance < 0.001);
        assert_eq!(median(&one), Duration::from_millis(1));
    }
}
