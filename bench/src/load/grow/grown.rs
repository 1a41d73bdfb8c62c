//! A row: a load on a database of some size.

use serde::Serialize;

use super::super::figure::Figure;
use super::super::row::Row;
use super::super::run::Run;
use super::super::table::{COST, Column, LATENCY, MEMORY, PLACE, cells, table};
use super::fill::Size;
use crate::figures::Failure;

#[derive(Serialize)]
pub(super) struct Grown {
    what: &'static str,
    sessions: u64,
    #[serde(flatten)]
    row: Row,
}

/// The rows as a table.
pub(super) fn all(rows: &[Grown]) -> Vec<Vec<String>> {
    let mut lines = table(&columns(), &rows.iter().map(|grown| &grown.row).collect::<Vec<_>>());
    let places = rows.iter().map(Grown::place);
    let places = std::iter::once(["", "sessions"].map(str::to_owned)).chain(places);
    for (line, place) in lines.iter_mut().zip(places) {
        line.splice(0..0, place);
    }
    lines
}

/// What each load costs against that on the first size.
pub(super) fn ratios(rows: &[Grown]) -> Vec<Vec<String>> {
    let head = ["", "sessions", "database", "against the first"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for grown in rows {
        let first = rows.iter().find(|first| first.is_like(grown)).unwrap_or(grown);
        if let Some((own, first)) = grown.cpu().zip(first.cpu()) {
            let database = grown.row.line.database.map_or("", |database| database.label());
            let ratio = format!("{:.2}", own / first);
            lines.push([&grown.place()[..], &[database.to_owned(), ratio]].concat());
        }
    }
    lines
}

impl Grown {
    pub(super) fn of(what: &'static str, size: Size, run: &Run) -> Result<Self, Failure> {
        let row = Row::of(&run.line, std::slice::from_ref(run)).ok_or("there was no run")?;
        Ok(Self { what, sessions: size.sessions, row })
    }

    pub(super) fn cells(&self) -> Vec<String> {
        [&self.place()[..], &cells(&columns(), &self.row)].concat()
    }

    fn place(&self) -> [String; 2] {
        [self.what.to_owned(), self.sessions.to_string()]
    }

    fn is_like(&self, other: &Self) -> bool {
        self.what == other.what && self.row.line.database == other.row.line.database
    }

    fn cpu(&self) -> Option<f64> {
        self.row.median(Figure::Cpu)
    }
}

/// Those of any row, but for the scenario.
fn columns() -> Vec<Column> {
    [&PLACE[1..], &LATENCY, &COST, &MEMORY].concat()
}
