//! The delivery as it goes on by itself.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;

/// A courier that runs until it is told to stop.
fn run(server: &Node) -> (JoinHandle<()>, Arc<Notify>) {
    server.clock.hold();
    let stop = Arc::new(Notify::new());
    let stopped = stop.clone();
    let courier = Courier::new(server.server.clone());
    (tokio::spawn(courier.run(async move { stopped.notified().await })), stop)
}

#[tokio::test]
async fn a_client_is_told_at_once_and_by_another_node_after_a_few_seconds() {
    let Some((server, party)) = told().await else { return };
    let other = Node(server.another(5).await);
    let (_courier, _stop) = run(&server);
    server.clock.until_asleep(1).await;
    server.logged_out().await;
    party.until_heard(1).await;
    other.logged_out().await;
    server.advance(5);
    party.until_heard(2).await;
}

#[tokio::test]
async fn c117_a_slow_client_holds_up_nobody_else() {
    let Some((server, slow)) = told().await else { return };
    let quick = RelyingParty::start().await;
    quick.listen_as(&server, "chancery-admin").await;
    slow.answer(vec![Answer::Wait; 40]);
    for _ in 0..40 {
        server.logged_out().await;
    }
    let token = server.admin_token().await;
    let (courier, stop) = run(&server);
    slow.until_heard(2).await;
    server.call(Method::POST, "/logout", &token, &Value::Null).await;
    quick.until_heard(1).await;
    assert_eq!(slow.heard().len(), 2, "no more of its own wait for it");
    stop.notify_one();
    slow.release();
    slow.release();
    courier.await.unwrap();
}

#[tokio::test]
async fn who_is_being_told_when_the_node_stops_still_is() {
    let Some((server, party)) = told().await else { return };
    party.answer([Answer::Wait]);
    server.logged_out().await;
    server.logged_out().await;
    server.logged_out().await;
    party.answer(vec![Answer::Wait; 2]);
    let (courier, stop) = run(&server);
    party.until_heard(2).await;
    stop.notify_one();
    party.release();
    party.release();
    courier.await.unwrap();
    assert_eq!(party.heard().len(), 2, "no other is begun");
    assert!(server.has_notices().await);
}
