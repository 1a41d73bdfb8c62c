//! What requests cost while the tables grow: the same load on a small database and on a large one, and
//! beside the janitor.

mod bulk;
mod fill;
mod grown;
mod measure;
mod room;
mod wander;

use clap::Args;
use tokio::runtime::Builder;

use self::fill::Size;
use self::measure::Growth;
use super::{Database, own_processor};
use crate::figures::{Failure, print_table};
use crate::stage::{Cluster, build};

#[derive(Args)]
pub(crate) struct Arguments {
    /// How many sessions there are, one database for each number. A user has ten of them, a client a
    /// hundred, and for ten there is a revocation in force.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 300_000])]
    sessions: Vec<u64>,
    /// So many clients, in the place of what the sessions say.
    #[arg(long)]
    clients: Option<u64>,
    /// So many revocations, in the place of what the sessions say.
    #[arg(long)]
    revocations: Option<u64>,
    /// Where the server keeps its data.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Database::Sqlite])]
    database: Vec<Database>,
    /// How many of the sessions are refreshed, by turns at random; half of them at most.
    #[arg(long, default_value_t = 20_000)]
    chains: usize,
    /// How many virtual users there are, each with a connection.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// For how many seconds the load is on before it is measured.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// For how many seconds it is measured.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many expired sessions the janitor finds; none leaves it out. It begins after a minute, on
    /// SQLite after an hour.
    #[arg(long, default_value_t = 0)]
    expired: u64,
    /// Go on although it takes long and much room.
    #[arg(long)]
    yes: bool,
    /// Print JSON in the place of tables.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let sizes = arguments.sessions.iter().map(|sessions| {
        let size = Size::of(*sessions);
        Size {
            clients: arguments.clients.unwrap_or(size.clients),
            revocations: arguments.revocations.unwrap_or(size.revocations),
            ..size
        }
    });
    let sizes: Vec<Size> = sizes.collect();
    room::check(&sizes, arguments.yes)?;
    build()?;
    let growth = Growth { arguments, processor: own_processor() };
    let measured = async {
        let mut rows = Vec::new();
        for database in &arguments.database {
            for size in &sizes {
                // A cluster takes its data with it.
                let cluster = match database {
                    Database::Sqlite => None,
                    Database::Postgres => Some(Cluster::start()?),
                };
                rows.extend(growth.measure(*size, cluster.as_ref()).await?);
            }
        }
        Ok::<_, Failure>(rows)
    };
    let rows = Builder::new_current_thread().enable_all().build()?.block_on(measured)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    print_table(&grown::all(&rows));
    print_table(&grown::ratios(&rows));
    Ok(())
}
