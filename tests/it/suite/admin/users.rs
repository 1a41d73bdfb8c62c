//! Administering users, and what each change ends.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{PASSWORD, TestServer, claims};

#[tokio::test]
async fn a_user_is_created_shown_and_logs_in() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let id = server.create_user("Alice", &["editor", "admin"]).await;
    let shown = server.admin(Method::GET, &format!("/users/{id}"), &Value::Null).await.json();
    assert_eq!(shown["id"], id);
    assert_eq!(shown["status"], "active");
    assert_eq!(shown["roles"], json!(["editor", "admin"]));
    for name in ["Alice", "alice", "ALICE"] {
        let token = server.login_as(name).await.tokens().access;
        assert_eq!(claims(&token)["sub"], id);
    }
    let body = json!({"name": "aLiCe", "password": PASSWORD});
    server.admin(Method::POST, "/users", &body).await.assert_error(409, "conflict");
}

#[tokio::test]
async fn what_is_known_of_a_user_is_replaced_as_a_whole_and_ends_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let profile = json!({
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "email_verified": true,
        "address": {"locality": "London", "country": "UK"},
    });
    let body = json!({"name": "ada", "password": PASSWORD, "profile": profile});
    let created = server.admin(Method::POST, "/users", &body).await.json();
    assert_eq!(created["profile"], profile);
    let path = format!("/users/{}", created["id"].as_str().unwrap());
    let show = async || server.admin(Method::GET, &path, &Value::Null).await.json();
    assert_eq!(show().await["profile"], profile);
    let tokens = server.login_as("ada").await.tokens();
    let less = json!({"profile": {"name": "Ada", "nickname": null}});
    let changed = server.admin(Method::PATCH, &path, &less).await.json();
    assert!(changed.get("effective_by").is_none(), "{changed}");
    let shown = show().await;
    assert_eq!((&shown["profile"], &shown["status"]), (&json!({"name": "Ada"}), &json!("active")));
    assert!(server.is_active(&tokens.access).await);
    server.refresh(&tokens.refresh).await.tokens();
    for body in [
        json!({}),
        json!({"status": "active", "profile": {}}),
        json!({"profile": "Ada"}),
        json!({"profile": {"email": "ada"}}),
        json!({"profile": {"email_verified": true}}),
        json!({"profile": {"sub": "x"}}),
        json!({"profile": {"address": {"formatted": "x".repeat(501)}}}),
    ] {
        let reply = server.admin(Method::PATCH, &path, &body).await;
        assert_eq!(reply.status, 400, "{body}: {reply:?}");
    }
    assert_eq!(show().await, shown);
}

#[tokio::test]
async fn bodies_that_make_no_user_are_refused() {
    // C066
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let bodies = [
        json!({}),
        json!({"name": ""}),
        json!({"name": "a b\u{0}"}),
        json!({"name": "alice", "password": "short"}),
        json!({"name": "alice", "password": "x".repeat(1025)}),
        json!({"name": "alice", "password_hash": "no hash"}),
        json!({"name": "alice", "password": PASSWORD, "password_hash": "x"}),
        json!({"name": "alice", "roles": ["two words"]}),
        json!({"name": "alice", "roles": "admin"}),
        json!({"name": "alice", "profile": {"is_admin": true}}),
        json!({"name": "alice", "profile": {"phone_number": "110"}}),
        json!({"name": 1}),
    ];
    for body in bodies {
        let reply = server.admin(Method::POST, "/users", &body).await;
        assert_eq!(reply.status, 400, "{body}: {reply:?}");
    }
    let token = server.admin_token().await;
    let request = http::Request::post("/admin/v1/users")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "text/plain");
    let reply = server.send(request.body(axum::body::Body::from("{}")).unwrap()).await;
    reply.assert_error(415, "unsupported_media_type");
}

#[tokio::test]
async fn disabling_deleting_and_a_new_password_end_everything_at_once() {
    // C113, C114
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let changes: [(Method, &str, Value); 3] = [
        (Method::PATCH, "", json!({"status": "disabled"})),
        (Method::POST, "/password", json!({"password": "another password of his"})),
        (Method::DELETE, "", Value::Null),
    ];
    for (number, (method, below, body)) in changes.into_iter().enumerate() {
        let name = format!("user{number}");
        let id = server.create_user(&name, &[]).await;
        let tokens = server.login_as(&name).await.tokens();
        let reply = server.admin(method.clone(), &format!("/users/{id}{below}"), &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.json()["effective_by"]["expiry"].is_string());
        assert!(!server.is_active(&tokens.access).await, "{method} {below}");
        server.refresh(&tokens.refresh).await.assert_invalid_grant();
        server.login_as(&name).await.assert_invalid_grant();
    }
}

#[tokio::test]
async fn an_enabled_user_logs_in_again_and_his_old_tokens_stay_dead() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let path = format!("/users/{}", server.create_user("alice", &[]).await);
    let tokens = server.login_as("alice").await.tokens();
    for status in ["disabled", "active"] {
        let reply = server.admin(Method::PATCH, &path, &json!({"status": status})).await;
        assert_eq!(reply.json()["status"], status, "{reply:?}");
    }
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    assert!(!server.is_active(&tokens.access).await);
    let again = server.login_as("alice").await.tokens();
    assert!(server.is_active(&again.access).await);
    let bad = server.admin(Method::PATCH, &path, &json!({"status": "gone"})).await;
    bad.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn new_roles_refuse_the_tokens_that_carry_the_old_ones_and_keep_the_session() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let id = server.create_user("alice", &["editor"]).await;
    let tokens = server.login_as("alice").await.tokens();
    let body = json!({"roles": ["viewer"]});
    let reply = server.admin(Method::PUT, &format!("/users/{id}/roles"), &body).await;
    assert_eq!(reply.json()["roles"], json!(["viewer"]), "{reply:?}");
    assert!(!server.is_active(&tokens.access).await);
    let next = server.refresh(&tokens.refresh).await.tokens();
    assert_eq!(claims(&next.access)["roles"], json!(["viewer"]));
    assert!(server.is_active(&next.access).await);
}

#[tokio::test]
async fn passwords_are_set_in_clear_or_as_a_hash_within_the_budget() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let path = format!("/users/{}/password", server.create_user("alice", &[]).await);
    for body in [json!({}), json!({"password": "short"}), json!({"password_hash": "x"})] {
        let reply = server.admin(Method::POST, &path, &body).await;
        reply.assert_error(400, "invalid_request");
    }
    let new = json!({"password": "a new and long password"});
    assert_eq!(server.admin(Method::POST, &path, &new).await.status, 200);
    server.login_as("alice").await.assert_invalid_grant();
    let mut body = server.login_body();
    body["username"] = json!("alice");
    body["password"] = new["password"].clone();
    server.post_json("/login", &body).await.tokens();
}
