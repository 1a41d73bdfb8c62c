//! The figures of one measurement.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::drive::Measured;
use super::pgbench::Counted;
use super::process::Memory;
use super::watched::Reading;
use crate::figures::Failure;

/// What a figure says. Times are in microseconds where no other unit is named, memory is in bytes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Figure {
    /// How long the server took to be ready, with what it keeps there already.
    StartMilliseconds,
    SetUpSeconds,
    Seconds,
    Answers,
    PerSecond,
    P50,
    P90,
    P99,
    #[serde(rename = "p99_9")]
    P999,
    Max,
    /// Time of the processor for each answer.
    ServerCpu,
    DatabaseCpu,
    /// Server and database together.
    Cpu,
    GeneratorCpu,
    /// [`Figure::Cpu`] against that of the floor.
    RatioToFloor,
    /// [`Figure::PerSecond`] against that of pgbench.
    ShareOfPgbench,
    /// [`Figure::P99`] against that without a flood of logins.
    RatioToCalm,
    /// What [`Figure::Cpu`] is above 1.05 times that of the bare hash.
    AboveHash,
    /// [`Figure::P99`] against [`Figure::P50`].
    #[serde(rename = "p99_to_p50")]
    P99ToP50,
    /// [`Figure::Cpu`] against that of the same load on the smallest database.
    RatioToFirst,
    /// Answers beside those that are measured, and those of them that were wrong.
    BesidePerSecond,
    BesideWrongPerSecond,
    /// For each answer.
    Statements,
    MemoryIdle,
    /// What of this is no file's, such as the program itself.
    MemoryIdleAnonymous,
    /// What the server maps when it is idle, be it in memory or not.
    MemoryIdleMapped,
    /// Before the load, with all that was made for it.
    MemoryBefore,
    MemoryEnd,
    MemoryPeak,
    /// Some seconds after the load, and what that is above what it was before.
    MemoryBack,
    MemoryKept,
}

/// The figures that a measurement has.
pub(crate) type Figures = BTreeMap<Figure, f64>;

/// The figures of a load.
pub(super) fn of_load(measured: &Measured) -> Result<Figures, Failure> {
    let Measured { tally, is_disturbed, time, readings: [before, after] } = measured;
    if tally.answers == 0 {
        return Err("no answer came in time".into());
    }
    let (answers, seconds) = (number(tally.answers), time.as_secs_f64());
    let quantile = |share| tally.quantile(share).map(micros);
    let mut figures = known([
        (Figure::Seconds, Some(seconds)),
        (Figure::Answers, Some(answers)),
        (Figure::PerSecond, Some(answers / seconds)),
        (Figure::P50, quantile(0.5)),
        (Figure::P90, quantile(0.9)),
        (Figure::P99, quantile(0.99)),
        (Figure::P999, quantile(0.999)),
        (Figure::Max, quantile(1.0)),
        (Figure::P99ToP50, quantile(0.99).zip(quantile(0.5)).map(|(p99, p50)| p99 / p50)),
    ]);
    let [beside, wrong] = tally.beside.map(|times| Some(number(times) / seconds));
    figures.extend(if *is_disturbed {
        // What was done is not for the answers that are measured alone.
        known([(Figure::BesidePerSecond, beside), (Figure::BesideWrongPerSecond, wrong)])
    } else {
        for_each_answer(before, after, answers)
    });
    Ok(figures)
}

fn for_each_answer(before: &Reading, after: &Reading, answers: f64) -> Figures {
    let each = |span: Duration| micros(span) / answers;
    let server = each(after.server.since(&before.server));
    let database = before.database.as_ref().zip(after.database.as_ref());
    let database = database.map(|(before, after)| each(after.since(before)));
    let generator = before.generator.as_ref().zip(after.generator.as_ref());
    let generator = generator.map(|(before, after)| each(after.since(before)));
    let statements = before.statements.zip(after.statements);
    let statements = statements.map(|(before, after)| number(after.saturating_sub(before)));
    known([
        (Figure::ServerCpu, Some(server)),
        (Figure::DatabaseCpu, database),
        (Figure::Cpu, Some(server + database.unwrap_or(0.0))),
        (Figure::GeneratorCpu, generator),
        (Figure::Statements, statements.map(|statements| statements / answers)),
    ])
}

/// The figures of pgbench, which has no latencies but their mean.
pub(super) fn of_pgbench(counted: &Counted) -> Figures {
    let Counted { seconds, transactions, database, generator } = counted;
    let each = |span: &Duration| Some(micros(*span) / transactions);
    known([
        (Figure::Seconds, Some(*seconds)),
        (Figure::Answers, Some(*transactions)),
        (Figure::PerSecond, Some(transactions / seconds)),
        (Figure::DatabaseCpu, each(database)),
        (Figure::Cpu, each(database)),
        (Figure::GeneratorCpu, each(generator)),
    ])
}

/// The memory of a process before a load.
pub(super) fn of_idle(memory: Memory) -> Figures {
    known([
        (Figure::MemoryIdle, Some(number(memory.share))),
        (Figure::MemoryIdleAnonymous, Some(number(memory.anonymous))),
        (Figure::MemoryIdleMapped, Some(number(memory.mapped))),
    ])
}

/// The memory of a process before a load, after it, and some time later.
pub(super) fn of_end([before, end]: [Memory; 2], back: Option<Memory>) -> Figures {
    let (before, back) = (number(before.share), back.map(|memory| number(memory.share)));
    known([
        (Figure::MemoryBefore, Some(before)),
        (Figure::MemoryEnd, Some(number(end.share))),
        (Figure::MemoryPeak, Some(number(end.peak))),
        (Figure::MemoryBack, back),
        (Figure::MemoryKept, back.map(|back| back - before)),
    ])
}

/// How long a server took to be ready.
pub(super) fn of_start(started: Duration) -> Figures {
    known([(Figure::StartMilliseconds, Some(micros(started) / 1e3))])
}

/// How long it took to make what a load needs.
pub(super) fn of_preparation(set_up: Duration) -> Figures {
    known([(Figure::SetUpSeconds, Some(set_up.as_secs_f64()))])
}

fn known<const N: usize>(figures: [(Figure, Option<f64>); N]) -> Figures {
    figures.into_iter().filter_map(|(figure, value)| Some((figure, value?))).collect()
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "counts of a measurement stay far below 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}
