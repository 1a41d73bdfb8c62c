//! What a request costs the server while many are made.

mod answer;
mod connection;
mod drive;
mod floor;
pub(crate) mod grow;
mod plan;
mod process;
mod processor;
mod row;
mod scenario;
mod tally;
mod target;
mod user;
mod watched;

use clap::{Args, ValueEnum};
use tokio::runtime::Builder;

use crate::figures::{Failure, print_table};
use crate::stage::build;
use plan::Plan;
use row::Row;
use scenario::Scenario;

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
    /// How many sessions are made where each request uses one up.
    #[arg(long, default_value_t = 5_000)]
    sessions: usize,
    /// How many further clients there are.
    #[arg(long, default_value_t = 0)]
    clients: usize,
    /// How many revocations are in force.
    #[arg(long, default_value_t = 0)]
    revocations: usize,
    /// How often each row is measured, each time on a new server. The row is the run with the median
    /// of processor time.
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// Print JSON in the place of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    build()?;
    let processor = match processor::divide() {
        Ok(servers) => Some(servers),
        Err(reason) => {
            eprintln!("everything shares the processors: {reason}");
            None
        }
    };
    let rows = Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(Plan { arguments, processor }.carry_out())?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        let body = rows.iter().map(Row::cells);
        print_table(&std::iter::once(Row::head()).chain(body).collect::<Vec<_>>());
    }
    Ok(())
}
