//! Logins against what should have forbidden them: no session survives (C055, C149).

use std::sync::Arc;

use chancery::flows::admin::users::UserChange;
use chancery::protocol::client::ClientStatus;
use chancery::protocol::user::StoredHash;
use tokio::task::JoinSet;

use super::{assert_dead, change_user, granted, set_status, two_nodes, user_id};
use crate::support::{Reply, TestServer};

fn log_in(nodes: &[Arc<TestServer>], name: &str, times: usize) -> JoinSet<Reply> {
    let mut tasks = JoinSet::new();
    for node in nodes.iter().cycle().take(times) {
        let (node, name) = (node.clone(), name.to_owned());
        tasks.spawn(async move { node.login_as(&name).await });
    }
    tasks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c073_no_login_with_an_old_password_or_of_a_disabled_user_survives_the_change() {
    let Some(nodes) = two_nodes().await else { return };
    let mut raw = nodes[0].raw().await;
    for round in 0..16 {
        let name = format!("user-{round}");
        nodes[0].create_user(&name, &[]).await;
        let user = user_id(&nodes[0], &name).await;
        let logins = log_in(&nodes, &name, 4);
        for _ in 0..round * 4 {
            tokio::task::yield_now().await;
        }
        let change = if round % 2 == 0 {
            UserChange::Disable
        } else {
            UserChange::Password(StoredHash::new("another".to_owned()))
        };
        change_user(&nodes[1], user, change).await;
        let tokens = granted(logins.join_all().await);
        assert_dead(&nodes, &tokens, &name).await;
        let live = format!(
            "SELECT COUNT(*) FROM session WHERE user_id = {} AND ended_reason IS NULL",
            raw.bytes(user.as_bytes())
        );
        assert_eq!(raw.number(&live).await, 0, "{name}");
    }
}

#[tokio::test]
async fn a_login_on_a_node_that_does_not_know_yet_begins_no_session_of_a_disabled_client() {
    let Some(nodes) = two_nodes().await else { return };
    let before = nodes[1].login().await;
    set_status(&nodes[0], ClientStatus::Disabled).await;
    // Its lease runs: this node still takes the client for active.
    let late = nodes[1].login_as_administrator().await;
    late.assert_invalid_grant();
    set_status(&nodes[0], ClientStatus::Active).await;
    assert_dead(&nodes, &[before], "a session of the time before").await;
    let mut raw = nodes[0].raw().await;
    let live = "SELECT COUNT(*) FROM session WHERE client_id = 'demo' AND ended_reason IS NULL";
    assert_eq!(raw.number(live).await, 0);
    nodes[1].login().await;
}
