//! The audit log and explanations.

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{TestServer, claims, contract};

async fn list(server: &TestServer, query: &str) -> Vec<Value> {
    let reply = server.admin(Method::GET, &format!("/audit?{query}"), &Value::Null).await;
    assert_eq!(reply.status, 200, "{query}: {reply:?}");
    reply.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_act_is_written_down_with_who_did_it_and_the_id_of_the_request() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.admin_token().await;
    let body = json!({"name": "alice"});
    let request = Request::post("/admin/v1/users")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("user-agent", "a browser");
    let reply = server.send(request.body(Body::from(body.to_string())).unwrap()).await;
    let events = list(&server, "kind=user_created&limit=1").await;
    assert_eq!(events[0]["actor_kind"], "user");
    assert_eq!(events[0]["actor"], claims(&token)["sub"]);
    assert_eq!(events[0]["target"], reply.json()["id"]);
    assert_eq!(events[0]["client_id"], "chancery-admin");
    assert_eq!(events[0]["request_id"], reply.header("x-request-id"));
    assert_eq!(events[0]["user_agent"], "a browser");
    assert_eq!(events[0]["address"], "127.0.0.1");
}

#[tokio::test]
async fn events_are_filtered_by_kind_actor_target_and_time() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let user = server.create_user("alice", &[]).await;
    server.advance(100);
    let token = server.login_as("alice").await.tokens().access;
    let sid = claims(&token)["sid"].as_str().unwrap().to_owned();
    server.advance(100);
    let now = server.clock.seconds();
    let at = |seconds: i64| {
        let time = chancery::protocol::time::Timestamp::from_seconds(seconds);
        time.rfc3339().replace('+', "%2B")
    };
    let logins = list(&server, &format!("kind=login&actor={user}")).await;
    assert_eq!(logins.len(), 1);
    assert_eq!(list(&server, &format!("target={user}&kind=user_created")).await.len(), 1);
    let within = format!("actor={user}&since={}&before={}", at(now - 101), at(now - 99));
    assert_eq!(list(&server, &within).await, logins);
    assert!(list(&server, &format!("actor={user}&before={}", at(now - 101))).await.is_empty());
    assert!(list(&server, &format!("actor={user}&since={}", at(now - 99))).await.is_empty());
    let ended = server.admin(Method::DELETE, &format!("/sessions/{sid}"), &Value::Null).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    assert_eq!(list(&server, &format!("target={sid}")).await[0]["reason"], "ended_by_admin");
    for bad in ["kind=nonsense", "since=yesterday", "before=1"] {
        let reply = server.admin(Method::GET, &format!("/audit?{bad}"), &Value::Null).await;
        reply.assert_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn the_export_has_one_event_a_line() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.admin_token().await;
    let request = Request::get("/admin/v1/audit?limit=5")
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "application/x-ndjson");
    let reply = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    assert!(reply.body.ends_with('\n'));
    let lines: Vec<Value> =
        reply.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    let schema = json!({"$ref": "#/components/schemas/AuditEvent"});
    for line in &lines {
        assert_eq!(contract().validate(&schema, line), Ok(()));
    }
    let same = server.call(Method::GET, "/admin/v1/audit?limit=5", &token, &Value::Null).await;
    assert_eq!(same.json()["items"].as_array().unwrap(), &lines);
}

