//! The time that a node signs while its clock is wrong. Readers never go back behind a signed time in
//! one epoch: a time that lay ahead would make them refuse good tokens.

use std::time::Duration;

use chancery::env::Clock;
use chancery::protocol::revocation::Kind;
use chancery::protocol::time::Timestamp;
use chancery::storage::ops::database::ReadClock;

use super::BACKEND;
use crate::support::{Follower, Options, TestServer};

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn a_time_that_lay_ahead_is_taken_back_by_an_epoch_in_which_nothing_is_lost() {
    // This node has no other clock to go by.
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.revoke_some("one").await;
    let before = server.head().await;
    server.clock.step_wall(HOUR);
    server.look().await;
    let ahead = newest(&server).await;
    assert_eq!((ahead.epoch, ahead.time), (before.epoch, server.clock.millis()));

    server.clock.step_wall(-HOUR);
    server.look().await;
    let mut follower = Follower::default();
    let told = server.document("").await;
    follower.take(&told);
    assert!(told.is_snapshot() && told.document.epoch > before.epoch);
    assert_eq!(told.document.time, server.clock.millis());
    assert_eq!(told.document.iat, server.clock.seconds());
    assert!(follower.refuses(Kind::Token, "one"), "nothing is forgotten");
    let after = server.head().await;
    assert_eq!((after.seq, after.regressed_at), (before.seq, None), "and nothing else refused");
    server.look().await;
    assert_eq!(server.head().await.epoch, after.epoch, "one epoch is enough");
}

#[tokio::test]
async fn a_step_within_the_leeway_of_readers_ends_no_epoch() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let before = server.head().await;
    server.clock.step_wall(4_000);
    server.look().await;
    server.clock.step_wall(-4_000);
    server.look().await;
    assert_eq!(server.head().await.epoch, before.epoch);
}

#[tokio::test]
async fn a_clock_that_jumps_away_from_the_databases_is_not_believed() {
    let limit = Duration::from_mins(10);
    let limited = Options { clock_offset_limit: Some(limit), ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, limited).await else { return };
    // The test's year is not the database's: from the first look on the database's counts.
    server.look().await;
    assert!(newest(&server).await.is_near(database(&server).await));
    let theirs = database(&server).await;
    let set_right = theirs.millis() - Timestamp::from(server.clock.now()).millis();
    server.clock.step_wall(set_right);
    server.look().await;
    let before = newest(&server).await;
    assert!(before.time == server.clock.millis(), "a clock that is right is read itself");

    for step in [24 * HOUR, -48 * HOUR] {
        server.clock.step_wall(step);
        server.look().await;
        let told = newest(&server).await;
        assert!(told.is_near(theirs), "{} is not {}", told.time, theirs.millis());
        assert_eq!(told.epoch, before.epoch);
    }
    server.clock.step_wall(24 * HOUR);
    server.advance(1);
    server.look().await;
    let after = newest(&server).await;
    assert_eq!((after.epoch, after.time), (before.epoch, server.clock.millis()));
}

/// What the document at the end says.
struct Newest {
    epoch: i64,
    time: i64,
    /// In milliseconds, too.
    iat: i64,
}

impl Newest {
    /// The test's clock stands while the database's goes on.
    fn is_near(&self, other: Timestamp) -> bool {
        let near = |time: i64| (time - other.millis()).abs() < 60_000;
        near(self.time) && near(self.iat)
    }
}

async fn newest(server: &TestServer) -> Newest {
    let head = server.head().await;
    let query = format!("?epoch={}&after={}", head.epoch, head.seq);
    let document = server.document(&query).await.document;
    Newest { epoch: document.epoch, time: document.time, iat: document.iat * 1000 }
}

async fn database(server: &TestServer) -> Timestamp {
    server.server.store.read(ReadClock).await.unwrap()
}
