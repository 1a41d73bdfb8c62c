//! The janitor: what it removes, and what it keeps.

use chancery::flows::janitor::{Removed, Sweep};
use http::Method;
use serde_json::json;

use super::BACKEND;
use crate::support::TestServer;

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
}
