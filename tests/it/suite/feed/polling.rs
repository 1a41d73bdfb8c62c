//! `GET /revocations?cursor=`: reading on behind a document, and what a cursor proves.

use chancery::protocol::audit::AuditKind;
use chancery::protocol::revocation::Kind;

use super::BACKEND;
use crate::support::{Follower, TestServer, Told};

/// What comes behind a cursor, which nobody may keep.
async fn behind(server: &TestServer, cursor: &str) -> Told {
    let reply = server.get(&format!("/revocations?cursor={cursor}")).await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"));
    assert_eq!(reply.header("etag"), "");
    server.feed_keys().await.verify(&reply.body)
}

#[tokio::test]
async fn who_reads_on_by_cursor_reads_everything() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut follower = Follower::default();
    follower.take(&server.document("").await);
    server.fill(600).await;
    let mut reached = vec![follower.seq];
    loop {
        follower.take(&behind(&server, &follower.cursor).await);
        if reached.last() == Some(&follower.seq) {
            break;
        }
        reached.push(follower.seq);
    }
    assert_eq!(reached[1..], [256, 512, server.head().await.seq]);
    for n in 0..600 {
        assert!(follower.refuses(Kind::Token, &format!("filler-{n}")), "{n}");
    }
    // A look later there is nothing new but the time.
    server.advance(3);
    server.look().await;
    let told = behind(&server, &follower.cursor).await.document;
    assert_eq!((told.seq, told.time), (follower.seq, server.clock.millis()));
}

#[tokio::test]
async fn who_holds_what_has_left_the_log_waits_for_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.revoke_some("one").await;
    let mut follower = Follower::default();
    follower.take(&server.document("").await);
    server.advance(2 * 3600);
    server.look().await;
    // The base is as new as can be, and has nothing that he does not know.
    server.document("").await;
    server.revoke_some("two").await;
    follower.take(&behind(&server, &follower.cursor).await);
    assert!(follower.refuses(Kind::Token, "two"));
}

#[tokio::test]
async fn a_cursor_that_proves_nothing_gets_the_snapshot() {
    // C139
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.revoke_some("one").await;
    let head = server.head().await;
    let genuine = server.document("").await.document.cursor;
    let raised = genuine.replacen(&head.epoch.to_string(), &(head.epoch + 1).to_string(), 1);
    for cursor in ["x", "1.2.3.4", &raised, &format!("{genuine}A")] {
        assert!(behind(&server, cursor).await.is_snapshot(), "{cursor}");
    }
    assert_eq!(server.head().await, head, "nothing was believed");
}

#[tokio::test]
async fn a_poller_that_knows_what_the_database_has_lost_begins_a_new_epoch() {
    // C139, C144
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let cursor = server.lose_a_revocation().await;
    let before = server.head().await;
    let fresh = server.another(2).await;
    let told = behind(&fresh, &cursor).await;
    assert!(told.is_snapshot() && told.refuses(Kind::All, ""));
    let after = fresh.head().await;
    assert!(after.epoch > before.epoch && told.document.epoch == after.epoch);
    assert_eq!(fresh.events(AuditKind::StorageRegressed).await, 1);

    // Once is enough.
    assert!(behind(&fresh, &cursor).await.is_snapshot());
    assert_eq!(fresh.head().await, after);
}

#[tokio::test]
async fn a_cursor_that_a_lost_database_cannot_be_asked_about_gets_no_answer() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let cursor = server.lose_a_revocation().await;
    let fresh = server.another(2).await;
    fresh.server.store.close().await;
    let reply = fresh.get(&format!("/revocations?cursor={cursor}")).await;
    reply.assert_error(503, "temporarily_unavailable");
}

#[tokio::test]
async fn a_database_made_anew_begins_in_a_later_epoch_and_alarms_nobody() {
    // C144
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.head().await.epoch;
    assert_eq!(first, server.clock.millis() - 3_600_000, "when the first server started");
    let mut follower = Follower::default();
    server.fill(3).await;
    follower.take(&server.document("").await);

    let mut raw = server.raw().await;
    raw.run("UPDATE feed_head SET epoch = 0, seq = 0").await;
    raw.run("DELETE FROM revocation").await;
    let anew = server.another(2).await;
    assert_eq!(anew.head().await.epoch, anew.clock.millis());
    let told = behind(&anew, &follower.cursor).await;
    follower.take(&told);
    assert_eq!((follower.epoch, told.len()), (anew.clock.millis(), 0));
    for events in [&server, &anew] {
        assert_eq!(events.events(AuditKind::StorageRegressed).await, 0);
    }
    // Another start changes nothing.
    anew.advance(5);
    assert_eq!(anew.another(3).await.head().await.epoch, follower.epoch);
}
