//! A database that has grown, and its server.

use std::rc::Rc;

use super::super::drive::{Bounds, drive};
use super::super::figure::{Figures, of_load, of_preparation, of_start};
use super::super::line::{Database, Filling, Line};
use super::super::measure::CHEAP_AND_PROXIED;
use super::super::run::Run;
use super::super::scenario::Scenario;
use super::super::target::Target;
use super::super::user::VirtualUser;
use super::super::users::Users;
use super::super::watched::Watched;
use super::Growth;
use super::bulk::Bulk;
use super::fill::{Size, fill};
use super::grown::{Taken, What};
use super::wander::Pool;
use crate::figures::{Failure, now};
use crate::stage::{Cluster, Launch, Node, free_url};

pub(super) struct Server<'a> {
    pub(super) node: Node,
    cluster: Option<&'a Cluster>,
    pub(super) target: Target,
    pub(super) size: Size,
    /// Of its start, and of what came before.
    pub(super) figures: Figures,
    /// The sessions that are refreshed.
    pub(super) pool: Rc<Pool>,
    /// The refresh tokens of those that nobody has ended yet.
    pub(super) unrevoked: Vec<String>,
    /// Whether server and generator share what processors there are.
    is_shared: bool,
}

/// A load: its users, and when it ends.
pub(super) type Load = (Vec<Box<dyn VirtualUser>>, Bounds);

impl<'a> Server<'a> {
    /// A server with sessions of its own, and all the others.
    pub(super) async fn grow(
        growth: &Growth,
        size: Size,
        cluster: Option<&'a Cluster>,
    ) -> Result<Self, Failure> {
        let start = now();
        let launch = Launch {
            url: free_url()?,
            database: cluster.map(|cluster| cluster.create(NAME)).transpose()?,
            environment: CHEAP_AND_PROXIED,
            processor: growth.processor,
            ..Launch::default()
        };
        let mut node = Node::start(launch).await?;
        let target = Target::prepare(&node, ALGORITHM).await?;
        target.fill(Filling { clients: 0, revocations: 1 }).await?;
        let chains = usize::try_from(size.sessions / 2)?.min(growth.chains);
        let own = target.sessions(chains).await?.into_iter();
        let mut tokens: Vec<_> = own.map(|session| session.refresh).collect();
        // What the others are copied from has been refreshed, as nearly all of them have.
        if let Some(first) = tokens.first_mut() {
            *first = target.refresh(first).await?;
        }
        let unrevoked = tokens.split_off(tokens.len() - tokens.len() * 2 / 5);
        let pool = Pool::of(&target.caller(), tokens);
        node.stop()?;
        fill(&bulk(&node, cluster), size)?;
        let mut figures = of_start(node.start_again().await?);
        figures.extend(of_preparation(start.elapsed()));
        let is_shared = growth.processor.is_none();
        Ok(Self { node, cluster, target, size, figures, pool, unrevoked, is_shared })
    }

    /// Its database, while the server has stopped.
    pub(super) fn bulk(&self) -> Bulk<'_> {
        bulk(&self.node, self.cluster)
    }

    pub(super) fn database(&self) -> Database {
        self.cluster.map_or(Database::Sqlite, |_| Database::Postgres)
    }

    /// Puts a load on it.
    pub(super) async fn load(
        &self,
        (what, number): (What, usize),
        (users, bounds): Load,
    ) -> Result<Taken, Failure> {
        let metrics = format!("{}/metrics", self.node.url);
        let watched = Watched {
            server: self.node.id(),
            metrics: Some(&metrics),
            postmaster: self.cluster.map(Cluster::postmaster).transpose()?,
            is_shared: self.cluster.is_some() || self.is_shared,
        };
        // There is one start.
        let mut figures = if number == 0 { self.figures.clone() } else { Figures::new() };
        let line = self.line(what, users.len())?;
        let address = self.target.address()?;
        let measured = drive(address, Users::alone(users), bounds, &watched).await?;
        figures.extend(of_load(&measured)?);
        if line.scenario == Scenario::Revoke {
            measured.check_ended(line.connections)?;
        }
        let run = Run { line, number, figures, errors: measured.tally.errors };
        let taken = Taken { what, sessions: self.size.sessions, run };
        taken.tell();
        Ok(taken)
    }

    fn line(&self, what: What, connections: usize) -> Result<Line, Failure> {
        Ok(Line {
            scenario: what.scenario(),
            database: Some(self.database()),
            algorithm: Some(ALGORITHM.to_owned()),
            connections,
            filling: Filling {
                clients: usize::try_from(self.size.clients)?,
                revocations: usize::try_from(self.size.revocations)?,
            },
        })
    }
}

fn bulk<'a>(node: &Node, cluster: Option<&'a Cluster>) -> Bulk<'a> {
    match cluster {
        None => Bulk::Sqlite(node.database_file()),
        Some(cluster) => Bulk::Postgres(cluster, NAME.to_owned()),
    }
}

/// What access tokens are signed with.
const ALGORITHM: &str = "ES256";
const NAME: &str = "grown";
