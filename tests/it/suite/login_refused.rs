//! `POST /login`: what is refused for another reason than the password, and the traces of it.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;

use crate::support::{Options, PASSWORD, TestServer};

/// The reasons that were written down about the logins of a user.
async fn reasons(server: &TestServer, user: &str) -> Vec<Value> {
    let path = format!("/audit?kind=login_failed&target={user}");
    let list = server.admin(Method::GET, &path, &Value::Null).await.json();
    list["items"].as_array().unwrap().iter().map(|event| event["reason"].clone()).collect()
}

fn body(server: &TestServer, client: &str, password: &str) -> Value {
    let mut body = server.login_body();
    body["username"] = json!("alice");
    body["password"] = json!(password);
    if client != "demo" {
        body["client_id"] = json!(client);
        body.as_object_mut().unwrap().remove("client_secret");
    }
    body
}

#[tokio::test]
async fn a_request_that_no_user_could_make_tells_nothing_of_the_password() {
    // C060
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("alice", &[]).await;
    for (member, value, code) in [
        ("scope", "bogus", "invalid_scope"),
        ("scope", "admin:keys", "invalid_scope"),
        ("resource", "https://unknown.example", "invalid_target"),
    ] {
        let answer = async |password: &str| {
            let mut body = body(&server, "demo", password);
            body[member] = json!(value);
            let reply = server.post_json("/login", &body).await;
            reply.assert_error(400, code);
            reply.body
        };
        assert_eq!(answer(PASSWORD).await, answer("not the password of alice").await);
        let known = if member == "scope" { "scope_not_allowed" } else { "resource_not_allowed" };
        assert_eq!(reasons(&server, "alice").await[0], known);
        server.advance(61);
    }
}

#[tokio::test]
async fn a_refusal_after_the_right_password_is_written_down_and_forgives_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("alice", &[]).await;
    let wrong = body(&server, "demo", "not the password of alice");
    for _ in 0..5 {
        server.post_json("/login", &wrong).await.assert_invalid_grant();
    }
    server.advance(61);
    // The right password, but no role that opens any scope of this client.
    let refused = body(&server, "chancery-admin", PASSWORD);
    server.post_json("/login", &refused).await.assert_error(400, "invalid_scope");
    assert_eq!(reasons(&server, "alice").await, ["scope_not_allowed", "wrong_credentials"]);
    // An account with so many failures is tried once at a time, and that attempt is over.
    server.post_json("/login", &wrong).await.assert_invalid_grant();
    server.post_json("/login", &wrong).await.assert_error(429, "too_many_requests");
}

#[tokio::test]
async fn a_token_that_is_too_large_and_a_client_that_may_not_are_written_down() {
    let options = Options { max_size: 1024, ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
    let roles: Vec<String> = (0..200).map(|number| format!("role-number-{number}")).collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    server.create_user("alice", &roles).await;
    server.login_as("alice").await.assert_error(400, "invalid_request");
    assert_eq!(reasons(&server, "alice").await, ["token_too_large"]);
    server.advance(61);
    let service = json!({"client_id": "third", "public": true, "first_party": false});
    server.create_client(&service).await;
    let reply = server.post_json("/login", &body(&server, "third", PASSWORD)).await;
    reply.assert_error(400, "unauthorized_client");
    assert_eq!(reasons(&server, "alice").await[0], "grant_not_allowed");
}
