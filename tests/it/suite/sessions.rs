//! `/sessions` and `/logout`: a user's own sessions, and ending them.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Options, TestServer, claims};

async fn list(server: &TestServer, token: &str) -> Vec<Value> {
    let reply = server.call(Method::GET, "/sessions", token, &Value::Null).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    reply.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_user_sees_his_sessions_and_which_one_is_asking() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("anna", &[]).await;
    let one = server.login_as("anna").await.tokens();
    server.advance(60);
    let two = server.login_as("anna").await.tokens();
    let sessions = list(&server, &two.access).await;
    assert_eq!(sessions.len(), 2, "and nobody else's");
    let current: Vec<&Value> = sessions.iter().filter(|s| s["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0]["sid"], claims(&two.access)["sid"]);
    assert_eq!(current[0]["client_id"], "demo");
    assert_eq!(current[0]["address"], "127.0.0.1");
    let earlier = sessions.iter().find(|s| s["sid"] == claims(&one.access)["sid"]).unwrap();
    assert_ne!(earlier["last_seen"], current[0]["last_seen"]);
}

#[tokio::test]
async fn a_user_ends_one_of_his_sessions_and_cannot_touch_anybody_elses() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("anna", &[]).await;
    let stranger = server.login().await;
    let one = server.login_as("anna").await.tokens();
    let two = server.login_as("anna").await.tokens();
    let path = |token: &str| format!("/sessions/{}", claims(token)["sid"].as_str().unwrap());
    let (foreign, own) = (path(&stranger.access), path(&one.access));
    let reply = server.call(Method::DELETE, &foreign, &two.access, &Value::Null).await;
    reply.assert_error(404, "not_found");
    let ended = server.call(Method::DELETE, &own, &two.access, &Value::Null).await;
    assert!(ended.json()["effective_by"]["feed"].is_i64(), "{ended:?}");
    server.refresh(&one.refresh).await.assert_invalid_grant();
    assert!(!server.is_active(&one.access).await);
    server.refresh(&two.refresh).await.tokens();
    server.refresh(&stranger.refresh).await.tokens();
}

#[tokio::test]
async fn ending_the_others_keeps_the_one_that_asks_and_ending_all_does_not() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("anna", &[]).await;
    let one = server.login_as("anna").await.tokens();
    let two = server.login_as("anna").await.tokens();
    server.call(Method::DELETE, "/sessions", &two.access, &Value::Null).await;
    server.refresh(&one.refresh).await.assert_invalid_grant();
    let two = server.refresh(&two.refresh).await.tokens();
    let bad = server.call(Method::DELETE, "/sessions?all=perhaps", &two.access, &Value::Null);
    bad.await.assert_error(400, "invalid_request");
    server.call(Method::DELETE, "/sessions?all=true", &two.access, &Value::Null).await;
    server.refresh(&two.refresh).await.assert_invalid_grant();
    let reply = server.call(Method::GET, "/sessions", &two.access, &Value::Null).await;
    reply.assert_error(401, "invalid_token");
    server.login_as("anna").await.tokens();
}

#[tokio::test]
async fn sessions_need_a_users_token_for_the_issuer_itself() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    let narrow = server.refresh_with(&tokens.refresh, "&scope=read").await.tokens();
    let reply = server.call(Method::GET, "/sessions", &narrow.access, &Value::Null).await;
    reply.assert_error(401, "invalid_token");
    let basic = server.basic();
    let machine = server.form("/oauth/token", &basic, "grant_type=client_credentials").await;
    let machine = machine.tokens();
    let reply = server.call(Method::GET, "/sessions", &machine.access, &Value::Null).await;
    reply.assert_error(401, "invalid_token");
    let reply = server.get("/sessions").await;
    reply.assert_error(401, "invalid_token");
    assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="chancery""#);
}

#[tokio::test]
async fn c148_a_login_beyond_the_cap_ends_the_session_unused_for_longest() {
    // C148
    let options = Options { sessions_per_user: 3, ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
    server.create_user("anna", &[]).await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(server.login_as("anna").await.tokens());
        server.advance(10);
    }
    // The first becomes the one used last.
    let first = server.refresh(&tokens[0].refresh).await.tokens();
    server.login_as("anna").await.tokens();
    server.refresh(&tokens[1].refresh).await.assert_invalid_grant();
    server.refresh(&tokens[2].refresh).await.tokens();
    server.refresh(&first.refresh).await.tokens();
}

#[tokio::test]
async fn logout_ends_the_session_by_either_token_and_says_by_when() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let one = server.login().await;
    let reply = server.call(Method::POST, "/logout", &one.access, &Value::Null).await;
    assert_eq!(reply.json()["effective_by"]["issuer"], server.clock.seconds(), "{reply:?}");
    server.refresh(&one.refresh).await.assert_invalid_grant();
    assert!(!server.is_active(&one.access).await);
    let two = server.login().await;
    let newer = server.refresh(&two.refresh).await.tokens();
    // Any genuine token of the session ends it, of any generation.
    let mut body = json!({
        "refresh_token": two.refresh,
        "client_id": server.secrets.client_id,
        "client_secret": "wrong",
    });
    server.post_json("/logout", &body).await.assert_error(401, "invalid_client");
    server.refresh(&newer.refresh).await.tokens();
    body["client_secret"] = json!(server.secrets.client_secret);
    assert_eq!(server.post_json("/logout", &body).await.status, StatusCode::OK);
    assert!(!server.is_active(&newer.access).await);
    server.form("/logout", "", "refresh_token=x").await.assert_error(415, "unsupported_media_type");
}
