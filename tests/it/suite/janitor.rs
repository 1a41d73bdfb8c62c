//! The janitor: what it removes, and what it keeps.

use chancery::flows::janitor::{Removed, Sweep};
use chancery::protocol::key::KeyState;
use chancery::storage::ops::keys::LoadKeys;
use http::Method;
use serde_json::json;

use super::BACKEND;
use super::clock::set_right;
use crate::support::{Options, TestServer};

const DAY: u64 = 86_400;

#[tokio::test]
async fn sessions_go_a_day_after_they_are_over_and_living_ones_stay() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut sweep = Sweep::default();
    let ended = server.login().await;
    let living = server.login().await;
    server.call(Method::POST, "/logout", &ended.access, &json!(null)).await;
    server.advance(DAY - 10);
    assert_eq!(sweep.run(&server.server).await.unwrap().sessions, 0);
    server.advance(20);
    assert_eq!(sweep.run(&server.server).await.unwrap().sessions, 1);
    server.refresh(&ended.refresh).await.assert_invalid_grant();
    server.refresh(&living.refresh).await.tokens();
    server.advance(16 * DAY);
    assert_eq!(sweep.run(&server.server).await.unwrap().sessions, 1, "expired for a day");
}

#[tokio::test]
async fn revocations_go_when_nothing_they_refuse_can_be_alive_but_never_the_newest() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut sweep = Sweep::default();
    for _ in 0..3 {
        let tokens = server.login().await;
        server.call(Method::POST, "/logout", &tokens.access, &json!(null)).await;
    }
    assert_eq!(server.rows().await.0, 3);
    server.advance(3600);
    assert_eq!(sweep.run(&server.server).await.unwrap().revocations, 0);
    server.advance(2 * 3600);
    assert_eq!(sweep.run(&server.server).await.unwrap().revocations, 2);
    assert_eq!(server.rows().await.0, 1);
}

#[tokio::test]
async fn old_audit_events_go_after_their_retention() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.login().await;
    let before = server.rows().await.1;
    server.advance(91 * DAY);
    let removed = Sweep::default().run(&server.server).await.unwrap();
    assert_eq!(usize::try_from(removed.audit).unwrap(), before);
}

#[tokio::test]
async fn a_clock_that_jumped_removes_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut sweep = Sweep::default();
    server.login().await;
    sweep.run(&server.server).await.unwrap();
    server.clock.step_wall(200 * 86_400_000);
    assert_eq!(sweep.run(&server.server).await.unwrap(), Removed::default());
    // Nor soon after: it may be set right again.
    server.advance(60);
    assert_eq!(sweep.run(&server.server).await.unwrap(), Removed::default());
    server.clock.step_wall(-200 * 86_400_000);
    server.advance(60);
    assert_eq!(sweep.run(&server.server).await.unwrap(), Removed::default());
    server.advance(91 * DAY);
    assert!(sweep.run(&server.server).await.unwrap().audit > 0, "a steady clock is believed");
}

#[tokio::test]
async fn where_there_is_one_clock_nothing_is_removed_while_tokens_of_before_may_live() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.revoke_some("one").await;
    // It may be ahead from the start: what it calls over refuses something.
    server.clock.step_wall(86_400_000);
    let mut sweep = Sweep::at_start(&server.server);
    for _ in 0..2 {
        assert_eq!(sweep.run(&server.server).await.unwrap(), Removed::default());
        server.advance(1_799);
    }
    server.advance(2);
    assert_eq!(sweep.run(&server.server).await.unwrap().revocations, 0, "the last number stays");
    server.revoke_some("two").await;
    server.advance(3);
    assert_eq!(sweep.run(&server.server).await.unwrap().revocations, 1);
}

#[tokio::test]
async fn a_clock_far_from_the_databases_removes_nothing_from_the_first_round_on() {
    let limited = Options {
        clock_offset_limit: Some(std::time::Duration::from_secs(1)),
        ..Options::default()
    };
    let Some(server) = TestServer::start_with(BACKEND, limited).await else { return };
    set_right(&server).await;
    server.look().await;
    let tokens = server.login().await;
    server.call(Method::POST, "/logout", &tokens.access, &json!(null)).await;
    // Past the time at which the keys were made, too.
    server.advance(10_000 * DAY);
    server.server.maintain_keys().await.unwrap();
    server.advance(100 * DAY);
    let rows = server.rows().await;
    assert_eq!(Sweep::default().run(&server.server).await.unwrap(), Removed::default());
    assert_eq!(server.rows().await, rows);
    let keys = server.server.store.read(LoadKeys).await.unwrap();
    let retired = |state| state == KeyState::Retired;
    assert!(keys.signing.iter().any(|key| retired(key.life.state)));
    assert!(keys.token.iter().any(|key| retired(key.life.state)));
}

/// Stores so many sessions, of which those are over that `is_over` says.
async fn store_sessions(server: &TestServer, count: u128, is_over: impl Fn(u128) -> bool) {
    let mut raw = server.raw().await;
    let now = server.clock.millis();
    let day = i64::try_from(DAY).unwrap() * 1000;
    for first in (1..=count).step_by(1_000) {
        let row = |number: u128| {
            let id = raw.bytes(&number.to_be_bytes());
            let ends = if is_over(number) { now - 2 * day } else { now + 2 * day };
            format!(
                "({id}, {id}, 1, 'demo', 0, '', '', {now}, 'pwd', {now}, {ends}, {ends}, 0, {id}, {now}, \
                 {now}, 0, 0, {now})"
            )
        };
        let rows: Vec<String> = (first..first + 1_000).map(row).collect();
        raw.run(&format!(
            "INSERT INTO session (id, user_id, user_version, client_id, offline, scope, resources, \
             auth_time, amr, created_at, idle_expires_at, max_expires_at, generation, leaf_hashes, \
             rotated_at, reissued_at, retry_generation, retry_streak, last_seen) VALUES {}",
            rows.join(", ")
        ))
        .await;
    }
}

/// More than one round looks at.
const MANY: u128 = 12_000;

#[tokio::test]
async fn c140_much_that_is_over_goes_at_once_though_some_between_it_goes_on() {
    // C140
    let Some(server) = TestServer::start(BACKEND).await else { return };
    store_sessions(&server, MANY, |number| number % 3 > 0).await;
    Sweep::default().catch_up(&server.server).await.unwrap();
    let left = server.raw().await.number("SELECT COUNT(*) FROM session").await;
    assert_eq!(u128::try_from(left).unwrap(), MANY / 3);
}

#[tokio::test]
async fn a_table_in_which_little_is_over_is_gone_through_round_by_round() {
    // C140
    let Some(server) = TestServer::start(BACKEND).await else { return };
    store_sessions(&server, MANY, |number| number % 3 == 0).await;
    let mut sweep = Sweep::default();
    let mut left = async || {
        sweep.catch_up(&server.server).await.unwrap();
        let left = server.raw().await.number("SELECT COUNT(*) FROM session").await;
        u128::try_from(left).unwrap()
    };
    assert_eq!([left().await, left().await], [MANY - 10_000 / 3, MANY - MANY / 3]);
}
