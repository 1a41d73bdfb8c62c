//! The aims, and what came of them.

mod beside;
mod of_costs;
mod of_memory;

use super::lines::{FEW, MANY};
use crate::load::{Database, Figure, Row, Scenario, Spread};
pub(super) use beside::table as beside;

/// An aim for one scenario.
#[derive(Clone, Copy)]
struct Aim {
    scenario: Scenario,
    text: &'static str,
    figure: Figure,
    /// What of the figure is one of what is shown.
    unit: f64,
    holds: Holds,
    bound: Bound,
}

/// Where an aim holds.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Holds {
    Everywhere,
    On(Database),
    /// With so many connections.
    With(usize),
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
    /// In no run.
    NeverAbove(f64),
}

/// Where a row was measured, one column each.
#[derive(Clone, Copy)]
struct Place {
    name: &'static str,
    database: Database,
    connections: usize,
}

const PLACES: [Place; 4] = [
    Place { name: "SQLite, 8 connections", database: Database::Sqlite, connections: FEW },
    Place { name: "SQLite, 64", database: Database::Sqlite, connections: MANY },
    Place { name: "PostgreSQL, 8", database: Database::Postgres, connections: FEW },
    Place { name: "PostgreSQL, 64", database: Database::Postgres, connections: MANY },
];

/// The table: each aim of a load, and the figure in each place. `rows` are those of one algorithm.
pub(super) fn table(rows: &[&Row]) -> Vec<Vec<String>> {
    let mut head = vec![String::new(), "aim".to_owned()];
    head.extend(PLACES.map(|place| place.name.to_owned()));
    let aims = of_costs::aims().into_iter().chain(of_memory::aims());
    let body = aims.map(|aim| {
        let figures = PLACES.map(|place| aim.figure_at(place, rows));
        [vec![aim.scenario.name(), aim.text.to_owned()], figures.to_vec()].concat()
    });
    std::iter::once(head).chain(body).collect()
}

impl Aim {
    /// That the median of a figure is at most so much, in all places.
    fn at_most(scenario: Scenario, text: &'static str, (figure, most): (Figure, f64)) -> Self {
        let (holds, bound) = (Holds::Everywhere, Bound::AtMost(most));
        Self { scenario, text, figure, unit: 1.0, holds, bound }
    }

    fn figure_at(&self, place: Place, rows: &[&Row]) -> String {
        let Place { database, connections, .. } = place;
        let is_here = |row: &&&Row| {
            row.line.scenario == self.scenario
                && (row.line.database, row.line.connections) == (Some(database), connections)
        };
        let holds = match self.holds {
            Holds::Everywhere => true,
            Holds::On(one) => one == database,
            Holds::With(number) => number == connections,
        };
        let row = rows.iter().find(is_here).filter(|_| holds);
        row.and_then(|row| judge(row, (self.figure, self.unit), self.bound))
            .unwrap_or_else(|| "–".to_owned())
    }
}

/// A figure of a row, if it has it. Where an answer was wrong it says nothing, since that may have cost little.
fn judge(row: &Row, (figure, unit): (Figure, f64), bound: Bound) -> Option<String> {
    let spread = row.figures.get(&figure)?;
    if row.errors.is_empty() {
        Some(bound.judge(spread.of(unit)))
    } else {
        Some("**errors**".to_owned())
    }
}

impl Bound {
    /// The median, with the least and the most of the runs. It stands out where it does not meet its aim.
    fn judge(self, spread: Spread) -> String {
        let Spread { median, least, most } = spread;
        let is_met = match self {
            Self::AtMost(bound) => median <= bound,
            Self::AtLeast(bound) => median >= bound,
            Self::NeverAbove(bound) => most <= bound,
        };
        let digits = if median.abs() >= 100.0 { 0 } else { 2 };
        let median = format!("{median:.digits$}");
        let median = if is_met { median } else { format!("**{median}**") };
        format!("{median} ({least:.digits$}–{most:.digits$})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Filling, Line, Run};

    fn row(errors: u64) -> Row {
        let line = Line {
            scenario: Scenario::Introspect,
            database: Some(Database::Sqlite),
            algorithm: None,
            connections: FEW,
            filling: Filling::default(),
        };
        let errors = (errors > 0).then(|| ("503".to_owned(), errors)).into_iter().collect();
        let figures = [(Figure::Cpu, 17.0)].into();
        Row::of(&line, &[Run { line: line.clone(), number: 0, figures, errors }]).unwrap()
    }

    fn introspect(rows: &[&Row]) -> Vec<String> {
        let of_cost = |cells: &Vec<String>| cells[..2] == ["introspect", "at most 60 µs"];
        table(rows).into_iter().find(of_cost).unwrap()[2..].to_vec()
    }

    #[test]
    fn an_aim_that_is_not_met_stands_out() {
        let spread = Spread { median: 1.6, least: 1.5, most: 1.7 };
        assert_eq!(Bound::AtMost(1.6).judge(spread), "1.60 (1.50–1.70)");
        assert_eq!(Bound::AtMost(1.5).judge(spread), "**1.60** (1.50–1.70)");
        assert_eq!(Bound::NeverAbove(1.6).judge(spread), "**1.60** (1.50–1.70)");
        let spread = Spread { median: 4_999.0, least: 4_000.0, most: 6_000.0 };
        assert_eq!(Bound::AtLeast(5_000.0).judge(spread), "**4999** (4000–6000)");
    }

    #[test]
    fn a_row_with_wrong_answers_meets_no_aim() {
        assert_eq!(introspect(&[&row(0)]), ["17.00 (17.00–17.00)", "–", "–", "–"]);
        assert_eq!(introspect(&[&row(1)]), ["**errors**", "–", "–", "–"]);
    }
}
