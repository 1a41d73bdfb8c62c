//! Sessions, as administrators see them.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{TestServer, claims};

#[tokio::test]
async fn a_session_is_shown_while_it_lives_and_after_its_end() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let user = server.create_user("alice", &[]).await;
    let tokens = server.login_as("alice").await.tokens();
    let sid = claims(&tokens.access)["sid"].clone();
    let path = format!("/sessions/{}", sid.as_str().unwrap());
    let shown = server.admin(Method::GET, &path, &Value::Null).await.json();
    assert_eq!((&shown["sid"], &shown["user_id"]), (&sid, &json!(user)));
    assert_eq!(shown["client_id"], "demo");
    assert!(shown.get("ended_reason").is_none(), "{shown}");
    server.admin(Method::DELETE, &path, &Value::Null).await;
    let shown = server.admin(Method::GET, &path, &Value::Null).await.json();
    assert_eq!(shown["ended_reason"], "ended_by_admin");
    for unknown in ["x", "01890a5d-ac96-774b-bcce-b302099a8057"] {
        let path = format!("/sessions/{unknown}");
        server.admin(Method::GET, &path, &Value::Null).await.assert_error(404, "not_found");
    }
}

#[tokio::test]
async fn a_session_begun_before_a_change_of_its_user_is_over_before_it_is_marked() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let user = server.create_user("alice", &[]).await;
    let early = server.login_as("alice").await.tokens();
    let early = claims(&early.access)["sid"].as_str().unwrap().to_owned();
    let mut raw = server.raw().await;
    // As it is while the batches after the first are still to come.
    raw.run("UPDATE users SET version = version + 1 WHERE name = 'alice'").await;
    let late = server.login_as("alice").await.tokens();
    let own = server.call(Method::GET, "/sessions", &late.access, &Value::Null).await.json();
    let late = claims(&late.access)["sid"].clone();
    let sids = |list: &Value| -> Vec<Value> {
        list["items"].as_array().unwrap().iter().map(|item| item["sid"].clone()).collect()
    };
    assert_eq!(sids(&own), std::slice::from_ref(&late));
    let of_user = format!("/sessions?user={user}");
    let list = server.admin(Method::GET, &of_user, &Value::Null).await.json();
    assert_eq!(sids(&list), std::slice::from_ref(&late));
    let all = sids(&server.admin(Method::GET, "/sessions", &Value::Null).await.json());
    assert!(all.contains(&late) && !all.contains(&json!(early)), "{all:?}");
    let path = format!("/sessions/{early}");
    let reason = async || {
        server.admin(Method::GET, &path, &Value::Null).await.json()["ended_reason"].clone()
    };
    assert_eq!(reason().await, "user_changed");
    raw.run("UPDATE users SET status = 'disabled' WHERE name = 'alice'").await;
    assert_eq!(reason().await, "user_disabled");
    raw.run("DELETE FROM users WHERE name = 'alice'").await;
    assert_eq!(reason().await, "user_deleted");
    let list = server.admin(Method::GET, "/sessions", &Value::Null).await.json();
    assert!(!sids(&list).contains(&late), "{list}");
}