#[tokio::test]
async fn an_explanation_says_why_a_token_a_session_or_a_user_was_refused() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let explain = async |query: String| {
        let reply = server.admin(Method::GET, &format!("/explain?{query}"), &Value::Null).await;
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        reply.json()
    };
    server.create_user("alice", &[]).await;
    let tokens = server.login_as("alice").await.tokens();
    let sid = claims(&tokens.access)["sid"].as_str().unwrap().to_owned();
    for query in [format!("token={}", tokens.access), format!("session={sid}")] {
        assert_eq!(explain(query).await["outcome"], "ok");
    }
    assert_eq!(explain(format!("token={}", tokens.refresh)).await["outcome"], "rotate");
    // Events of one millisecond are in no promised order.
    server.advance(1);
    let form = format!("token={}", tokens.refresh);
    server.form("/oauth/revoke", &server.basic(), &form).await;
    for query in [format!("token={}", tokens.refresh), format!("session={sid}")] {
        let explanation = explain(query).await;
        assert_eq!(explanation["outcome"], "token_revoked");
        assert_eq!(explanation["session"]["sid"], sid);
        assert_eq!(explanation["events"][0]["kind"], "session_ended");
    }
    let access = explain(format!("token={}", tokens.access)).await;
    assert_eq!(access["outcome"], "token_revoked");
    assert_eq!(access["session"]["sid"], sid);
    assert_eq!(access["events"][0]["kind"], "session_ended");
    assert_eq!(explain("token=x".to_owned()).await["outcome"], "token_invalid");
    assert_eq!(explain("token=chr_AAAA".to_owned()).await["outcome"], "token_invalid");
    let mut body = server.login_body();
    body["username"] = json!("alice");
    body["password"] = json!("not the password");
    server.post_json("/login", &body).await.assert_invalid_grant();
    for bad in ["", "token=x&user=y", "session=x", "user=%00"] {
        let reply = server.admin(Method::GET, &format!("/explain?{bad}"), &Value::Null).await;
        reply.assert_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn what_no_name_holds_is_not_looked_for() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let long = "x".repeat(2049);
    for bad in ["actor=%00", "target=%00", "target=a%0Ab", &format!("actor={long}")] {
        let reply = server.admin(Method::GET, &format!("/audit?{bad}"), &Value::Null).await;
        reply.assert_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn an_explanation_says_what_a_login_of_a_user_would_meet_now() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let explain = async || {
        let reply = server.admin(Method::GET, "/explain?user=alice", &Value::Null).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    };
    let wrong = async || {
        let mut body = server.login_body();
        body["username"] = json!("alice");
        body["password"] = json!("not the password");
        server.post_json("/login", &body).await
    };
    assert_eq!(explain().await["outcome"], "unknown_user");
    let id = server.create_user("alice", &[]).await;
    assert_eq!(explain().await["outcome"], "ok");
    wrong().await.assert_invalid_grant();
    server.login_as("alice").await.tokens();
    let user = explain().await;
    assert_eq!(
        (&user["outcome"], &user["last_refusal"]),
        (&json!("ok"), &json!("wrong_credentials"))
    );
    assert_eq!(user["events"][0]["kind"], "login_failed");

    // From where she has not been before.
    server.create_user("bob", &[]).await;
    let mut body = server.login_body();
    body["username"] = json!("bob");
    body["password"] = json!("not the password");
    for _ in 0..6 {
        server.post_json("/login", &body).await.assert_invalid_grant();
    }
    let at = server.clock.seconds();
    server.post_json("/login", &body).await.assert_error(429, "too_many_requests");
    let reply = server.admin(Method::GET, "/explain?user=bob", &Value::Null).await.json();
    assert_eq!(reply["outcome"], "throttled");
    let until = chancery::protocol::time::Timestamp::from_seconds(at + 1).rfc3339();
    assert_eq!(reply["until"], until);
    server.advance(120);
    for _ in 0..2 {
        server.post_json("/login", &body).await;
    }
    let reply = server.admin(Method::GET, "/explain?user=bob", &Value::Null).await.json();
    assert_eq!(reply["last_refusal"], "wrong_credentials", "one row a minute and network");

    let disable = json!({"status": "disabled"});
    server.admin(Method::PATCH, &format!("/users/{id}"), &disable).await;
    assert_eq!(explain().await["outcome"], "user_disabled");
    let created = server.admin(Method::POST, "/users", &json!({"name": "carol"})).await;
    assert_eq!(created.status, 201);
    let carol = server.admin(Method::GET, "/explain?user=carol", &Value::Null).await.json();
    assert_eq!(carol["outcome"], "no_password");
}

/// The reasons that are written down about a name, once its attempts are delayed by a minute and a new
/// minute has begun meanwhile.
async fn delayed(server: &TestServer, name: &str) -> Vec<Value> {
    let mut body = server.login_body();
    body["username"] = json!(name);
    body["password"] = json!("not the password");
    loop {
        let reply = server.post_json("/login", &body).await;
        match reply.header("retry-after").parse() {
            Err(_) => reply.assert_invalid_grant(),
            Ok(60..) => break,
            Ok(seconds) => server.advance(seconds),
        }
    }
    for seconds in [30, 29] {
        server.advance(seconds);
        let reply = server.post_json("/login", &body).await;
        reply.assert_error(429, "too_many_requests");
    }
    reasons_of(server, name).await
}

async fn reasons_of(server: &TestServer, target: &str) -> Vec<Value> {
    let events = list(server, &format!("kind=login_failed&target={target}")).await;
    events.iter().map(|event| event["reason"].clone()).collect()
}

#[tokio::test]
async fn a_delayed_login_is_written_down_under_its_user() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("alice", &[]).await;
    assert_eq!(delayed(&server, "alice").await[0], "throttled");
}

#[tokio::test]
async fn c141_what_is_typed_as_a_name_that_nobody_has_is_not_written_down() {
    // Delayed or not: it may be the password.
    let Some(server) = TestServer::start(BACKEND).await else { return };
    assert!(delayed(&server, "hunter2").await.is_empty());
    let reasons = reasons_of(&server, "(no%20such%20user)").await;
    assert!(reasons.contains(&json!("unknown_user")), "{reasons:?}");
    assert_eq!(reasons[0], "throttled");
    let all = server.admin(Method::GET, "/audit?limit=200", &Value::Null).await;
    assert!(!all.body.contains("hunter2"));
}
