//! All loads by one command, and the tables of docs/performance.md that come of it.

mod aims;
mod kept;
mod lines;
mod machine;
mod page;

use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;

use crate::figures::Failure;
use crate::load::{Manner, Plan, own_processor};
use crate::stage::build;
use kept::Kept;
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
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Go on with what was measured before, of the same version and for as long.
    #[arg(long)]
    resume: bool,
}

/// What figures must have in common to stand in one table.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Terms {
    commit: String,
    warm_up: u64,
    seconds: u64,
    is_divided: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    build()?;
    let machine = Machine::here()?;
    let processor = own_processor();
    let terms = Terms {
        commit: machine.commit.clone(),
        warm_up: arguments.warm_up,
        seconds: arguments.seconds,
        is_divided: processor.is_some(),
    };
    let [speed, memory] = arguments.plans(processor);
    eprintln!("about {} minutes", minutes(&speed) + minutes(&memory));
    let mut kept = Kept::open(&terms, arguments.resume)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut measure = |plan: &Plan| {
        let done = kept.of(plan);
        runtime.block_on(plan.carry_out(done, |run| kept.add(run)))
    };
    let (speed, memory) = (measure(&speed)?, measure(&memory)?);
    page::write(&machine, &arguments.command(), &speed, &memory)
}

impl Arguments {
    /// What loads cost, and what they leave in memory.
    fn plans(&self, processor: Option<usize>) -> [Plan; 2] {
        let manner = |rest| Manner {
            time: [self.warm_up, self.seconds].map(Duration::from_secs),
            requests: u64::MAX,
            sessions: SESSIONS_A_SECOND * usize::try_from(self.seconds).unwrap_or(1),
            rest,
            processor,
        };
        let plan = |lines, rest| Plan { lines, runs: self.runs, manner: manner(rest) };
        [plan(lines::of_speed(), Duration::ZERO), plan(lines::of_memory(), REST)]
    }

    fn command(&self) -> String {
        let Self { runs, warm_up, seconds, .. } = self;
        let command = "cargo run --release -p chancery-bench -- report";
        format!("{command} --runs {runs} --warm-up {warm_up} --seconds {seconds}")
    }
}

fn minutes(plan: &Plan) -> u64 {
    let time: Duration = plan.lines.iter().map(|line| lines::cost(line, &plan.manner)).sum();
    (time.as_secs() * plan.runs as u64).div_ceil(60)
}

/// There to be revoked; where they are used up, the measurement ends a little earlier.
const SESSIONS_A_SECOND: usize = 1_500;
/// After that memory is looked at again: that of hashes is given back within twenty seconds.
const REST: Duration = Duration::from_secs(25);
