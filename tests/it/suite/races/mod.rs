//! Races through the whole server, on one node and between two.

use std::sync::Arc;

use chancery::flows::admin::users::{UserChange, change, find_named};
use chancery::flows::admin::{By, clients};
use chancery::protocol::client::ClientStatus;
use chancery::protocol::ids::UserId;
use tokio::task::JoinSet;

use super::BACKEND;
use crate::support::{Reply, TestServer, Tokens};

mod cleaning;
mod endings;
mod guessing;
mod logins;
mod nodes;
mod refreshes;
mod refusals;
mod waiting;

/// Two nodes on one database. `None` if the database is not to be had.
async fn two_nodes() -> Option<[Arc<TestServer>; 2]> {
    let one = TestServer::start(BACKEND).await?;
    let two = one.another(2).await;
    Some([Arc::new(one), Arc::new(two)])
}

/// Refreshes each of the tokens at once, in turn on each node.
fn refresh_all(nodes: &[Arc<TestServer>], tokens: &[&str]) -> JoinSet<Reply> {
    let mut tasks = JoinSet::new();
    for (token, node) in tokens.iter().zip(nodes.iter().cycle()) {
        let (token, node) = ((*token).to_owned(), node.clone());
        tasks.spawn(async move { node.refresh(&token).await });
    }
    tasks
}

/// The tokens of the answers that gave some. Any other answer is a refusal, or asks to
/// come again.
fn granted(replies: Vec<Reply>) -> Vec<Tokens> {
    let granted = replies.into_iter().filter_map(|reply| match reply.status.as_u16() {
        200 => Some(reply.tokens()),
        400 | 401 | 429 | 503 => None,
        _ => panic!("{reply:?}"),
    });
    granted.collect()
}

/// Asserts that nothing of these tokens works on any node, once each has looked at the database.
async fn assert_dead(nodes: &[Arc<TestServer>], tokens: &[Tokens], case: &str) {
    nodes[0].advance(2);
    for node in nodes {
        for tokens in tokens {
            let reply = node.refresh(&tokens.refresh).await;
            assert_eq!(reply.status.as_u16(), 400, "{case}: {reply:?}");
            assert!(!node.is_active(&tokens.access).await, "{case}");
            assert!(!node.is_active(&tokens.refresh).await, "{case}");
        }
    }
}

async fn user_id(server: &TestServer, name: &str) -> UserId {
    find_named(&server.server, name).await.unwrap().id
}

/// Changes a user. Whoever waits for a hash moves the clock of the test, and a change that saw it
/// jump has given itself up.
async fn change_user(server: &TestServer, id: UserId, to: UserChange) {
    for _ in 0..20 {
        match change(&server.server, &By::command_line(), id, to.clone()).await {
            Ok(_) => return,
            Err(error) => assert_eq!(error.reason(), "unavailable"),
        }
    }
    panic!("the user was never changed");
}

/// Pauses, disables or enables the demo client.
async fn set_status(server: &TestServer, status: ClientStatus) {
    let client = clients::find_named(&server.server, "demo").await.unwrap();
    let patch = clients::ClientPatch { status: Some(status), ..clients::ClientPatch::default() };
    clients::change(&server.server, &By::command_line(), client, patch).await.unwrap();
}
