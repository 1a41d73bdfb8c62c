//! Another process holds the file of the database (C131).

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::BACKEND;
use crate::support::{Home, Raw};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c131_whoever_waits_for_a_file_that_is_not_given_back_is_put_off_and_loses_nothing() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(wire.login().await.refresh);
    }
    let mut raw = Raw::open(home.database()).await;
    raw.run("BEGIN IMMEDIATE").await;
    let mut requests = JoinSet::new();
    for n in 0..200 {
        let (wire, token) = (wire.clone(), tokens[n % tokens.len()].clone());
        requests.spawn(async move {
            let reply = wire.refresh(&token).await.unwrap();
            reply.assert_error(503, "temporarily_unavailable");
            assert_eq!(reply.header("retry-after"), "1");
        });
    }
    // What only reads goes on.
    assert_eq!(wire.introspect(&tokens[0]).await.unwrap().json()["active"], true);
    timeout(IN_TIME, requests.join_all()).await.unwrap();
    raw.run("ROLLBACK").await;
    for token in &tokens {
        wire.refresh(token).await.unwrap().tokens();
    }
}

/// As with a server's connection: nobody waits for it in turn.
const IN_TIME: Duration = Duration::from_secs(12);
