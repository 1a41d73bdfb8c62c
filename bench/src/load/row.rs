//! The figures of one measurement, as JSON and as a row of a table.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::drive::Measured;
use super::process::Memory;
use crate::figures::{Failure, show};

/// One measurement. Times are in microseconds, memory is in bytes.
#[derive(Clone, Serialize)]
pub(super) struct Row {
    pub(super) scenario: String,
    pub(super) database: &'static str,
    pub(super) algorithm: String,
    pub(super) connections: usize,
    start_milliseconds: Option<f64>,
    setup_seconds: f64,
    seconds: f64,
    answers: u64,
    answers_per_second: f64,
    latency: Latency,
    errors: BTreeMap<String, u64>,
    cpu: Cpu,
    /// The processor time of server and database against that of the floor.
    pub(super) ratio_to_floor: Option<f64>,
    statements: Option<f64>,
    memory: MemoryOverTime,
}

#[derive(Clone, Serialize)]
struct Latency {
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
    p99_9: Option<f64>,
    max: Option<f64>,
}

/// For each answer.
#[derive(Clone, Serialize)]
struct Cpu {
    server: f64,
    database: Option<f64>,
    generator: f64,
    /// Of server and database together, the least and the most of all runs.
    spread: [f64; 2],
}

#[derive(Clone, Serialize)]
struct MemoryOverTime {
    idle: u64,
    end: u64,
    peak: u64,
}

/// What was measured where.
pub(super) struct Place {
    pub(super) scenario: String,
    pub(super) database: &'static str,
    pub(super) algorithm: String,
    pub(super) connections: usize,
    /// How long the server took to be ready, with what it keeps there already.
    pub(super) started: Option<Duration>,
    pub(super) setup: Duration,
}

impl Row {
    /// The figures of a measurement, with the memory of the server before and after it.
    pub(super) fn of(
        place: Place,
        measured: &Measured,
        memory: [Memory; 2],
    ) -> Result<Self, Failure> {
        let Measured { tally, time, readings: [before, after] } = measured;
        if tally.answers == 0 {
            return Err(format!("{}: no answer came in time", place.scenario).into());
        }
        let each = |span: Duration| micros(span) / number(tally.answers);
        let server = each(after.server.since(&before.server));
        let database = before.database.as_ref().zip(after.database.as_ref());
        let database = database.map(|(before, after)| each(after.since(before)));
        let all = server + database.unwrap_or(0.0);
        let statements = before.statements.zip(after.statements);
        let quantile = |share| tally.quantile(share).map(micros);
        Ok(Self {
            scenario: place.scenario,
            database: place.database,
            algorithm: place.algorithm,
            connections: place.connections,
            start_milliseconds: place.started.map(|span| micros(span) / 1e3),
            setup_seconds: place.setup.as_secs_f64(),
            seconds: time.as_secs_f64(),
            answers: tally.answers,
            answers_per_second: number(tally.answers) / time.as_secs_f64(),
            latency: Latency {
                p50: quantile(0.5),
                p90: quantile(0.9),
                p99: quantile(0.99),
                p99_9: quantile(0.999),
                max: quantile(1.0),
            },
            errors: tally.errors.clone(),
            cpu: Cpu {
                server,
                database,
                generator: each(after.generator.since(&before.generator)),
                spread: [all, all],
            },
            ratio_to_floor: None,
            statements: statements.map(|(before, after)| {
                number(after.saturating_sub(before)) / number(tally.answers)
            }),
            memory: MemoryOverTime {
                idle: memory[0].share,
                end: memory[1].share,
                peak: memory[1].peak,
            },
        })
    }

    /// The run with the median of processor time, and what the others differ.
    pub(super) fn median(mut runs: Vec<Self>) -> Result<Self, Failure> {
        runs.sort_by(|one, other| one.cpu().total_cmp(&other.cpu()));
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
            return Err("nothing was measured".into());
        };
        let spread = [first.cpu(), last.cpu()];
        let mut median = runs.swap_remove(runs.len() / 2);
        median.cpu.spread = spread;
        Ok(median)
    }

    /// The processor time of server and database for each answer.
    pub(super) fn cpu(&self) -> f64 {
        self.cpu.server + self.cpu.database.unwrap_or(0.0)
    }

    pub(super) fn head() -> Vec<String> {
        HEAD.map(str::to_owned).to_vec()
    }

    pub(super) fn cells(&self) -> Vec<String> {
        let latency = &self.latency;
        let mut cells = vec![
            self.scenario.clone(),
            self.database.to_owned(),
            self.connections.to_string(),
            format!("{:.0}", self.answers_per_second),
        ];
        let latencies = [latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max];
        cells.extend(latencies.map(|micros| or_dash(micros, span)));
        cells.push(self.shown_errors());
        cells.push(format!("{:.1}", self.cpu.server));
        cells.push(or_dash(self.cpu.database, |micros| format!("{micros:.1}")));
        let [least, most] = self.cpu.spread;
        cells.push(format!("{:.1} ({least:.1}–{most:.1})", self.cpu()));
        cells.push(or_dash(self.ratio_to_floor, |ratio| format!("{ratio:.2}")));
        cells.push(format!("{:.1}", self.cpu.generator));
        cells.push(or_dash(self.statements, |statements| format!("{statements:.2}")));
        cells.push(or_dash(self.start_milliseconds, |span| format!("{span:.0}")));
        cells.push(format!("{:.1}", self.setup_seconds));
        let MemoryOverTime { idle, end, peak } = self.memory;
        cells.push([idle, end, peak].map(mebibytes).join(" / "));
        cells
    }

    fn shown_errors(&self) -> String {
        let errors = self.errors.iter().map(|(wrong, times)| format!("{times} × {wrong}"));
        let errors = errors.collect::<Vec<_>>().join(", ");
        if errors.is_empty() { "0".to_owned() } else { errors }
    }
}

fn or_dash(figure: Option<f64>, shown: impl Fn(f64) -> String) -> String {
    figure.map_or_else(|| "–".to_owned(), shown)
}

fn span(micros: f64) -> String {
    show(Duration::from_secs_f64(micros / 1e6))
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", number(bytes) / f64::from(1 << 20))
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "counts of a measurement stay far below 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}

const HEAD: [&str; 19] = [
    "",
    "database",
    "connections",
    "per second",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "max",
    "errors",
    "server, µs",
    "database, µs",
    "both, µs (runs)",
    "× floor",
    "generator, µs",
    "statements",
    "start, ms",
    "set up, s",
    "memory idle / end / peak, MiB",
];
