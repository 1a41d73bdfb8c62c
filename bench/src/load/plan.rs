//! The measurements, one after the other, each on a server of its own.

use std::rc::Rc;
use std::time::Duration;

use clap::ValueEnum;

use super::drive::{Bounds, drive};
use super::floor::Floor;
use super::row::{Place, Row};
use super::scenario::{Scenario, Size};
use super::target::Target;
use super::user::Caller;
use super::watched::Watched;
use super::{Arguments, Database};
use crate::figures::{Failure, now};
use crate::stage::{Cluster, Launch, Node, free_url};

/// What to measure, and the processor that the server has to itself.
pub(super) struct Plan<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) processor: Option<usize>,
}

/// One row of it.
#[derive(Clone, Copy)]
struct Line<'a> {
    scenario: Scenario,
    connections: usize,
    cluster: Option<&'a Cluster>,
}

impl Plan<'_> {
    /// The rows, the floors first.
    pub(super) async fn carry_out(&self) -> Result<Vec<Row>, Failure> {
        let (floors, scenarios): (Vec<_>, Vec<_>) =
            self.scenarios().into_iter().partition(|scenario| scenario.is_floor());
        let mut rows = Vec::new();
        self.add(&mut rows, &floors, None).await?;
        for database in &self.arguments.database {
            let cluster = match database {
                Database::Sqlite => None,
                Database::Postgres => Some(Cluster::start()?),
            };
            self.add(&mut rows, &scenarios, cluster.as_ref()).await?;
        }
        Ok(rows)
    }

    fn scenarios(&self) -> Vec<Scenario> {
        match self.arguments.scenarios.as_slice() {
            [] => Scenario::value_variants().to_vec(),
            some => some.to_vec(),
        }
    }

    async fn add(
        &self,
        rows: &mut Vec<Row>,
        scenarios: &[Scenario],
        cluster: Option<&Cluster>,
    ) -> Result<(), Failure> {
        for connections in self.arguments.connections.iter().copied() {
            for scenario in scenarios.iter().copied() {
                let line = Line { scenario, connections, cluster };
                let mut runs = Vec::new();
                for run in 0..self.arguments.runs {
                    runs.push(self.measure(line, run).await?);
                }
                let mut row = Row::median(runs)?;
                row.ratio_to_floor = ratio(&row, rows, scenario);
                rows.push(row);
            }
        }
        Ok(())
    }

    async fn measure(&self, line: Line<'_>, run: usize) -> Result<Row, Failure> {
        let row = if line.scenario.is_floor() {
            self.floor(line).await?
        } else {
            self.server(line, run).await?
        };
        eprintln!("{}", row.cells().join(" "));
        Ok(row)
    }

    async fn floor(&self, line: Line<'_>) -> Result<Row, Failure> {
        let floor = Floor::start(&self.arguments.algorithm, self.processor)?;
        let watched = Watched { server: floor.id(), metrics: None, postmaster: None };
        let caller = Rc::new(Caller::new(&floor.address.to_string(), ("load", "secret")));
        let users = (0..line.connections).map(|_| line.scenario.plain(&caller)).collect();
        let idle = watched.memory()?;
        let measured = drive(floor.address, users, self.bounds(line), &watched).await?;
        let place = self.place(line, ("–", None, Duration::ZERO));
        Row::of(place, &measured, [idle, watched.memory()?])
    }

    async fn server(&self, line: Line<'_>, run: usize) -> Result<Row, Failure> {
        let mut node = self.start(line, run).await?;
        // What the first start does besides, such as making keys, is not what is measured.
        let started = node.restart().await?;
        tokio::time::sleep(SETTLING).await;
        let metrics = format!("{}/metrics", node.url);
        let postmaster = line.cluster.map(Cluster::postmaster).transpose()?;
        let watched = Watched { server: node.id(), metrics: Some(&metrics), postmaster };
        let idle = watched.memory()?;
        let start = now();
        let target = Target::prepare(&node, &self.arguments.algorithm).await?;
        target.fill(self.arguments.clients, self.arguments.revocations).await?;
        let size = Size { users: line.connections, sessions: self.arguments.sessions };
        let users = line.scenario.users(&target, size).await?;
        let setup = start.elapsed();
        let measured = drive(target.address()?, users, self.bounds(line), &watched).await?;
        let kept = if line.cluster.is_some() { "PostgreSQL" } else { "SQLite" };
        Row::of(
            self.place(line, (kept, Some(started), setup)),
            &measured,
            [idle, watched.memory()?],
        )
    }

    async fn start(&self, line: Line<'_>, run: usize) -> Result<Node, Failure> {
        let name = format!("{}_{}_{run}", line.scenario.name(), line.connections);
        let create = |cluster: &Cluster| cluster.create(&name.replace('-', "_"));
        let launch = Launch {
            url: free_url()?,
            database: line.cluster.map(create).transpose()?,
            environment: if line.scenario.hashes() { PROXIED } else { CHEAP_AND_PROXIED },
            processor: self.processor,
            ..Launch::default()
        };
        Node::start(launch).await
    }

    fn bounds(&self, line: Line<'_>) -> Bounds {
        let Arguments { warm_up, seconds, requests, sessions, .. } = *self.arguments;
        // A fifth of what can be used up is for the warm-up.
        let warm = if line.scenario.consumes() { sessions as u64 / 5 } else { requests };
        Bounds { time: [warm_up, seconds].map(Duration::from_secs), answers: [warm, requests] }
    }

    fn place(
        &self,
        line: Line<'_>,
        (database, started, setup): (&'static str, Option<Duration>, Duration),
    ) -> Place {
        Place {
            scenario: line.scenario.name(),
            database,
            algorithm: self.arguments.algorithm.clone(),
            connections: line.connections,
            started,
            setup,
        }
    }
}

/// Against the floor of the same run, if it was measured.
fn ratio(row: &Row, rows: &[Row], scenario: Scenario) -> Option<f64> {
    let floor = scenario.floor()?.name();
    let floor = rows.iter().find(|one| one.scenario == floor && one.connections == row.connections);
    Some(row.cpu() / floor?.cpu())
}

/// As a proxy on this machine the generator says where each login comes from.
const PROXY: (&str, &str) = ("CHANCERY_TRUSTED_PROXIES", "127.0.0.1/32");
const PROXIED: &[(&str, &str)] = &[PROXY];
/// Where hashes are not what is measured, the logins beforehand need not cost much.
pub(super) const CHEAP_AND_PROXIED: &[(&str, &str)] = &[
    PROXY,
    ("CHANCERY_PASSWORDS__ARGON2_MEMORY_KIB", "8"),
    ("CHANCERY_PASSWORDS__ARGON2_ITERATIONS", "1"),
];
/// What a start leaves behind is over by then.
const SETTLING: Duration = Duration::from_secs(1);
