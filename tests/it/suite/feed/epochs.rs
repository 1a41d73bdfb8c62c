//! Epochs that begin although nothing is lost hide no loss: the numbers go on through them, so what a
//! node or a reader knows from before is compared as ever.

use chancery::flows::admin::By;
use chancery::flows::admin::keys;
use chancery::protocol::audit::AuditKind;
use chancery::protocol::key::{KeyState, KeyUse};
use chancery::protocol::revocation::Kind;

use super::BACKEND;
use crate::support::{Follower, TestServer};

async fn compromise_the_feed(server: &TestServer) {
    let listed = keys::list(&server.server).await.unwrap();
    let key = listed
        .iter()
        .find(|key| key.usage == KeyUse::Feed && key.life.state == KeyState::Active)
        .unwrap();
    keys::compromise(&server.server, &By::command_line(), &key.kid).await.unwrap();
}

#[tokio::test]
async fn a_reader_that_knows_what_was_lost_before_a_raised_epoch_begins_another() {
    // C144
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let cursor = server.lose_a_revocation().await;
    let fresh = server.another(2).await;
    compromise_the_feed(&fresh).await;
    let raised = fresh.head().await;
    assert_eq!(fresh.entries(Kind::All).await, 0);

    let reply = fresh.get(&format!("/revocations?cursor={cursor}")).await;
    let told = fresh.feed_keys().await.verify(&reply.body);
    assert!(told.is_snapshot() && told.refuses(Kind::All, ""));
    assert!(fresh.head().await.epoch > raised.epoch);
    assert_eq!(fresh.events(AuditKind::StorageRegressed).await, 1);
}

#[tokio::test]
async fn a_node_that_knows_what_was_lost_finds_it_behind_a_raised_epoch() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.login().await.access;
    server.lose_a_revocation().await;
    let other = server.another(2).await;
    compromise_the_feed(&other).await;
    let raised = server.head().await;

    server.look().await;
    assert!(server.head().await.epoch > raised.epoch);
    assert_eq!(server.entries(Kind::All).await, 1);
    other.look().await;
    for node in [&server, &other] {
        assert!(!node.is_active(&token).await);
    }
}

#[tokio::test]
async fn a_raised_epoch_refuses_nothing_and_readers_go_on_in_it() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.login().await.access;
    server.revoke_some("one").await;
    let mut follower = Follower::default();
    follower.take(&server.document("").await);
    let before = server.head().await;
    compromise_the_feed(&server).await;

    // The same cursor twice: with the epoch it ages, and proves no loss.
    for _ in 0..2 {
        let reply = server.get(&format!("/revocations?cursor={}", follower.cursor)).await;
        let told = server.feed_keys().await.verify(&reply.body);
        assert!(told.is_snapshot() && told.refuses(Kind::Token, "one"));
        assert!(told.document.epoch > before.epoch && told.document.seq > before.seq);
    }
    let after = server.head().await;
    assert_eq!((after.whole_since, after.regressed_at), (before.whole_since, None));
    let restarted = server.another(2).await;
    assert!(server.is_active(&token).await && restarted.is_active(&token).await);
    assert_eq!(restarted.head().await, after);
}
