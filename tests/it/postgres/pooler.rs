//! Nodes that reach the database through PgBouncer in transaction mode, where each transaction may
//! find itself on another connection.

use tokio::task::JoinSet;

use crate::support::postgres::{Pooler, empty_database, skip_or_fail};
use crate::support::{Home, Load, Place, Raw, Wire};

/// An installation behind a pooler. `None` if one of the two is not to be had, which was said.
fn behind_a_pooler() -> Option<(Pooler, Home)> {
    let pooler = empty_database().and_then(|database| {
        let pooler = Pooler::start(database.url())?;
        Ok((pooler, database))
    });
    match pooler {
        Ok((pooler, database)) => {
            let mut home = Home::on(Place::Pooled(database, pooler.url().to_owned()));
            home.set("CHANCERY_DATABASE__PGBOUNCER", "true");
            home.set("CHANCERY_ISSUER", "http://localhost:8080");
            Some((pooler, home))
        }
        Err(skip) => {
            let name = std::thread::current().name().unwrap_or("a test").to_owned();
            skip_or_fail(&name, &skip.reason);
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_behind_a_pooler_do_everything_that_they_do_without() {
    let Some((_pooler, mut home)) = behind_a_pooler() else { return };
    let first = home.serve();
    let second = home.serve();
    let nodes = [home.wire(&first), home.wire(&second)];
    refreshed_at_once(&nodes).await;
    revoked_and_refused(&nodes).await;
    let admin = nodes[0].admin_token().await;
    let made = nodes[0].create_user(&admin, "alice").await.unwrap().json();
    let found = nodes[1].user(&admin, made["id"].as_str().unwrap()).await.unwrap();
    assert_eq!(found.json()["name"], "alice", "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_work_behind_a_pooler_is_never_refused_nor_mixed_up() {
    let Some((_pooler, mut home)) = behind_a_pooler() else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut load = Load::prepare(&wire).await;
    let mut working = load.start(&wire).await;
    working.acknowledged(400).await;
    let tally = load.settle(working).await;
    assert_eq!((tally.refused, tally.unanswered, tally.torn), (0, 0, 0), "{tally:?}");
    load.verify(&wire, home.database()).await;
    load.verify_end(&wire).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_behind_a_pooler_migrate_once_and_leave_no_lock() {
    // C134
    let Some((_pooler, home)) = behind_a_pooler() else { return };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| home.succeed(&["migrate"]));
        }
    });
    let mut raw = Raw::open(home.database()).await;
    assert_eq!(raw.number("SELECT COUNT(*) FROM _sqlx_migrations").await, MIGRATIONS);
    let locks = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND database = \
                 (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(raw.number(locks).await, 0);
}

async fn refreshed_at_once(nodes: &[Wire; 2]) {
    let tokens = nodes[0].login().await;
    let mut tasks = JoinSet::new();
    for node in nodes.iter().cycle().take(20) {
        let (node, token) = (node.clone(), tokens.refresh.clone());
        tasks.spawn(async move { node.refresh(&token).await.unwrap().tokens().refresh });
    }
    let mut children = tasks.join_all().await;
    children.dedup();
    assert_eq!(children.len(), 1, "one token, one child");
    let next = nodes[1].refresh(&children[0]).await.unwrap().tokens();
    assert_ne!(next.refresh, children[0]);
}

async fn revoked_and_refused(nodes: &[Wire; 2]) {
    let tokens = nodes[0].login().await;
    let active =
        async |node: &Wire| node.introspect(&tokens.access).await.unwrap().json()["active"] == true;
    assert!(active(&nodes[0]).await && active(&nodes[1]).await);
    assert_eq!(nodes[0].revoke(&tokens.refresh).await.unwrap().status, 200);
    assert!(!active(&nodes[0]).await);
    nodes[1].refresh(&tokens.refresh).await.unwrap().assert_invalid_grant();
    // The other node looks four times a second.
    let obeyed = async { while active(&nodes[1]).await {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), obeyed).await.unwrap();
}

const MIGRATIONS: i64 = 2;
