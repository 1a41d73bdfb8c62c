//! A row: a load on a database of some size.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::figure::Figure;
use super::super::line::Database;
use super::super::row::Row;
use super::super::run::Run;
use super::super::scenario::Scenario;
use super::super::table::{COST, Column, LATENCY, MEMORY, PLACE, cells, hundredths, spread, table};

/// A load.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum What {
    Refresh,
    Login,
    Revoke,
    BeforeTheJanitor,
    BesideTheJanitor,
}

/// One run of a load.
pub(super) struct Taken {
    pub(super) what: What,
    pub(super) sessions: u64,
    pub(super) run: Run,
}

/// All runs of it.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Grown {
    pub(crate) what: What,
    pub(crate) sessions: u64,
    #[serde(flatten)]
    pub(crate) row: Row,
}

impl What {
    /// Those that need no janitor.
    pub(super) const LOADS: [Self; 3] = [Self::Refresh, Self::Revoke, Self::Login];

    pub(super) fn scenario(self) -> Scenario {
        match self {
            Self::Refresh | Self::BeforeTheJanitor | Self::BesideTheJanitor => Scenario::Refresh,
            Self::Login => Scenario::Login,
            Self::Revoke => Scenario::Revoke,
        }
    }

    fn name(self) -> String {
        match self {
            Self::BeforeTheJanitor => "refresh before the janitor".to_owned(),
            Self::BesideTheJanitor => "refresh beside the janitor".to_owned(),
            _ => self.scenario().name(),
        }
    }

    /// With what it is compared on the same database, if not with itself on the first.
    fn compared(self) -> Self {
        if self == Self::BesideTheJanitor { Self::BeforeTheJanitor } else { self }
    }
}

impl Taken {
    /// The rows of all runs, each run compared with that on the first size, which is the smallest.
    pub(super) fn rows(mut taken: Vec<Self>) -> Vec<Grown> {
        let ratios: Vec<_> = taken.iter().map(|one| one.ratio(&taken)).collect();
        for (one, ratio) in taken.iter_mut().zip(ratios) {
            one.run.figures.extend(ratio.map(|ratio| (Figure::RatioToFirst, ratio)));
        }
        let mut groups = BTreeMap::<_, Vec<Run>>::new();
        for Self { what, sessions, run } in taken {
            groups.entry((what, sessions)).or_default().push(run);
        }
        let row = |((what, sessions), runs): ((What, u64), Vec<Run>)| {
            Some(Grown { what, sessions, row: Row::of(&runs[0].line, &runs)? })
        };
        groups.into_iter().filter_map(row).collect()
    }

    /// Says what has just been measured.
    pub(super) fn tell(&self) {
        let row = Row::of(&self.run.line, std::slice::from_ref(&self.run));
        let cells = row.map(|row| cells(&columns(), &row)).unwrap_or_default();
        eprintln!("{} {} {}", self.what.name(), self.sessions, cells.join(" "));
    }

    /// The time of the processor against that of the same run on the first size.
    fn ratio(&self, all: &[Self]) -> Option<f64> {
        let is_first = |one: &&Self| {
            one.what == self.what.compared()
                && one.run.number == self.run.number
                && (self.what.compared() == self.what || one.sessions == self.sessions)
        };
        let first = all.iter().find(is_first)?;
        Some(self.run.figures.get(&Figure::Cpu)? / first.run.figures.get(&Figure::Cpu)?)
    }
}

impl Grown {
    pub(crate) fn is_on(&self, database: Database) -> bool {
        self.row.line.database == Some(database)
    }

    fn place(&self) -> [String; 2] {
        [self.what.name(), self.sessions.to_string()]
    }
}

/// The rows as a table.
pub(crate) fn all(rows: &[Grown]) -> Vec<Vec<String>> {
    let mut lines = table(&columns(), &rows.iter().map(|grown| &grown.row).collect::<Vec<_>>());
    let places = rows.iter().map(Grown::place);
    let places = std::iter::once(["", "sessions"].map(str::to_owned)).chain(places);
    for (line, place) in lines.iter_mut().zip(places) {
        line.splice(0..0, place);
    }
    lines
}

/// Those of any row, but for the scenario.
fn columns() -> Vec<Column> {
    let ratio: Column = ("× first (runs)", |row| spread(row, Figure::RatioToFirst, hundredths));
    [&PLACE[1..2], &[ratio], &COST[..3], &COST[6..], &LATENCY, &MEMORY[..2]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::figure::Figures;
    use crate::load::line::{Filling, Line};

    fn taken(what: What, sessions: u64, (number, cpu): (usize, f64)) -> Taken {
        let line = Line {
            scenario: what.scenario(),
            database: Some(Database::Sqlite),
            algorithm: None,
            connections: 8,
            filling: Filling { clients: 0, revocations: usize::try_from(sessions).unwrap() },
        };
        let figures = Figures::from([(Figure::Cpu, cpu)]);
        Taken { what, sessions, run: Run { line, number, figures, errors: BTreeMap::new() } }
    }

    #[test]
    fn each_run_is_compared_with_the_same_run_on_the_first_size() {
        let rows = Taken::rows(vec![
            taken(What::Refresh, 10, (0, 100.0)),
            taken(What::Refresh, 1_000, (0, 120.0)),
            taken(What::Refresh, 10, (1, 200.0)),
            taken(What::Refresh, 1_000, (1, 260.0)),
            taken(What::BeforeTheJanitor, 1_000, (0, 50.0)),
            taken(What::BesideTheJanitor, 1_000, (0, 100.0)),
        ]);
        let ratios: Vec<_> =
            rows.iter().map(|grown| grown.row.median(Figure::RatioToFirst).unwrap()).collect();
        let expected = [1.0, 1.25, 1.0, 2.0];
        assert!(ratios.iter().zip(expected).all(|(ratio, other)| (ratio - other).abs() < 1e-9));
        assert_eq!(ratios.len(), expected.len());
    }
}
