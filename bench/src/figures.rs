//! Samples and how they are shown.

use std::time::{Duration, Instant};

/// What went wrong; a measurement that fails has no figures.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The time now.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Durations, sorted.
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    /// Sorts samples, of which there is one at least.
    pub(crate) fn of(mut samples: Vec<Duration>) -> Result<Self, Failure> {
        if samples.is_empty() {
            return Err("nothing was measured".into());
        }
        samples.sort_unstable();
        Ok(Self(samples))
    }

    /// The sample that `share` (0 to 1) of all do not exceed (nearest rank).
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a number of samples lies between 0 and that number"
        )]
        let rank = (self.0.len() as f64 * share).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The middle one.
    pub(crate) fn median(&self) -> Duration {
        self.quantile(0.5)
    }
}

/// Prints the rows of a table, the first of which is its head.
pub(crate) fn print_table(rows: &[Vec<String>]) {
    println!("{}", markdown(rows));
}

/// The rows of a table in Markdown, the first of which is its head.
pub(crate) fn markdown(rows: &[Vec<String>]) -> String {
    let [head, body @ ..] = rows else { return String::new() };
    let rule = vec!["---".to_owned(); head.len()];
    let rows = [head, &rule].into_iter().chain(body);
    rows.fold(String::new(), |text, row| text + &format!("| {} |\n", row.join(" | ")))
}

/// A duration in the unit that suits it.
pub(crate) fn show(span: Duration) -> String {
    let nanos = span.as_nanos();
    let seconds = span.as_secs_f64();
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..10_000 => format!("{:.2} µs", seconds * 1e6),
        10_000..1_000_000 => format!("{:.1} µs", seconds * 1e6),
        1_000_000..1_000_000_000 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples_by_nearest_rank() {
        let samples = Samples::of((1..=100).rev().map(Duration::from_millis).collect()).unwrap();
        assert_eq!(samples.median(), Duration::from_millis(50));
        assert_eq!(samples.quantile(0.99), Duration::from_millis(99));
        assert_eq!(samples.quantile(1.0), Duration::from_millis(100));
        assert!(Samples::of(vec![]).is_err());
    }
}
