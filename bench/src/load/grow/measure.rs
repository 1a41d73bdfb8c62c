//! The loads on a database that has grown.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::super::drive::{Bounds, drive};
use super::super::plan::CHEAP_AND_PROXIED;
use super::super::row::{Place, Row};
use super::super::target::Target;
use super::super::user::{Login, Revoke, Unrevoked, VirtualUser};
use super::super::watched::Watched;
use super::Arguments;
use super::bulk::Bulk;
use super::fill::{Size, expire, fill};
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
struct Grown<'a> {
    node: Node,
    cluster: Option<&'a Cluster>,
    target: Target,
    size: Size,
    started: Duration,
    setup: Duration,
}

type Users = Vec<Box<dyn VirtualUser>>;

impl Growth<'_> {
    /// Fills a database, and puts one load after the other on it.
    pub(super) async fn measure(
        &self,
        size: Size,
        cluster: Option<&Cluster>,
    ) -> Result<Vec<Row>, Failure> {
        let (mut grown, mut tokens) = self.grow(size, cluster).await?;
        let revoked = tokens.split_off(tokens.len() - tokens.len() / 5);
        let pool = Pool::of(&grown.target.caller(), tokens);
        let count = self.arguments.connections;
        let mut rows = vec![
            self.load(&grown, "refresh", (pool.users(count), self.bounds(u64::MAX))).await?,
            self.load(&grown, "login", (self.logins(&grown), self.bounds(u64::MAX))).await?,
        ];
        let bounds = self.bounds(revoked.len() as u64 / 5);
        rows.push(self.load(&grown, "revoke", (self.revokes(&grown, revoked), bounds)).await?);
        if self.arguments.expired > 0 {
            rows.extend(self.beside_the_janitor(&mut grown, &pool).await?);
        }
        Ok(rows)
    }

    /// A server with sessions of its own, and all the others.
    async fn grow<'c>(
        &self,
        size: Size,
        cluster: Option<&'c Cluster>,
    ) -> Result<(Grown<'c>, Vec<String>), Failure> {
        let start = now();
        let launch = Launch {
            url: free_url()?,
            database: cluster.map(|cluster| cluster.create(NAME)).transpose()?,
            environment: CHEAP_AND_PROXIED,
            processor: self.processor,
            ..Launch::default()
        };
        let mut node = Node::start(launch).await?;
        let target = Target::prepare(&node, "ES256").await?;
        target.fill(0, 1).await?;
        let chains = usize::try_from(size.sessions / 2)?.min(self.arguments.chains);
        let own = target.sessions(chains).await?;
        node.stop()?;
        fill(&bulk(&node, cluster), size)?;
        let started = node.start_again().await?;
        let grown = Grown { node, cluster, target, size, started, setup: start.elapsed() };
        Ok((grown, own.into_iter().map(|session| session.refresh).collect()))
    }

    async fn load(
        &self,
        grown: &Grown<'_>,
        what: &str,
        (users, bounds): (Users, Bounds),
    ) -> Result<Row, Failure> {
        let metrics = format!("{}/metrics", grown.node.url);
        let watched = Watched {
            server: grown.node.id(),
            metrics: Some(&metrics),
            postmaster: grown.cluster.map(Cluster::postmaster).transpose()?,
        };
        let idle = watched.memory()?;
        let measured = drive(grown.target.address()?, users, bounds, &watched).await?;
        let place = Place {
            scenario: format!("{what}, {} sessions", grown.size.sessions),
            database: if grown.cluster.is_some() { "PostgreSQL" } else { "SQLite" },
            algorithm: "ES256".to_owned(),
            connections: self.arguments.connections,
            started: Some(grown.started),
            setup: grown.setup,
        };
        let row = Row::of(place, &measured, [idle, watched.memory()?])?;
        eprintln!("{}", row.cells().join(" "));
        Ok(row)
    }

    /// Users of those who were filled in, at random: each logs in a few times at most.
    fn logins(&self, grown: &Grown<'_>) -> Users {
        let (count, caller) = (self.arguments.connections, grown.target.caller());
        let visitor = |number: u32| {
            // Has no divisor in common with any of the sizes, so it leads to others each time.
            let user = u64::from(number) * 7_368_787 % grown.size.users + 1;
            grown.target.visitor(&format!("grown-{user}"), FIRST_ADDRESS + number)
        };
        let visitors: Vec<_> = (0..VISITORS).map(visitor).collect();
        let of_user = |user| visitors.iter().skip(user).step_by(count);
        (0..count).map(|user| Box::new(Login::new(&caller, of_user(user))) as _).collect()
    }

    fn revokes(&self, grown: &Grown<'_>, tokens: Vec<String>) -> Users {
        let (caller, tokens): (_, Unrevoked) =
            (grown.target.caller(), Rc::new(RefCell::new(tokens)));
        (0..self.arguments.connections)
            .map(|_| Box::new(Revoke::new(&caller, &tokens)) as _)
            .collect()
    }

    /// Refreshes shortly before the janitor's first round, and during it.
    async fn beside_the_janitor(
        &self,
        grown: &mut Grown<'_>,
        pool: &Rc<Pool>,
    ) -> Result<[Row; 2], Failure> {
        grown.node.stop()?;
        expire(&bulk(&grown.node, grown.cluster), grown.size, self.arguments.expired)?;
        grown.started = grown.node.start_again().await?;
        let (ready, count) = (now(), self.arguments.connections);
        let round = if grown.cluster.is_some() { FIRST_ROUND } else { FIRST_ROUND_ON_SQLITE };
        tokio::time::sleep(round.saturating_sub(FIRST_ROUND)).await;
        let window = |before| window(ready, round.saturating_sub(before));
        let alone = (pool.users(count), window(Duration::from_secs(12)));
        let alone = self.load(grown, "refresh before the janitor", alone).await?;
        let removed = removed(&grown.node).await?;
        let beside = (pool.users(count), window(Duration::from_secs(1)));
        let beside = self.load(grown, "refresh beside the janitor", beside).await?;
        let removed = self::removed(&grown.node).await? - removed;
        eprintln!("the janitor removed {removed} sessions meanwhile");
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

/// How many sessions the janitor has removed.
async fn removed(node: &Node) -> Result<u64, Failure> {
    let metrics = get(&format!("{}/metrics", node.url)).await?;
    let name = "chancery_janitor_removed_total{table=\"session\"} ";
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    Ok(value.unwrap_or(0))
}

const NAME: &str = "grown";
const VISITORS: u32 = 4_000;
const FIRST_ADDRESS: u32 = 10_000;
/// How long after its start a server first removes what is over. On SQLite there is no second clock that
/// could say that the first one is right, so it waits until no token of before can be alive.
const FIRST_ROUND: Duration = Duration::from_mins(1);
const FIRST_ROUND_ON_SQLITE: Duration = Duration::from_hours(1);
const JANITOR_WINDOW: Duration = Duration::from_secs(5);
