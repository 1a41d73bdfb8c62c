//! Nodes that hear of each other's changes without looking.

use std::time::Duration;

use chancery::protocol::revocation::Kind;
use tokio::time::timeout;

use crate::support::{Backend, TestServer};

#[tokio::test]
async fn a_revocation_and_a_change_of_a_client_wake_the_other_nodes() {
    let Some(server) = TestServer::start(Backend::Postgres).await else { return };
    let beside = server.another(2).await;
    let mut wakes = beside.server.store.wakes().await.unwrap().unwrap();
    server.revoke_some("one").await;
    timeout(PATIENCE, wakes.next()).await.unwrap().unwrap();
    beside.look().await;
    assert!(beside.document("").await.refuses(Kind::Token, "one"));
    server.create_client(&serde_json::json!({"client_id": "new", "public": true})).await;
    timeout(PATIENCE, wakes.next()).await.unwrap().unwrap();
}

const PATIENCE: Duration = Duration::from_secs(15);
