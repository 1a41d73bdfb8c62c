//! Retries: which window answers them, and how.

use super::BACKEND;
use crate::support::TestServer;

#[tokio::test]
async fn a_refresh_rotates_the_token_and_the_new_one_works() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let reply = server.refresh(&first.refresh).await;
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("pragma"), "no-cache");
    let second = reply.tokens();
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.access, second.access);
    server.refresh(&second.refresh).await.tokens();
}

#[tokio::test]
async fn a_lost_answer_is_repeated_with_the_same_token_for_thirty_seconds() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let lost = server.refresh(&first.refresh).await.tokens();
    for seconds in [0, 1, 29] {
        server.advance(seconds);
        let again = server.refresh(&first.refresh).await.tokens();
        assert_eq!(again.refresh, lost.refresh, "the newest leaf goes out once more");
        assert_ne!(again.access, lost.access, "with an access token of its own");
    }
    server.refresh(&lost.refresh).await.tokens();
}

#[tokio::test]
async fn after_the_echo_window_a_retry_gets_a_token_of_its_own_and_both_work_until_one_is_used() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let lost = server.refresh(&first.refresh).await.tokens();
    server.advance(31);
    let sibling = server.refresh(&first.refresh).await.tokens();
    assert_ne!(sibling.refresh, lost.refresh);
    let next = server.refresh(&sibling.refresh).await.tokens();
    server.refresh(&next.refresh).await.tokens();
}

#[tokio::test]
async fn the_first_sibling_that_is_used_wins_and_another_one_later_is_reuse() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let original = server.refresh(&first.refresh).await.tokens();
    server.advance(31);
    let sibling = server.refresh(&first.refresh).await.tokens();
    let next = server.refresh(&original.refresh).await.tokens();
    server.refresh(&sibling.refresh).await.assert_invalid_grant();
    server.refresh(&next.refresh).await.assert_invalid_grant();
}

#[tokio::test]
async fn a_generation_has_at_most_four_leaves_and_the_fourth_is_repeated() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let mut leaves = vec![server.refresh(&first.refresh).await.tokens().refresh];
    for _ in 0..6 {
        server.advance(31);
        leaves.push(server.refresh(&first.refresh).await.tokens().refresh);
    }
    leaves.dedup();
    assert_eq!(leaves.len(), 4);
    server.refresh(&leaves[1]).await.tokens();
}

#[tokio::test]
async fn the_replaced_token_is_reuse_once_the_retry_window_has_ended() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for (seconds, works) in [(600, true), (601, false)] {
        let first = server.login().await;
        server.refresh(&first.refresh).await.tokens();
        server.advance(seconds);
        let reply = server.refresh(&first.refresh).await;
        assert_eq!(reply.status.is_success(), works, "after {seconds} s: {reply:?}");
    }
}

#[tokio::test]
async fn a_retry_does_not_slide_the_idle_expiry() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    server.refresh(&first.refresh).await.tokens();
    server.advance(20);
    let echo = server.refresh(&first.refresh).await.json();
    assert_eq!(echo["refresh_token_expires_in"], 14 * 86_400 - 20);
    server.advance(20);
    let sibling = server.refresh(&first.refresh).await.json();
    assert_eq!(sibling["refresh_token_expires_in"], 14 * 86_400 - 40);
}

#[tokio::test]
async fn rotation_never_extends_the_absolute_lifetime() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut token = server.login().await.refresh;
    for day in [13, 26, 39, 52, 65, 78, 89] {
        server.advance(if day == 89 { 11 * 86_400 } else { 13 * 86_400 });
        let reply = server.refresh(&token).await;
        assert_eq!(reply.json()["authorization_expires_in"], (90 - day) * 86_400, "day {day}");
        token = reply.tokens().refresh;
    }
    server.advance(86_400);
    server.refresh(&token).await.assert_invalid_grant();
}

#[tokio::test]
async fn an_unused_session_expires_after_the_idle_time() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.login().await.refresh;
    server.advance(14 * 86_400 - 1);
    let token = server.refresh(&token).await.tokens().refresh;
    server.advance(14 * 86_400);
    server.refresh(&token).await.assert_invalid_grant();
}

#[tokio::test]
async fn an_access_token_never_outlives_its_session() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut token = server.login().await.refresh;
    for _ in 0..6 {
        server.advance(13 * 86_400);
        token = server.refresh(&token).await.tokens().refresh;
    }
    server.advance(12 * 86_400 - 100);
    let reply = server.refresh(&token).await.json();
    assert_eq!(reply["expires_in"], 100);
    assert_eq!(reply["refresh_token_expires_in"], 100);
}
