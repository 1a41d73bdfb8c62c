//! Rows as cells of a table.

use std::time::Duration;

use super::figure::Figure;
use super::line::Database;
use super::row::Row;
use crate::figures::show;

/// The head of a table of rows.
pub(crate) fn head() -> Vec<String> {
    HEAD.map(str::to_owned).to_vec()
}

const HEAD: [&str; 22] = [
    "",
    "database",
    "tokens",
    "connections",
    "per second",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "max",
    "p99 × calm",
    "errors",
    "server, µs",
    "database, µs",
    "both, µs (runs)",
    "× floor",
    "of pgbench",
    "generator, µs",
    "statements",
    "start, ms",
    "set up, s",
    "memory idle / end / peak / back, MiB",
];

/// The medians of a row, and with the time of the processor its spread.
pub(crate) fn cells(row: &Row) -> Vec<String> {
    let line = &row.line;
    let figure = |figure, shown: fn(f64) -> String| or_dash(row.median(figure), shown);
    let memory = [Figure::MemoryIdle, Figure::MemoryEnd, Figure::MemoryPeak, Figure::MemoryBack];
    vec![
        line.scenario.name(),
        line.database.map_or("–", Database::label).to_owned(),
        line.algorithm.clone().unwrap_or_else(|| "–".to_owned()),
        line.connections.to_string(),
        figure(Figure::PerSecond, whole),
        figure(Figure::P50, span),
        figure(Figure::P90, span),
        figure(Figure::P99, span),
        figure(Figure::P999, span),
        figure(Figure::Max, span),
        figure(Figure::RatioToCalm, hundredths),
        errors(row),
        figure(Figure::ServerCpu, tenths),
        figure(Figure::DatabaseCpu, tenths),
        spread(row, Figure::Cpu),
        figure(Figure::RatioToFloor, hundredths),
        figure(Figure::ShareOfPgbench, hundredths),
        figure(Figure::GeneratorCpu, tenths),
        figure(Figure::Statements, hundredths),
        figure(Figure::StartMilliseconds, whole),
        figure(Figure::SetUpSeconds, tenths),
        memory.map(|one| figure(one, mebibytes)).join(" / "),
    ]
}

fn spread(row: &Row, figure: Figure) -> String {
    let Some(spread) = row.figures.get(&figure) else { return "–".to_owned() };
    format!("{:.1} ({:.1}–{:.1})", spread.median, spread.least, spread.most)
}

fn errors(row: &Row) -> String {
    let errors = row.errors.iter().map(|(wrong, times)| format!("{times} × {wrong}"));
    let errors = errors.collect::<Vec<_>>().join(", ");
    if errors.is_empty() { "0".to_owned() } else { errors }
}

fn or_dash(figure: Option<f64>, shown: fn(f64) -> String) -> String {
    figure.map_or_else(|| "–".to_owned(), shown)
}

fn whole(figure: f64) -> String {
    format!("{figure:.0}")
}

fn tenths(figure: f64) -> String {
    format!("{figure:.1}")
}

fn hundredths(figure: f64) -> String {
    format!("{figure:.2}")
}

fn span(micros: f64) -> String {
    show(Duration::from_secs_f64(micros / 1e6))
}

fn mebibytes(bytes: f64) -> String {
    tenths(bytes / f64::from(1 << 20))
}
