//! Refreshes shortly before the janitor's first round, and during it.

use std::time::{Duration, Instant};

use super::super::drive::Bounds;
use super::super::figure::of_start;
use super::super::line::Database;
use super::super::watched::counter;
use super::Growth;
use super::fill::expire;
use super::grown::{Taken, What};
use super::server::Server;
use crate::figures::{Failure, now};
use crate::stage::Node;
use crate::stage::http::get;

/// Lets many sessions expire, and waits for the janitor.
pub(super) async fn beside(
    growth: &Growth,
    server: &mut Server<'_>,
) -> Result<[Taken; 2], Failure> {
    server.node.stop()?;
    expire(&server.bulk(), server.size, growth.expired)?;
    server.figures.extend(of_start(server.node.start_again().await?));
    let ready = now();
    let round = match server.database() {
        Database::Postgres => FIRST_ROUND,
        Database::Sqlite => FIRST_ROUND_ON_SQLITE,
    };
    tokio::time::sleep(round.saturating_sub(FIRST_ROUND)).await;
    let users = || server.pool.users(growth.connections);
    let window = |before| window(ready, round.saturating_sub(before));
    let alone = (users(), window(Duration::from_secs(12)));
    let alone = server.load((What::BeforeTheJanitor, 0), alone).await?;
    if removed(&server.node).await? > 0 {
        return Err("the janitor came before it was waited for".into());
    }
    let beside = (users(), window(Duration::from_secs(1)));
    let beside = server.load((What::BesideTheJanitor, 0), beside).await?;
    // What it tells now, or soon, is of the round that began meanwhile: the next is a minute later.
    while ready.elapsed() < round + LONGEST_ROUND {
        let sessions = removed(&server.node).await?;
        if sessions > 0 {
            eprintln!("the janitor removed {sessions} sessions in its first round");
            return Ok([alone, beside]);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("the janitor came after it was waited for".into())
}

/// Measures from so long after the start on; until then it is warmed up.
fn window(ready: Instant, begin: Duration) -> Bounds {
    let warm_up = begin.saturating_sub(ready.elapsed());
    Bounds { time: [warm_up, JANITOR_WINDOW], answers: [u64::MAX; 2] }
}

/// How many sessions the janitor has removed, which it tells at the end of a round.
async fn removed(node: &Node) -> Result<u64, Failure> {
    let metrics = get(&format!("{}/metrics", node.url)).await?;
    Ok(counter(&metrics, "chancery_janitor_removed_total{table=\"session\"}"))
}

/// How long after its start a server first removes what is over. On SQLite there is no second clock that
/// could say that the first one is right, so it waits until no token of before can be alive.
const FIRST_ROUND: Duration = Duration::from_mins(1);
const FIRST_ROUND_ON_SQLITE: Duration = Duration::from_hours(1);
/// Shorter than the time between two rounds.
const LONGEST_ROUND: Duration = Duration::from_secs(50);
const JANITOR_WINDOW: Duration = Duration::from_secs(5);
