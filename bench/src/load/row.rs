//! One row: the median of each figure of all runs, and how far they spread.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::line::Line;
use super::run::Run;

/// The runs of one line.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Row {
    pub(crate) line: Line,
    pub(crate) runs: usize,
    pub(crate) figures: BTreeMap<Figure, Spread>,
    /// Of all runs together.
    pub(crate) errors: BTreeMap<String, u64>,
}

/// A figure of some runs.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Row {
    /// Of all runs of a line, if there are some.
    pub(crate) fn of(line: &Line, runs: &[Run]) -> Option<Self> {
        let runs = runs.iter().filter(|run| run.line == *line).collect::<Vec<_>>();
        let (mut figures, mut errors) = (BTreeMap::<_, Vec<f64>>::new(), BTreeMap::new());
        for run in &runs {
            for (figure, value) in &run.figures {
                figures.entry(*figure).or_default().push(*value);
            }
            for (wrong, times) in &run.errors {
                *errors.entry(wrong.clone()).or_default() += times;
            }
        }
        let spreads = figures.into_iter().map(|(figure, values)| (figure, Spread::of_all(values)));
        let figures = spreads.collect();
        (!runs.is_empty()).then(|| Self { line: line.clone(), runs: runs.len(), figures, errors })
    }

    pub(crate) fn median(&self, figure: Figure) -> Option<f64> {
        self.figures.get(&figure).map(|spread| spread.median)
    }
}

impl Spread {
    /// The same in another unit, which is so much of the present one.
    pub(crate) fn of(self, unit: f64) -> Self {
        let Self { median, least, most } = self;
        Self { median: median / unit, least: least / unit, most: most / unit }
    }

    /// Of values, of which there is one at least.
    fn of_all(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (last, middle) = (values.len() - 1, values.len() / 2);
        // Of an even number, the mean of the two in the middle.
        let median = f64::midpoint(values[last / 2], values[middle]);
        Self { median, least: values[0], most: values[last] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_median_with_the_least_and_the_most() {
        let spread = Spread::of_all(vec![5.0, 1.0, 9.0, 3.0, 4.0]);
        assert_eq!(spread, Spread { median: 4.0, least: 1.0, most: 9.0 });
        assert_eq!(Spread::of_all(vec![5.0, 1.0, 9.0, 4.0]).median.to_bits(), 4.5_f64.to_bits());
    }
}
