//! What a request costs the server while many are made.

mod answer;
mod connection;
mod drive;
mod floor;
mod process;
mod processor;
mod row;
mod scenario;
mod tally;
mod target;
mod user;
mod watched;

use std::rc::Rc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::runtime::Builder;

use crate::figures::{Failure, now, print_table};
use crate::stage::{Cluster, Launch, Node, build, free_url};
use drive::{Bounds, drive};
use floor::Floor;
use row::{Place, Row};
use scenario::{Scenario, Size};
use target::Target;
use user::Caller;
use watched::Watched;

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

struct Plan<'a> {
    arguments: &'a Arguments,
    processor: Option<usize>,
}

impl Plan<'_> {
    async fn carry_out(&self) -> Result<Vec<Row>, Failure> {
        let (floors, scenarios): (Vec<_>, Vec<_>) =
            self.scenarios().into_iter().partition(|scenario| scenario.is_floor());
        let mut rows = Vec::new();
        for connections in &self.arguments.connections {
            for scenario in &floors {
                rows.push(self.floor(*scenario, *connections).await?);
            }
        }
        for database in &self.arguments.database {
            let cluster = match database {
                Database::Sqlite => None,
                Database::Postgres => Some(Cluster::start()?),
            };
            for connections in &self.arguments.connections {
                for scenario in &scenarios {
                    let mut row = self.server(*scenario, *connections, cluster.as_ref()).await?;
                    row.ratio_to_floor = ratio(&row, &rows, *scenario);
                    rows.push(row);
                }
            }
        }
        Ok(rows)
    }

    fn scenarios(&self) -> Vec<Scenario> {
        match self.arguments.scenarios.as_slice() {
            [] => Scenario::value_variants().to_vec(),
            some => some.to_vec(),
        }
    }

    async fn floor(&self, scenario: Scenario, connections: usize) -> Result<Row, Failure> {
        let floor = Floor::start(&self.arguments.algorithm, self.processor)?;
        let watched = Watched { server: floor.id(), metrics: None, postmaster: None };
        let caller = Rc::new(Caller::new(&floor.address.to_string(), ("load", "secret")));
        let users = (0..connections).map(|_| scenario.plain(&caller)).collect();
        let idle = watched.memory()?;
        let measured = drive(floor.address, users, self.bounds(scenario), &watched).await?;
        let place = self.place(scenario, (connections, "–"), Duration::ZERO);
        Row::of(place, &measured, [idle, watched.memory()?])
    }

    async fn server(
        &self,
        scenario: Scenario,
        connections: usize,
        cluster: Option<&Cluster>,
    ) -> Result<Row, Failure> {
        let name = format!("{}_{connections}", scenario.name().replace('-', "_"));
        let database = cluster.map(|cluster| cluster.create(&name)).transpose()?;
        let node = Node::start(Launch {
            url: free_url()?,
            database,
            environment: if scenario.hashes() { &[] } else { CHEAP_HASHES },
            processor: self.processor,
            ..Launch::default()
        });
        let node = node.await?;
        tokio::time::sleep(SETTLING).await;
        let metrics = format!("{}/metrics", node.url);
        let postmaster = cluster.map(Cluster::postmaster).transpose()?;
        let watched = Watched { server: node.id(), metrics: Some(&metrics), postmaster };
        let idle = watched.memory()?;
        let size = Size { users: connections, sessions: self.arguments.sessions };
        let start = now();
        let target = Target::prepare(&node, &self.arguments.algorithm).await?;
        let users = scenario.users(&target, size).await?;
        let setup = start.elapsed();
        let measured = drive(target.address()?, users, self.bounds(scenario), &watched).await?;
        let kept = if cluster.is_some() { "PostgreSQL" } else { "SQLite" };
        let place = self.place(scenario, (connections, kept), setup);
        Row::of(place, &measured, [idle, watched.memory()?])
    }

    fn bounds(&self, scenario: Scenario) -> Bounds {
        let Arguments { warm_up, seconds, requests, sessions, .. } = *self.arguments;
        // A fifth of what can be used up is for the warm-up.
        let warm = if scenario.consumes() { sessions as u64 / 5 } else { requests };
        Bounds { time: [warm_up, seconds].map(Duration::from_secs), answers: [warm, requests] }
    }

    fn place(
        &self,
        scenario: Scenario,
        (connections, database): (usize, &'static str),
        setup: Duration,
    ) -> Place {
        let (scenario, algorithm) = (scenario.name(), self.arguments.algorithm.clone());
        eprintln!("{scenario}, {database}, {connections}: set up in {:.1} s", setup.as_secs_f64());
        Place { scenario, database, algorithm, connections, setup }
    }
}

/// Against the floor of the same run, if it was measured.
fn ratio(row: &Row, rows: &[Row], scenario: Scenario) -> Option<f64> {
    let floor = scenario.floor()?.name();
    let floor = rows.iter().find(|one| one.scenario == floor && one.connections == row.connections);
    Some(row.cpu() / floor?.cpu())
}

/// Where hashes are not what is measured, the logins beforehand need not cost much.
const CHEAP_HASHES: &[(&str, &str)] = &[
    ("CHANCERY_PASSWORDS__ARGON2_MEMORY_KIB", "8"),
    ("CHANCERY_PASSWORDS__ARGON2_ITERATIONS", "1"),
];
/// What a start leaves behind is over by then.
const SETTLING: Duration = Duration::from_secs(1);
