//! Rows as tables.

use std::time::Duration;

use super::figure::Figure;
use super::line::Database;
use super::row::Row;
use crate::figures::show;

/// A column: its head, and what a row has there.
pub(crate) type Column = (&'static str, fn(&Row) -> String);

/// A table of rows, with its head.
pub(crate) fn table(columns: &[Column], rows: &[&Row]) -> Vec<Vec<String>> {
    let head = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    let body = rows.iter().map(|row| cells(columns, row));
    std::iter::once(head).chain(body).collect()
}

/// A row of it.
pub(crate) fn cells(columns: &[Column], row: &Row) -> Vec<String> {
    columns.iter().map(|(_, cell)| cell(row)).collect()
}

/// What a row is about.
pub(crate) const PLACE: [Column; 4] = [
    ("", |row| row.line.scenario.name()),
    ("database", |row| row.line.database.map_or("–", Database::label).to_owned()),
    ("tokens", |row| row.line.algorithm.clone().unwrap_or_else(dash)),
    ("connections", |row| row.line.connections.to_string()),
];

pub(crate) const LATENCY: [Column; 10] = [
    ("per second (runs)", |row| spread(row, Figure::PerSecond, whole)),
    ("of its processor", busy),
    ("p50", |row| shown(row, Figure::P50, span)),
    ("p90", |row| shown(row, Figure::P90, span)),
    ("p99 (runs)", |row| spread(row, Figure::P99, span)),
    ("p99.9", |row| shown(row, Figure::P999, span)),
    ("max", |row| shown(row, Figure::Max, span)),
    ("p99 × calm (runs)", |row| spread(row, Figure::RatioToCalm, hundredths)),
    ("logins per second", logins),
    ("errors", errors),
];

pub(crate) const COST: [Column; 7] = [
    ("server, µs (runs)", |row| spread(row, Figure::ServerCpu, tenths)),
    ("database, µs (runs)", |row| spread(row, Figure::DatabaseCpu, tenths)),
    ("both, µs (runs)", |row| spread(row, Figure::Cpu, tenths)),
    ("× floor (runs)", |row| spread(row, Figure::RatioToFloor, hundredths)),
    ("of pgbench (runs)", |row| spread(row, Figure::ShareOfPgbench, hundredths)),
    ("generator, µs", |row| shown(row, Figure::GeneratorCpu, tenths)),
    ("statements", |row| shown(row, Figure::Statements, hundredths)),
];

pub(crate) const MEMORY: [Column; 9] = [
    ("start, ms", |row| shown(row, Figure::StartMilliseconds, whole)),
    ("set up, s", |row| shown(row, Figure::SetUpSeconds, tenths)),
    ("idle, MiB", |row| shown(row, Figure::MemoryIdle, mebibytes)),
    ("of it no file's", |row| shown(row, Figure::MemoryIdleAnonymous, mebibytes)),
    ("mapped", |row| shown(row, Figure::MemoryIdleMapped, mebibytes)),
    ("before the load", |row| shown(row, Figure::MemoryBefore, mebibytes)),
    ("end", |row| shown(row, Figure::MemoryEnd, mebibytes)),
    ("peak", |row| shown(row, Figure::MemoryPeak, mebibytes)),
    ("back", |row| shown(row, Figure::MemoryBack, mebibytes)),
];

/// The median of a figure, with the least and the most of its runs, if there are several.
pub(super) fn spread(row: &Row, figure: Figure, unit: fn(f64) -> String) -> String {
    let Some(spread) = row.figures.get(&figure) else { return dash() };
    if row.runs == 1 {
        return unit(spread.median);
    }
    format!("{} ({}–{})", unit(spread.median), unit(spread.least), unit(spread.most))
}

/// What of a processor the server used: one that is close to 1 is what is measured.
fn busy(row: &Row) -> String {
    let used = row.median(Figure::ServerCpu).zip(row.median(Figure::PerSecond));
    used.map_or_else(dash, |(each, times)| hundredths(each * times / 1e6))
}

/// Those beside what is measured, and how many of them were refused.
fn logins(row: &Row) -> String {
    let [all, wrong] = [Figure::BesidePerSecond, Figure::BesideWrongPerSecond];
    let beside = row.median(all).zip(row.median(wrong));
    beside.map_or_else(dash, |(all, wrong)| {
        format!("{}, {} refused", tenths(all - wrong), tenths(wrong))
    })
}

fn errors(row: &Row) -> String {
    let errors = row.errors.iter().map(|(wrong, times)| format!("{times} × {wrong}"));
    let errors = errors.collect::<Vec<_>>().join(", ");
    if errors.is_empty() { "0".to_owned() } else { errors }
}

/// The median of a figure.
fn shown(row: &Row, figure: Figure, unit: fn(f64) -> String) -> String {
    row.median(figure).map_or_else(dash, unit)
}

fn dash() -> String {
    "–".to_owned()
}

fn whole(figure: f64) -> String {
    format!("{figure:.0}")
}

fn tenths(figure: f64) -> String {
    format!("{figure:.1}")
}

pub(super) fn hundredths(figure: f64) -> String {
    format!("{figure:.2}")
}

fn span(micros: f64) -> String {
    show(Duration::from_secs_f64(micros / 1e6))
}

fn mebibytes(bytes: f64) -> String {
    tenths(bytes / f64::from(1 << 20))
}
