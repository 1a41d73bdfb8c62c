//! What is counted while the load is on.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::figures::Failure;

/// The answers of a measurement.
pub(super) struct Tally {
    latencies: Histogram<u64>,
    /// How many came, right or wrong.
    pub(super) answers: u64,
    /// How many were wrong: by status, or by what was wrong with them.
    pub(super) errors: BTreeMap<String, u64>,
    /// How many answers there were beside those that are measured, and how many of them were wrong.
    pub(super) beside: [u64; 2],
}

impl Tally {
    pub(super) fn new() -> Result<Self, Failure> {
        let latencies = Histogram::new_with_bounds(1, LONGEST_NANOS, SIGNIFICANT_DIGITS)?;
        Ok(Self { latencies, answers: 0, errors: BTreeMap::new(), beside: [0; 2] })
    }

    /// Counts an answer. One that was asked for before the measurement began has no latency here,
    /// since a part of it may be how long the measurement took to begin.
    pub(super) fn count(&mut self, latency: Option<Duration>) {
        self.answers += 1;
        if let Some(latency) = latency {
            let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
            self.latencies.saturating_record(nanos);
        }
    }

    /// Notes what was wrong with an answer, or that none came.
    pub(super) fn note(&mut self, wrong: &str) {
        match self.errors.get_mut(wrong) {
            Some(errors) => *errors += 1,
            None => {
                self.errors.insert(wrong.to_owned(), 1);
            }
        }
    }

    /// Counts an answer beside those that are measured.
    pub(super) fn count_beside(&mut self, is_right: bool) {
        self.beside[0] += 1;
        self.beside[1] += u64::from(!is_right);
    }

    /// The latency that `share` (0 to 1) of all do not exceed; none where so few were measured that it would be
    /// that of the slowest alone, unless that is asked for.
    pub(super) fn quantile(&self, share: f64) -> Option<Duration> {
        let least = if share < 1.0 { 1.0 / (1.0 - share) } else { 1.0 };
        #[expect(clippy::cast_precision_loss, reason = "far smaller than 2^52")]
        let measured = self.latencies.len() as f64;
        // What a share of 0.99 leaves is a little less than a hundredth.
        (measured >= least - 0.5)
            .then(|| Duration::from_nanos(self.latencies.value_at_quantile(share)))
    }
}

const LONGEST_NANOS: u64 = 60_000_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_three_digits() {
        let mut tally = Tally::new().unwrap();
        (1..=1_000).for_each(|micros| tally.count(Some(Duration::from_micros(micros))));
        for (share, micros) in [(0.5, 500), (0.99, 990), (1.0, 1_000)] {
            let found = tally.quantile(share).unwrap();
            let expected = Duration::from_micros(micros);
            assert!((expected..=expected.mul_f64(1.001)).contains(&found), "{found:?}");
        }
    }

    #[test]
    fn a_quantile_needs_as_many_answers_as_it_tells_apart() {
        let mut tally = Tally::new().unwrap();
        (0..99).for_each(|_| tally.count(Some(Duration::from_millis(1))));
        assert!(tally.quantile(0.9).is_some() && tally.quantile(0.99).is_none());
        tally.count(Some(Duration::from_millis(1)));
        assert!(tally.quantile(0.99).is_some() && tally.quantile(0.999).is_none());
    }

    #[test]
    fn an_answer_without_a_latency_counts_as_an_answer_alone() {
        let mut tally = Tally::new().unwrap();
        tally.count(None);
        assert_eq!((tally.answers, tally.quantile(0.5)), (1, None));
    }

    #[test]
    fn a_latency_beyond_the_longest_counts_as_the_longest() {
        let mut tally = Tally::new().unwrap();
        tally.count(Some(Duration::from_hours(1)));
        assert!(tally.quantile(1.0).unwrap() >= Duration::from_mins(1));
    }

    #[test]
    fn errors_are_counted_by_what_was_wrong() {
        let mut tally = Tally::new().unwrap();
        for wrong in ["503", "401", "503"] {
            tally.note(wrong);
        }
        assert_eq!(tally.errors, BTreeMap::from([("401".to_owned(), 1), ("503".to_owned(), 2)]));
    }
}
