//! The aims, and what came of them.

mod beside;
mod of_costs;
mod of_memory;

use super::lines::{FEW, MANY};
use crate::load::{Database, Row, Scenario};
pub(super) use beside::table as beside;

/// An aim for one scenario.
#[derive(Clone)]
struct Aim {
    scenario: Scenario,
    text: &'static str,
    figure: fn(&Row) -> Option<f64>,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// Where an aim holds, one column each.
const PLACES: [(&str, Database, usize); 4] = [
    ("SQLite, 8", Database::Sqlite, FEW),
    ("SQLite, 64", Database::Sqlite, MANY),
    ("PostgreSQL, 8", Database::Postgres, FEW),
    ("PostgreSQL, 64", Database::Postgres, MANY),
];

/// The table: each aim of a load, and the figure in each place. `rows` are those of one algorithm.
pub(super) fn table(rows: &[&Row]) -> Vec<Vec<String>> {
    let mut head = vec![String::new(), "aim".to_owned()];
    head.extend(PLACES.map(|(name, ..)| name.to_owned()));
    let aims = of_costs::aims().into_iter().chain(of_memory::aims());
    let body = aims.map(|aim| {
        let figures = PLACES.map(|place| aim.figure_at(place, rows));
        [vec![aim.scenario.name(), aim.text.to_owned()], figures.to_vec()].concat()
    });
    std::iter::once(head).chain(body).collect()
}

impl Aim {
    fn figure_at(&self, place: (&str, Database, usize), rows: &[&Row]) -> String {
        let (_, database, connections) = place;
        let is_here = |row: &&&Row| {
            row.line.scenario == self.scenario
                && (row.line.database, row.line.connections) == (Some(database), connections)
        };
        let row = rows.iter().find(is_here);
        let Some((row, figure)) = row.and_then(|row| Some((row, (self.figure)(row)?))) else {
            return "–".to_owned();
        };
        // An answer that is wrong may have cost little.
        if row.errors.is_empty() { self.bound.judge(figure) } else { "**errors**".to_owned() }
    }
}

impl Bound {
    /// The figure, which stands out where it does not meet its aim.
    fn judge(self, figure: f64) -> String {
        let is_met = match self {
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
        };
        let digits = if figure >= 100.0 { 0 } else { 2 };
        if is_met { format!("{figure:.digits$}") } else { format!("**{figure:.digits$}**") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Figure, Filling, Line, Run};

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
        assert_eq!(Bound::AtMost(1.6).judge(1.6), "1.60");
        assert_eq!(Bound::AtMost(1.6).judge(1.61), "**1.61**");
        assert_eq!(Bound::AtLeast(5_000.0).judge(4_999.0), "**4999**");
    }

    #[test]
    fn a_row_with_wrong_answers_meets_no_aim() {
        assert_eq!(introspect(&[&row(0)]), ["17.00", "–", "–", "–"]);
        assert_eq!(introspect(&[&row(1)]), ["**errors**", "–", "–", "–"]);
    }
}
