//! The loads on a database that has grown.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::super::drive::{Bounds, drive};
use super::super::figure::{Figures, of_end, of_idle, of_load, of_preparation, of_start};
use super::super::line::{Database, Filling, Line};
use super::super::measure::CHEAP_AND_PROXIED;
use super::super::run::Run;
use super::super::scenario::Scenario;
use super::super::target::Target;
use super::super::user::{Login, Revoke, Unrevoked, VirtualUser};
use super::super::users::Users;
use super::super::watched::Watched;
use super::Arguments;
use super::bulk::Bulk;
use super::fill::{Size, expire, fill};
use super::grown::Grown;
use super::wander::Pool;
use crate::figures::{Failure, now};
use crate::stage::http::get;
use crate::stage::{Cluster, Launch, Node, free_url};

/// What to measure, and the processor that the server has to itself.
pub(super) struct Growth<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) processor: Option<usize>,
}

/// A database that has grown, and its server.
struct Server<'a> {
    node: Node,
    cluster: Option<&'a Cluster>,
    target: Target,
    size: Size,
    /// Of its start, and of what came before.
    figures: Figures,
}

/// What a load is, and which of the scenarios that is.
type Load = (&'static str, Scenario);
const REFRESH: Load = ("refresh", Scenario::Refresh);
const LOGIN: Load = ("login", Scenario::Login);
const REVOKE: Load = ("revoke", Scenario::Revoke);
const BEFORE_THE_JANITOR: Load = ("refresh before the janitor", Scenario::Refresh);
const BESIDE_THE_JANITOR: Load = ("refresh beside the janitor", Scenario::Refresh);

type Group = Vec<Box<dyn VirtualUser>>;

impl Growth<'_> {
    /// Fills a database, and puts one load after the other on it.
    pub(super) async fn measure(
        &self,
        size: Size,
        cluster: Option<&Cluster>,
    ) -> Result<Vec<Grown>, Failure> {
        let (mut server, mut tokens) = self.grow(size, cluster).await?;
        let revoked = tokens.split_off(tokens.len() - tokens.len() / 5);
        let pool = Pool::of(&server.target.caller(), tokens);
        let count = self.arguments.connections;
        let mut rows = vec![
            self.load(&server, REFRESH, (pool.users(count), self.bounds(u64::MAX))).await?,
            self.load(&server, LOGIN, (self.logins(&server), self.bounds(u64::MAX))).await?,
        ];
        let bounds = self.bounds(revoked.len() as u64 / 5);
        rows.push(self.load(&server, REVOKE, (self.revokes(&server, revoked), bounds)).await?);
        if self.arguments.expired > 0 {
            rows.extend(self.beside_the_janitor(&mut server, &pool).await?);
        }
        Ok(rows)
    }

    /// A server with sessions of its own, and all the others.
    async fn grow<'c>(
        &self,
        size: Size,
        cluster: Option<&'c Cluster>,
    ) -> Result<(Server<'c>, Vec<String>), Failure> {
        let start = now();
        let launch = Launch {
            url: free_url()?,
            database: cluster.map(|cluster| cluster.create(NAME)).transpose()?,
            environment: CHEAP_AND_PROXIED,
            processor: self.processor,
            ..Launch::default()
        };
        let mut node = Node::start(launch).await?;
        let target = Target::prepare(&node, ALGORITHM).await?;
        target.fill(Filling { clients: 0, revocations: 1 }).await?;
        let chains = usize::try_from(size.sessions / 2)?.min(self.arguments.chains);
        let own = target.sessions(chains).await?;
        node.stop()?;
        fill(&bulk(&node, cluster), size)?;
        let mut figures = of_start(node.start_again().await?);
        figures.extend(of_preparation(start.elapsed()));
        let server = Server { node, cluster, target, size, figures };
        Ok((server, own.into_iter().map(|session| session.refresh).collect()))
    }

    async fn load(
        &self,
        server: &Server<'_>,
        (what, scenario): Load,
        (users, bounds): (Group, Bounds),
    ) -> Result<Grown, Failure> {
        let metrics = format!("{}/metrics", server.node.url);
        let watched = Watched {
            server: server.node.id(),
            metrics: Some(&metrics),
            postmaster: server.cluster.map(Cluster::postmaster).transpose()?,
        };
        let mut figures = server.figures.clone();
        figures.extend(of_idle(watched.memory()?));
        let address = server.target.address()?;
        let measured = drive(address, Users::alone(users), bounds, &watched).await?;
        figures.extend(of_load(&measured)?);
        figures.extend(of_end(watched.memory()?, None));
        let line = self.line(server, scenario)?;
        let run = Run { line, number: 0, figures, errors: measured.tally.errors };
        let grown = Grown::of(what, server.size, &run)?;
        eprintln!("{}", grown.cells().join(" "));
        Ok(grown)
    }

    fn line(&self, server: &Server<'_>, scenario: Scenario) -> Result<Line, Failure> {
        Ok(Line {
            scenario,
            database: Some(server.cluster.map_or(Database::Sqlite, |_| Database::Postgres)),
            algorithm: Some(ALGORITHM.to_owned()),
            connections: self.arguments.connections,
            filling: Filling {
                clients: usize::try_from(server.size.clients)?,
                revocations: usize::try_from(server.size.revocations)?,
            },
        })
    }

    /// Users of those who were filled in, at random: each logs in a few times at most.
    fn logins(&self, server: &Server<'_>) -> Group {
        let (count, caller) = (self.arguments.connections, server.target.caller());
        let visitor = |number: u32| {
            // Has no divisor in common with any of the sizes, so it leads to others each time.
            let user = u64::from(number) * 7_368_787 % server.size.users + 1;
            server.target.visitor(&format!("grown-{user}"), FIRST_ADDRESS + number)
        };
        let visitors: Vec<_> = (0..VISITORS).map(visitor).collect();
        let of_user = |user| visitors.iter().skip(user).step_by(count);
        (0..count).map(|user| Box::new(Login::new(&caller, of_user(user))) as _).collect()
    }

    fn revokes(&self, server: &Server<'_>, tokens: Vec<String>) -> Group {
        let (caller, tokens): (_, Unrevoked) =
            (server.target.caller(), Rc::new(RefCell::new(tokens)));
        (0..self.arguments.connections)
            .map(|_| Box::new(Revoke::new(&caller, &tokens)) as _)
            .collect()
    }

    /// Refreshes shortly before the janitor's first round, and during it.
    async fn beside_the_janitor(
        &self,
        server: &mut Server<'_>,
        pool: &Rc<Pool>,
    ) -> Result<[Grown; 2], Failure> {
        server.node.stop()?;
        expire(&bulk(&server.node, server.cluster), server.size, self.arguments.expired)?;
        server.figures.extend(of_start(server.node.start_again().await?));
        let (ready, count) = (now(), self.arguments.connections);
        let round = if server.cluster.is_some() { FIRST_ROUND } else { FIRST_ROUND_ON_SQLITE };
        tokio::time::sleep(round.saturating_sub(FIRST_ROUND)).await;
        let window = |before| window(ready, round.saturating_sub(before));
        let alone = (pool.users(count), window(Duration::from_secs(12)));
        let alone = self.load(server, BEFORE_THE_JANITOR, alone).await?;
        let beside = (pool.users(count), window(Duration::from_secs(1)));
        let beside = self.load(server, BESIDE_THE_JANITOR, beside).await?;
        let removed = removed(&server.node).await?;
        eprintln!("the janitor's round removed {removed} sessions");
        Ok([alone, beside])
    }

    fn bounds(&self, warm: u64) -> Bounds {
        let Arguments { warm_up, seconds, .. } = *self.arguments;
        Bounds { time: [warm_up, seconds].map(Duration::from_secs), answers: [warm, u64::MAX] }
    }
}

