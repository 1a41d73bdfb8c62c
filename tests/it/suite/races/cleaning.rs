//! Nodes that clean up at once (C140).

use chancery::flows::janitor::{Removed, Sweep};
use http::Method;
use serde_json::Value;
use tokio::task::JoinSet;

use super::two_nodes;

const DAY: u64 = 86_400;

#[tokio::test]
async fn nodes_that_clean_up_at_once_remove_each_row_once_and_none_that_lives() {
    let Some(nodes) = two_nodes().await else { return };
    let mut ended = Vec::new();
    for _ in 0..120 {
        ended.push(nodes[0].login().await);
    }
    let living = [nodes[0].login().await, nodes[1].login().await];
    for tokens in &ended {
        nodes[0].call(Method::POST, "/logout", &tokens.access, &Value::Null).await;
    }
    nodes[0].advance(DAY + 7200);
    // They begin in the same moment, and somebody works meanwhile.
    let mut sweeps = JoinSet::new();
    for node in nodes.iter().chain(&nodes) {
        let node = node.clone();
        sweeps.spawn(async move { Sweep::default().run(&node.server).await.unwrap() });
    }
    let mut next = Vec::new();
    for (tokens, node) in living.iter().zip(&nodes) {
        next.push(node.refresh(&tokens.refresh).await.tokens());
    }
    let removed = sweeps.join_all().await;
    let sum = |rows: fn(&Removed) -> u64| removed.iter().map(rows).sum::<u64>();
    // The tokens that called the admin API belong to no session that ends.
    assert_eq!(sum(|removed| removed.sessions), 120, "{removed:?}");
    assert_eq!(sum(|removed| removed.revocations), 119, "all but the newest: {removed:?}");
    for (tokens, node) in next.iter().zip(&nodes) {
        node.refresh(&tokens.refresh).await.tokens();
    }
    let again = Sweep::default().run(&nodes[0].server).await.unwrap();
    assert_eq!((again.sessions, again.revocations), (0, 0));
}
