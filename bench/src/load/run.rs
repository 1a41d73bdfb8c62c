//! One measurement of one row, and what it comes to beside others of the same time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::figure::{Figure, Figures};
use super::line::Line;

/// One measurement of one row.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Run {
    pub(crate) line: Line,
    /// Runs of one number were made one after the other.
    pub(crate) number: usize,
    pub(crate) figures: Figures,
    /// How many answers were wrong: by status, or by what was wrong with them.
    pub(crate) errors: BTreeMap<String, u64>,
}

/// Adds the ratios to what else was measured in the same run.
pub(crate) fn compare(runs: &mut [Run]) {
    let ratios = runs.iter().map(|run| run.ratios(runs)).collect::<Vec<_>>();
    for (run, ratios) in runs.iter_mut().zip(ratios) {
        run.figures.extend(ratios);
    }
}

impl Run {
    fn ratios(&self, runs: &[Self]) -> Figures {
        let comparisons = self.line.scenario.comparisons().iter();
        let ratio = |(name, figure, other): &(Figure, Figure, _)| {
            let is_other = |run: &&Self| {
                run.number == self.number
                    && run.line.scenario == *other
                    && self.line.is_like(&run.line)
            };
            let other = runs.iter().find(is_other)?;
            let (own, other) = (self.figures.get(figure)?, other.figures.get(figure)?);
            Some((*name, if *name == Figure::AboveHash { own - 1.05 * other } else { own / other }))
        };
        comparisons.filter_map(ratio).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::line::{Database, Filling};
    use crate::load::scenario::Scenario;

    fn run(scenario: Scenario, number: usize, (connections, cpu): (usize, f64)) -> Run {
        let database = (!scenario.is_floor()).then_some(Database::Sqlite);
        let filling = Filling::default();
        let algorithm = Some("ES256".to_owned());
        let line = Line { scenario, database, algorithm, connections, filling };
        let figures = Figures::from([(Figure::Cpu, cpu)]);
        Run { line, number, figures, errors: BTreeMap::new() }
    }

    #[test]
    fn a_ratio_is_that_to_the_floor_of_the_same_run_with_as_many_connections() {
        let mut runs = [
            run(Scenario::Floor, 0, (8, 10.0)),
            run(Scenario::Floor, 0, (64, 20.0)),
            run(Scenario::Floor, 1, (8, 40.0)),
            run(Scenario::Refresh, 1, (8, 60.0)),
            run(Scenario::Refresh, 0, (8, 30.0)),
            run(Scenario::Refresh, 1, (64, 30.0)),
        ];
        compare(&mut runs);
        let ratios = runs.map(|run| run.figures.get(&Figure::RatioToFloor).copied());
        assert_eq!(ratios, [Some(1.0), Some(1.0), Some(1.0), Some(1.5), Some(3.0), None]);
    }
}
