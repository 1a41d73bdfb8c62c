//! Browser sessions, as administrators see them.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::TestServer;

/// The ids of a user's browser sessions, as they are listed.
async fn listed(server: &TestServer, user: &str) -> Vec<String> {
    let list = format!("/browser-sessions?user={user}");
    let list = server.admin(Method::GET, &list, &Value::Null).await.json();
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn why_ended(server: &TestServer, path: &str) -> Value {
    server.admin(Method::GET, path, &Value::Null).await.json()["ended_reason"].clone()
}

#[tokio::test]
async fn ending_one_ends_the_sessions_under_it_that_do_not_outlive_it() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let alice = server.create_user("alice", &[]).await;
    let [browser, other] =
        [server.browser_session("alice").await, server.browser_session("alice").await];
    let under = server.session_under(&browser, false).await;
    let [offline, elsewhere] =
        [server.session_under(&browser, true).await, server.session_under(&other, false).await];
    let path = format!("/browser-sessions/{}", browser.id);
    let shown = server.admin(Method::GET, &path, &Value::Null).await.json();
    assert_eq!(shown["user_id"], alice);
    assert_eq!(
        (&shown["address"], &shown["user_agent"]),
        (&json!("192.0.2.7"), &json!("a browser"))
    );
    assert_eq!(listed(&server, &alice).await.len(), 2);
    let (revocations, _) = server.rows().await;
    for _ in 0..2 {
        let reply = server.admin(Method::DELETE, &path, &Value::Null).await;
        assert!(reply.json()["effective_by"]["issuer"].is_string(), "{reply:?}");
    }
    assert_eq!(server.rows().await.0, revocations + 1);
    assert_eq!(why_ended(&server, &path).await, "ended_by_admin");
    assert_eq!(why_ended(&server, &format!("/sessions/{under}")).await, "ended_by_admin");
    for alive in [offline, elsewhere] {
        assert_eq!(why_ended(&server, &format!("/sessions/{alive}")).await, Value::Null);
    }
    assert_eq!(listed(&server, &alice).await, [other.id.to_string()]);
    let audit = "/audit?kind=browser_session_ended";
    let audit = server.admin(Method::GET, audit, &Value::Null).await.json();
    let [event] = &audit["items"].as_array().unwrap()[..] else { panic!("{audit}") };
    assert_eq!(event["target"], browser.id.to_string());
}

#[tokio::test]
async fn one_that_is_over_is_not_listed_and_says_why() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let alice = server.create_user("alice", &[]).await;
    let browser = server.browser_session("alice").await;
    let path = format!("/browser-sessions/{}", browser.id);
    let explain = format!("/explain?session={}", browser.id);
    let outcome = async || {
        let explained = server.admin(Method::GET, &explain, &Value::Null).await.json();
        assert_eq!(explained["browser_session"]["id"], browser.id.to_string());
        explained["outcome"].clone()
    };
    assert_eq!(outcome().await, "ok");
    server.advance(12 * 3600);
    assert_eq!(outcome().await, "session_idle_expired");
    assert!(listed(&server, &alice).await.is_empty());
    server.clock.step_wall(-12 * 3600 * 1000);
    let password = json!({"password": "another long password"});
    server.admin(Method::POST, &format!("/users/{alice}/password"), &password).await;
    assert!(listed(&server, &alice).await.is_empty());
    assert_eq!(why_ended(&server, &path).await, "user_changed");
    assert_eq!(outcome().await, "user_changed");
    server.admin(Method::DELETE, &format!("/users/{alice}"), &Value::Null).await;
    assert_eq!(why_ended(&server, &path).await, "user_deleted");
}

#[tokio::test]
async fn a_page_of_them_needs_a_user() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let alice = server.create_user("alice", &[]).await;
    for bad in ["", "?user=alice", "?user="] {
        let path = format!("/browser-sessions{bad}");
        let reply = server.admin(Method::GET, &path, &Value::Null).await;
        reply.assert_error(400, "invalid_request");
    }
    let mut ids = Vec::new();
    for _ in 0..3 {
        server.advance(1);
        ids.push(server.browser_session("alice").await.id.to_string());
    }
    let path = format!("/browser-sessions?user={alice}&limit=2");
    let page = server.admin(Method::GET, &path, &Value::Null).await.json();
    assert_eq!(page["next"], ids[1]);
    let path = format!("{path}&after={}", ids[1]);
    let page = server.admin(Method::GET, &path, &Value::Null).await.json();
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!(ids[2]), &Value::Null));
}