fn bulk<'a>(node: &Node, cluster: Option<&'a Cluster>) -> Bulk<'a> {
    match cluster {
        None => Bulk::Sqlite(node.database_file()),
        Some(cluster) => Bulk::Postgres(cluster, NAME.to_owned()),
    }
}

/// Measures from so long after the start on; until then it is warmed up.
fn window(ready: Instant, begin: Duration) -> Bounds {
    let warm_up = begin.saturating_sub(ready.elapsed());
    Bounds { time: [warm_up, JANITOR_WINDOW], answers: [u64::MAX; 2] }
}

/// How many sessions the janitor has removed, which it tells at the end of a round.
async fn removed(node: &Node) -> Result<u64, Failure> {
    let name = "chancery_janitor_removed_total{table=\"session\"} ";
    for _ in 0..LONGEST_ROUND.as_secs() {
        let metrics = get(&format!("{}/metrics", node.url)).await?;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        if let Some(removed) = value {
            return Ok(removed);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err("the janitor's first round does not end".into())
}

/// What access tokens are signed with.
const ALGORITHM: &str = "ES256";
const NAME: &str = "grown";
const VISITORS: u32 = 4_000;
const FIRST_ADDRESS: u32 = 10_000;
/// How long after its start a server first removes what is over. On SQLite there is no second clock that
/// could say that the first one is right, so it waits until no token of before can be alive.
const FIRST_ROUND: Duration = Duration::from_mins(1);
const FIRST_ROUND_ON_SQLITE: Duration = Duration::from_hours(1);
const JANITOR_WINDOW: Duration = Duration::from_secs(5);
const LONGEST_ROUND: Duration = Duration::from_mins(2);
