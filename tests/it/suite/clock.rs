//! A node whose clock is not the database's clock.

use std::time::Duration;

use chancery::env::Clock;
use chancery::flows::admin::By;
use chancery::flows::admin::clients::{self, ClientPatch};
use chancery::flows::clock::ClockOffset;
use chancery::protocol::client::ClientStatus;
use chancery::protocol::time::Timestamp;
use chancery::storage::ops::database::ReadClock;
use http::{Method, StatusCode};
use serde_json::json;

use super::BACKEND;
use crate::support::{Options, TestServer};

const LIMIT: Duration = Duration::from_mins(10);

/// Sets the clock to the database's, which goes on while the test's stands.
pub(super) async fn set_right(server: &TestServer) {
    let theirs = server.server.store.read(ReadClock).await.unwrap();
    let ours = Timestamp::from(server.clock.now());
    server.clock.step_wall(theirs.millis() - ours.millis());
}

async fn look(server: &TestServer) {
    let server = &server.server;
    server.clock.look(&server.store, &server.world).await.unwrap();
}

#[tokio::test]
async fn a_node_is_ready_only_while_its_clock_is_near_the_databases() {
    let limited = Options { clock_offset_limit: Some(LIMIT), ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, limited).await else { return };
    // The test's year is not the database's.
    server.get("/readyz").await.assert_error(503, "temporarily_unavailable");
    assert_eq!(server.get("/healthz").await.status, StatusCode::OK);
    set_right(&server).await;
    look(&server).await;
    assert_eq!(server.get("/readyz").await.status, StatusCode::OK);
    server.clock.step_wall(2 * 600_000);
    look(&server).await;
    server.get("/readyz").await.assert_error(503, "temporarily_unavailable");
}

#[tokio::test]
async fn a_node_with_a_wrong_clock_issues_judges_and_revokes_nothing() {
    let limited = Options { clock_offset_limit: Some(LIMIT), ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, limited).await else { return };
    set_right(&server).await;
    server.look().await;
    let tokens = server.login().await;
    let admin = server.admin_token().await;
    for step in [-2 * 600_000, 2 * 600_000] {
        server.clock.step_wall(step);
        server.look().await;
        let before = (server.rows().await, server.head().await);
        let introspection = format!("token={}", tokens.access);
        let revocation = json!({"kind": "sub", "value": "x"});
        let replies = [
            server.post_json("/login", &server.login_body()).await,
            server.refresh(&tokens.refresh).await,
            server
                .form("/oauth/revoke", &server.basic(), &format!("token={}", tokens.refresh))
                .await,
            server.form("/oauth/introspect", &server.basic(), &introspection).await,
            server.call(Method::POST, "/logout", &tokens.access, &json!(null)).await,
            server.call(Method::POST, "/admin/v1/revocations", &admin, &revocation).await,
        ];
        for reply in replies {
            reply.assert_error(503, "temporarily_unavailable");
        }
        assert_eq!((server.rows().await, server.head().await), before);
        server.clock.step_wall(-step);
        server.look().await;
    }
    server.refresh(&tokens.refresh).await.tokens();
}

#[tokio::test]
async fn the_offset_is_what_the_clock_was_set_wrong_by() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    set_right(&server).await;
    server.clock.step_wall(-3_600_000);
    let offset = ClockOffset::measure(&server.server.store, &server.server.world).await.unwrap();
    assert!((offset.seconds() + 3_600.0).abs() < 60.0, "{offset:?}");
    assert!(!offset.exceeds(Duration::from_hours(2)));
    assert!(offset.exceeds(Duration::from_mins(30)));
}

#[tokio::test]
async fn a_clock_set_back_behind_a_revocation_asks_to_come_again_and_consumes_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.login().await.refresh;
    for status in [ClientStatus::Paused, ClientStatus::Active] {
        let client = clients::find_named(&server.server, "demo").await.unwrap();
        let patch = ClientPatch { status: Some(status), ..ClientPatch::default() };
        clients::change(&server.server, &By::command_line(), client, patch).await.unwrap();
    }
    server.clock.step_wall(-3_600_000);
    let replies = [
        server.refresh(&token).await,
        server.post_json("/login", &server.login_body()).await,
        server.form("/oauth/token", &server.basic(), "grant_type=client_credentials").await,
    ];
    for reply in replies {
        assert!(reply.headers.contains_key("retry-after"));
        reply.assert_error(503, "temporarily_unavailable");
    }
    server.clock.step_wall(3_600_000);
    assert_eq!(server.refresh(&token).await.status, StatusCode::OK);
}

/// Forward and back during work: further than any access token lives, and less far than a session does.
#[tokio::test]
async fn c135_a_clock_that_is_set_by_two_hours_during_work_ends_no_session_and_revives_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for step in [7_200_000, -7_200_000] {
        let mut tokens = server.login().await;
        let revoked = server.login().await;
        server.revoke(&revoked.refresh).await;
        let parent = tokens.refresh.clone();
        tokens = server.refresh(&parent).await.tokens();
        for step in [step, -step] {
            server.clock.step_wall(step);
            server.look().await;
            assert!(!server.is_active(&revoked.access).await, "{step}: it stays revoked");
            server.refresh(&revoked.refresh).await.assert_invalid_grant();
            let reply = server.refresh(&tokens.refresh).await;
            assert_eq!(reply.status, StatusCode::OK, "{step}: {reply:?}");
            tokens = reply.tokens();
            assert!(server.is_active(&tokens.access).await, "{step}: what is new is good");
            assert_eq!(server.get("/readyz").await.status, StatusCode::OK);
        }
        // What was spent before stays spent, by whichever clock.
        server.refresh(&parent).await.assert_invalid_grant();
    }
}
