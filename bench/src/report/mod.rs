//! All measurements of loads by one command, and the tables of docs/performance.md that come of it.

mod aims;
mod components;
mod kept;
mod lines;
mod machine;
mod page;
mod programs;

use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

use crate::figures::Failure;
use crate::load::grow::{CHAINS, Grown, Growth, Sizes};
use crate::load::{Database, Manner, Plan, Row, own_processor};
use crate::stage::build;
use kept::{Kept, Piece};
use machine::Machine;

#[derive(Args)]
pub(crate) struct Arguments {
    /// How often everything is measured.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// For how many seconds each load is on before it is measured.
    #[arg(long, default_value_t = 1)]
    warm_up: u64,
    /// For how many seconds each load is measured.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    #[command(flatten)]
    sizes: Sizes,
    /// Go on with what was measured before, of the same version and for as long.
    #[arg(long)]
    resume: bool,
}

/// What figures must have in common to stand in one table.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Terms {
    commit: String,
    sizes: String,
    warm_up: u64,
    seconds: u64,
}

/// All figures.
struct Measured {
    components: Vec<Vec<String>>,
    /// With few connections, and with many.
    loads: [Vec<Row>; 2],
    growth: Vec<Grown>,
    /// Whether the server had a processor to itself.
    is_divided: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.sizes.check()?;
    programs::check()?;
    build()?;
    let machine = Machine::here()?;
    let Arguments { warm_up, seconds, .. } = *arguments;
    let (commit, sizes) = (machine.commit.clone(), arguments.sizes.to_string());
    let terms = Terms { commit, sizes, warm_up, seconds };
    let mut kept = Kept::open(&terms, arguments.resume)?;
    let measured = arguments.measure(&mut kept)?;
    page::write(&machine, &arguments.command(), &measured)
}

impl Arguments {
    fn measure(&self, kept: &mut Kept) -> Result<Measured, Failure> {
        let components = components(kept)?;
        let processor = own_processor();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let growth = growth(&runtime, kept, &self.growth(processor))?;
        let time = self.plans(self.runs, processor).iter().map(minutes).sum::<u64>();
        eprintln!("the loads take about {time} minutes");
        let mut loads = [Vec::new(), Vec::new()];
        // One run of everything after the other, so that each that was completed is of some use.
        for runs in 1..=self.runs {
            for (rows, plan) in loads.iter_mut().zip(self.plans(runs, processor)) {
                *rows = carry_out(&runtime, kept, &plan)?;
            }
        }
        Ok(Measured { components, loads, growth, is_divided: processor.is_some() })
    }

    /// What few ask at once, and what many do.
    fn plans(&self, runs: usize, processor: Option<usize>) -> [Plan; 2] {
        let manner = |rests| Manner {
            time: self.time(),
            requests: u64::MAX,
            sessions: SESSIONS_A_SECOND * usize::try_from(self.seconds).unwrap_or(1),
            rests,
            processor,
        };
        let plan = |lines, rests| Plan { lines, runs, manner: manner(rests) };
        [plan(lines::of_few(), [Duration::ZERO; 2]), plan(lines::of_many(), RESTS)]
    }

    fn growth(&self, processor: Option<usize>) -> Growth {
        Growth {
            sizes: self.sizes.clone(),
            chains: CHAINS,
            connections: lines::FEW,
            time: self.time(),
            runs: self.runs,
            expired: 0,
            processor,
        }
    }

    fn time(&self) -> [Duration; 2] {
        [self.warm_up, self.seconds].map(Duration::from_secs)
    }

    fn command(&self) -> String {
        let Self { runs, warm_up, seconds, sizes, .. } = self;
        let command = "cargo run --release -p chancery-bench -- report";
        format!("{command} --runs {runs} --warm-up {warm_up} --seconds {seconds} {sizes}")
    }
}

fn components(kept: &mut Kept) -> Result<Vec<Vec<String>>, Failure> {
    if let Some(table) = kept.components() {
        return Ok(table);
    }
    let table = components::measure()?;
    kept.add(Piece::Components(table.clone()))?;
    Ok(table)
}

fn carry_out(runtime: &Runtime, kept: &mut Kept, plan: &Plan) -> Result<Vec<Row>, Failure> {
    let done = kept.of(plan);
    runtime.block_on(plan.carry_out(done, |run| kept.add(Piece::Run(run.clone()))))
}

fn growth(runtime: &Runtime, kept: &mut Kept, growth: &Growth) -> Result<Vec<Grown>, Failure> {
    let mut all = Vec::new();
    for database in [Database::Sqlite, Database::Postgres] {
        let rows = match kept.growth(database) {
            Some(rows) => rows,
            None => runtime.block_on(growth.measure(database))?,
        };
        if kept.growth(database).is_none() {
            kept.add(Piece::Growth(database, rows.clone()))?;
        }
        all.extend(rows);
    }
    Ok(all)
}

fn minutes(plan: &Plan) -> u64 {
    let of_run =
        |number| plan.lines.iter().map(move |line| lines::cost(line, &plan.manner, number));
    let time: Duration = (0..plan.runs).flat_map(of_run).sum();
    time.as_secs().div_ceil(60)
}

/// There to be revoked; where they are used up, the measurement ends a little earlier.
const SESSIONS_A_SECOND: usize = 4_000;
/// After that memory is looked at again: that of hashes is given back within twenty seconds.
const RESTS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(25)];
