//! Nodes that hear of each other's changes without looking.

use std::process::Command;
use std::time::Duration;

use chancery::env::{Clock as _, SystemClock};
use chancery::flows::background;
use chancery::protocol::revocation::Kind;
use chancery::storage::{DatabaseUrl, Store, StoreOptions};
use tokio::time::timeout;

use crate::support::postgres::{OwnCluster, skip_or_fail};
use crate::support::{Backend, Follower, Raw, TestServer};

#[tokio::test]
async fn a_revocation_and_a_change_of_a_client_wake_the_other_nodes() {
    let Some(server) = TestServer::start(Backend::Postgres).await else { return };
    let beside = server.another(2).await;
    let mut wakes = beside.server.store.wakes().await.unwrap().unwrap();
    server.revoke_some("one").await;
    timeout(PATIENCE, wakes.next(PATIENCE, PATIENCE)).await.unwrap().unwrap();
    beside.look().await;
    assert!(beside.document("").await.refuses(Kind::Token, "one"));
    server.create_client(&serde_json::json!({"client_id": "new", "public": true})).await;
    timeout(PATIENCE, wakes.next(PATIENCE, PATIENCE)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_node_tells_what_another_revoked_before_it_looks_also_once_its_ear_was_cut_off() {
    let Some(server) = TestServer::start(Backend::Postgres).await else { return };
    let beside = server.another(2).await;
    let mut raw = server.raw().await;
    // Time stands still: the node never looks by itself again.
    server.clock.hold();
    let _tasks = background::start(&beside.server);
    timeout(PATIENCE, beside.clock.until_asleep(3)).await.unwrap();
    let ear = listener(&mut raw, 0).await;
    let mut stream = beside.stream("", "").await;
    let mut follower = Follower::default();
    follower.take(&stream.told().await);
    follower.take(&stream.told().await);
    for jti in ["one", "two"] {
        server.revoke_some(jti).await;
        server.clock.advance(BETWEEN_EVENTS);
        stream.until_refused(&mut follower, Kind::Token, jti).await;
    }

    raw.number(&format!("SELECT pg_terminate_backend({ear})::int::bigint")).await;
    listener(&mut raw, ear).await;
    for jti in ["three", "four"] {
        server.revoke_some(jti).await;
        server.clock.advance(BETWEEN_EVENTS);
        stream.until_refused(&mut follower, Kind::Token, jti).await;
    }
}

#[tokio::test]
async fn a_connection_that_brings_nothing_since_it_leads_nowhere_is_noticed() {
    let cluster = match OwnCluster::start().await {
        Ok(cluster) => cluster,
        Err(skip) => {
            return skip_or_fail(
                "a_connection_that_brings_nothing_since_it_leads_nowhere_is_noticed",
                &skip.reason,
            );
        }
    };
    let url = DatabaseUrl::parse(cluster.url()).unwrap();
    let now = || SystemClock::start().now().into();
    let store = Store::open(&url, StoreOptions::default(), now).await.unwrap();
    let mut wakes = store.wakes().await.unwrap().unwrap();
    let ear = listener(&mut Raw::open(url).await, 0).await;
    let quiet = Duration::from_millis(500);
    // Silence alone is no fault.
    assert!(timeout(3 * quiet, wakes.next(quiet, PATIENCE)).await.is_err());
    signal("-STOP", ear);
    let noticed = timeout(PATIENCE, wakes.next(quiet, quiet)).await;
    signal("-CONT", ear);
    assert!(noticed.unwrap().is_err());
}

/// The process of the database that a node listens to, once there is one that is not `before`.
async fn listener(raw: &mut Raw, before: i64) -> i64 {
    let sql = format!(
        "SELECT COALESCE(MAX(pid), 0)::bigint FROM pg_stat_activity \
         WHERE datname = current_database() AND query LIKE 'LISTEN %' AND pid <> {before}"
    );
    let found = async {
        loop {
            match raw.number(&sql).await {
                0 => tokio::task::yield_now().await,
                found => return found,
            }
        }
    };
    timeout(PATIENCE, found).await.unwrap()
}

fn signal(signal: &str, process: i64) {
    assert!(Command::new("kill").args([signal, &process.to_string()]).status().unwrap().success());
}

const PATIENCE: Duration = Duration::from_secs(15);

/// So long a stream rests before it tells more.
const BETWEEN_EVENTS: Duration = Duration::from_millis(10);
