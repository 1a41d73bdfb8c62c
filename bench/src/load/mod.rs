//! What a request costs the server while many are made.

mod answer;
mod connection;
mod drive;
mod figure;
mod floor;
pub(crate) mod grow;
mod line;
mod measure;
mod people;
mod pgbench;
mod plan;
mod process;
mod processor;
mod row;
mod run;
mod scenario;
pub(crate) mod table;
mod tally;
mod target;
mod user;
mod users;
mod watched;

use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::runtime::Builder;

use crate::figures::{Failure, print_table};
use crate::stage::build;
pub(crate) use figure::Figure;
pub(crate) use line::{Database, Filling, Line};
pub(crate) use measure::Manner;
pub(crate) use plan::Plan;
pub(crate) use row::{Row, Spread};
pub(crate) use run::Run;
pub(crate) use scenario::Scenario;
use table::{COST, LATENCY, MEMORY, PLACE, table};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What to measure; everything where nothing is named.
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// Where the server keeps its data.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Database::Sqlite])]
    database: Vec<Database>,
    /// How many virtual users there are, each with a connection, one row for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [8])]
    connections: Vec<usize>,
    /// What access tokens are signed with: ES256, RS256, PS256 or EdDSA.
    #[arg(long, default_value = "ES256")]
    algorithm: String,
    /// For how many seconds the load is on before it is measured.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// For how many seconds it is measured.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// With how many answers a measurement ends before its time.
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// How many sessions are made where each request uses one up, and how many tokens where the server is not
    /// to remember them.
    #[arg(long, default_value_t = 6_000)]
    sessions: usize,
    /// How many further clients there are.
    #[arg(long, default_value_t = 0)]
    clients: usize,
    /// How many revocations are in force.
    #[arg(long, default_value_t = 0)]
    revocations: usize,
    /// How many seconds after a load memory is looked at again, if at all.
    #[arg(long, default_value_t = 0)]
    rest: u64,
    /// How often each row is measured, each time on a new server: all rows once, and then all again.
    /// A figure is the median of all runs.
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// Print JSON in the place of a table.
    #[arg(long)]
    json: bool,
}

/// Measures what the arguments name, and prints it.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    build()?;
    let plan = Plan {
        lines: arguments.lines(),
        runs: arguments.runs,
        manner: arguments.manner(own_processor()),
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let rows = runtime.block_on(plan.carry_out(Vec::new(), |_| Ok(())))?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        let columns = [PLACE.as_slice(), &LATENCY, &COST, &MEMORY].concat();
        print_table(&table(&columns, &rows.iter().collect::<Vec<_>>()));
    }
    Ok(())
}

/// The processor that servers have to themselves, if there is one.
pub(crate) fn own_processor() -> Option<usize> {
    let divided = processor::divide();
    if let Err(reason) = &divided {
        eprintln!("everything shares the processors: {reason}");
    }
    divided.ok()
}

impl Arguments {
    /// The floors first.
    fn lines(&self) -> Vec<Line> {
        let scenarios = match self.scenarios.as_slice() {
            [] => Scenario::value_variants(),
            some => some,
        };
        let databases = std::iter::once(None).chain(self.database.iter().copied().map(Some));
        let mut lines = Vec::new();
        for database in databases {
            for connections in self.connections.iter().copied() {
                let scenarios = scenarios.iter().filter(|scenario| scenario.is_on(database));
                lines.extend(scenarios.map(|scenario| Line {
                    scenario: *scenario,
                    database,
                    algorithm: scenario.signs().then(|| self.algorithm.clone()),
                    connections,
                    filling: self.filling(database),
                }));
            }
        }
        lines
    }

    fn filling(&self, database: Option<Database>) -> Filling {
        let filling = Filling { clients: self.clients, revocations: self.revocations };
        database.map(|_| filling).unwrap_or_default()
    }

    fn manner(&self, processor: Option<usize>) -> Manner {
        Manner {
            time: [self.warm_up, self.seconds].map(Duration::from_secs),
            requests: self.requests,
            sessions: self.sessions,
            rests: [Duration::from_secs(self.rest); 2],
            processor,
        }
    }
}
