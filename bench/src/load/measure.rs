//! One measurement, on a server or a bare program of its own.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::drive::{Bounds, drive};
use super::figure::{Figures, of_end, of_idle, of_load, of_preparation, of_start};
use super::floor::Floor;
use super::line::Line;
use super::pgbench::rotate;
use super::process::Memory;
use super::run::Run;
use super::scenario::Scenario;
use super::target::Target;
use super::user::Caller;
use super::users::{Size, Users};
use super::watched::Watched;
use crate::figures::{Failure, now};
use crate::stage::{Cluster, Launch, Node, free_url};

/// How everything is measured.
#[derive(Clone)]
pub(crate) struct Manner {
    /// For how long the load is on before it is measured, and for how long it is measured.
    pub(crate) time: [Duration; 2],
    /// With how many answers a measurement ends before its time.
    pub(crate) requests: u64,
    /// How many sessions are made where each request uses one up, and how many tokens where the server is not
    /// to remember them.
    pub(crate) sessions: usize,
    /// How long after a load memory is looked at again, if at all: after one in which no password is
    /// hashed at its cost, and after one in which some are.
    pub(crate) rests: [Duration; 2],
    /// The processor that the server has to itself.
    pub(crate) processor: Option<usize>,
}

impl Manner {
    /// How long after a load of this scenario memory is looked at again. Where passwords are hashed it has to
    /// rest before the load too, since what is made for it hashes some, and so only the first run does.
    pub(crate) fn rest(&self, scenario: Scenario, number: usize) -> Duration {
        match scenario.hashes() {
            true if number > 0 => Duration::ZERO,
            hashes => self.rests[usize::from(hashes)],
        }
    }
}

/// On what a measurement is made.
#[derive(Clone, Copy)]
pub(super) struct Stage<'a> {
    pub(super) manner: &'a Manner,
    pub(super) cluster: Option<&'a Cluster>,
}

/// The figures of a run, and what was wrong.
type Found = (Figures, BTreeMap<String, u64>);

impl Stage<'_> {
    pub(super) async fn measure(self, line: &Line, number: usize) -> Result<Run, Failure> {
        let found = match line.scenario {
            Scenario::Pgbench => self.pgbench(line, number).await,
            scenario if scenario.is_floor() => self.floor(line).await,
            _ => self.server(line, number).await,
        };
        let (figures, errors) =
            found.map_err(|error| format!("{}: {error}", line.scenario.name()))?;
        // What one row leaves is not to be swept up during the next.
        if let Some(cluster) = self.cluster {
            cluster.remove(&name(line, number))?;
        }
        Ok(Run { line: line.clone(), number, figures, errors })
    }

    async fn floor(self, line: &Line) -> Result<Found, Failure> {
        let floor = Floor::start(line.algorithm.as_deref(), self.manner.processor)?;
        let watched = Watched {
            server: floor.id(),
            metrics: None,
            postmaster: None,
            is_shared: self.is_shared(),
        };
        let caller = Rc::new(Caller::new(&floor.address.to_string(), ("load", "secret")));
        let users = (0..line.connections).map(|_| line.scenario.plain(&caller)).collect();
        let users = Users::alone(users);
        let before = watched.memory()?;
        let mut figures = of_idle(before);
        let measured = drive(floor.address, users, self.bounds(line), &watched).await?;
        figures.extend(of_load(&measured)?);
        figures.extend(of_end([before, watched.memory()?], None));
        Ok((figures, measured.tally.errors))
    }

    async fn pgbench(self, line: &Line, number: usize) -> Result<Found, Failure> {
        let cluster = self.cluster.ok_or("there is no PostgreSQL")?;
        let node = self.start(line, number).await?;
        let target = Target::prepare(&node, ALGORITHM).await?;
        target.sessions(line.connections).await?;
        drop(node);
        let figures = rotate(cluster, &name(line, number), line.connections, self.manner.time)?;
        Ok((figures, BTreeMap::new()))
    }

    async fn server(self, line: &Line, number: usize) -> Result<Found, Failure> {
        let mut node = self.start(line, number).await?;
        // What the first start does besides, such as making keys, is not what is measured.
        let started = node.restart().await?;
        tokio::time::sleep(SETTLING).await;
        let metrics = format!("{}/metrics", node.url);
        let postmaster = self.cluster.map(Cluster::postmaster).transpose()?;
        let is_shared =
            self.is_shared() || postmaster.is_some() && !line.scenario.leaves_the_database_alone();
        let watched = Watched { server: node.id(), metrics: Some(&metrics), postmaster, is_shared };
        let mut figures = of_start(started);
        figures.extend(of_idle(watched.memory()?));
        if line.scenario == Scenario::Idle {
            return Ok((figures, BTreeMap::new()));
        }
        let start = now();
        let target = Target::prepare(&node, line.algorithm.as_deref().unwrap_or(ALGORITHM)).await?;
        target.fill(line.filling).await?;
        let size = Size { users: line.connections, sessions: self.manner.sessions };
        let users = line.scenario.users(&target, size).await?;
        figures.extend(of_preparation(start.elapsed()));
        let rest = self.manner.rest(line.scenario, number);
        if line.scenario.hashes() {
            tokio::time::sleep(rest).await;
        }
        let before = watched.memory()?;
        let measured = drive(target.address()?, users, self.bounds(line), &watched).await?;
        figures.extend(of_load(&measured)?);
        if line.scenario == Scenario::Revoke {
            measured.check_ended(line.connections)?;
        }
        let end = watched.memory()?;
        figures.extend(of_end([before, end], back(rest, &watched).await?));
        Ok((figures, measured.tally.errors))
    }

    /// Whether server and generator share what processors there are.
    fn is_shared(self) -> bool {
        self.manner.processor.is_none()
    }

    async fn start(self, line: &Line, number: usize) -> Result<Node, Failure> {
        let launch = Launch {
            url: free_url()?,
            database: self
                .cluster
                .map(|cluster| cluster.create(&name(line, number)))
                .transpose()?,
            environment: if line.scenario.hashes() { PROXIED } else { CHEAP_AND_PROXIED },
            processor: self.manner.processor,
            ..Launch::default()
        };
        Node::start(launch).await
    }

    fn bounds(self, line: &Line) -> Bounds {
        let Manner { time, requests, sessions, .. } = *self.manner;
        // A fifth of what can be used up is for the warm-up.
        let warm = if line.scenario.consumes() { sessions as u64 / 5 } else { requests };
        Bounds { time, answers: [warm, requests] }
    }
}

/// The memory once a load is over, if there is time for it.
async fn back(rest: Duration, watched: &Watched<'_>) -> Result<Option<Memory>, Failure> {
    if rest.is_zero() {
        return Ok(None);
    }
    tokio::time::sleep(rest).await;
    watched.memory().map(Some)
}

/// A name for the database of a run.
fn name(line: &Line, number: usize) -> String {
    let algorithm = line.algorithm.as_deref().unwrap_or_default();
    let scenario = line.scenario.name().replace('-', "_");
    let clients = line.filling.clients;
    format!("{scenario}_{algorithm}_{}_{clients}_{number}", line.connections).to_lowercase()
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
/// Where nothing depends on it.
const ALGORITHM: &str = "ES256";
/// What a start leaves behind is over by then.
const SETTLING: Duration = Duration::from_secs(1);
