//! What a refresh depends on: user, client, roles, scopes, resources, size. Whatever is refused is
//! refused without consuming the token.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Options, TestServer, claims};

#[tokio::test]
async fn c090_a_wider_scope_or_a_foreign_resource_is_refused_and_consumes_nothing() {
    // C090
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.login().await.refresh;
    for (more, code) in [
        ("&scope=read+admin:users", "invalid_scope"),
        ("&scope=%22", "invalid_scope"),
        ("&resource=https://elsewhere.example", "invalid_target"),
        ("&resource=relative", "invalid_target"),
    ] {
        server.refresh_with(&token, more).await.assert_error(400, code);
    }
    server.refresh(&token).await.tokens();
}

#[tokio::test]
async fn a_narrower_scope_narrows_one_access_token_and_not_the_session() {
    // CORE-13, C090
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.login().await.refresh;
    let narrow = server.refresh_with(&token, "&scope=read").await;
    assert_eq!(narrow.json()["scope"], "read");
    let narrow = narrow.tokens();
    assert_eq!(claims(&narrow.access)["scope"], "read");
    let full = server.refresh(&narrow.refresh).await;
    assert_eq!(full.json()["scope"], "read write openid");
}

#[tokio::test]
async fn parallel_refreshes_for_different_resources_share_one_new_token() {
    // C095
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.login().await.refresh;
    let api = format!("&resource={}", server.secrets.resource);
    let first = server.refresh_with(&token, &api).await.tokens();
    let again = server.refresh_with(&token, "&scope=write").await.tokens();
    assert_eq!(first.refresh, again.refresh);
    assert_eq!(claims(&again.access)["scope"], "write");
}

#[tokio::test]
async fn a_changed_role_shows_in_the_next_token_and_the_one_before_is_refused() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let id = server.create_user("anna", &["clerk"]).await;
    let tokens = server.login_as("anna").await.tokens();
    assert_eq!(claims(&tokens.access)["roles"], json!(["clerk"]));
    let path = format!("/users/{id}/roles");
    let reply = server.admin(Method::PUT, &path, &json!({"roles": ["chief"]})).await;
    assert!(reply.json()["effective_by"]["feed"].is_string(), "{reply:?}");
    assert!(!server.is_active(&tokens.access).await);
    let next = server.refresh(&tokens.refresh).await.tokens();
    assert_eq!(claims(&next.access)["roles"], json!(["chief"]));
    assert!(server.is_active(&next.access).await, "issued after the second of the change");
}

#[tokio::test]
async fn a_disabled_user_cannot_refresh_and_enabling_does_not_revive_his_sessions() {
    // C096
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let id = server.create_user("anna", &[]).await;
    let tokens = server.login_as("anna").await.tokens();
    let path = format!("/users/{id}");
    for status in ["disabled", "active"] {
        server.admin(Method::PATCH, &path, &json!({"status": status})).await;
        server.refresh(&tokens.refresh).await.assert_invalid_grant();
        assert!(!server.is_active(&tokens.access).await);
    }
    server.login_as("anna").await.tokens();
}

#[tokio::test]
async fn c068_a_new_password_ends_every_session_and_a_deleted_user_has_none() {
    // C096
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let id = server.create_user("anna", &[]).await;
    let tokens = server.login_as("anna").await.tokens();
    let path = format!("/users/{id}/password");
    let password = json!({"password": "another correct horse battery"});
    server.admin(Method::POST, &path, &password).await;
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    server.login_as("anna").await.assert_invalid_grant();
    let id = server.create_user("bert", &[]).await;
    let tokens = server.login_as("bert").await.tokens();
    server.admin(Method::DELETE, &format!("/users/{id}"), &Value::Null).await;
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    assert!(!server.is_active(&tokens.access).await);
}

#[tokio::test]
async fn a_paused_clients_refreshes_during_the_pause_do_not_end_its_sessions() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let second = server.refresh(&first.refresh).await.tokens();
    let path = format!("/clients/{}", server.client_key("demo").await);
    server.admin(Method::PATCH, &path, &json!({"status": "paused"})).await;
    for token in [&first.refresh, &second.refresh, &second.refresh] {
        server.refresh(token).await.assert_error(401, "invalid_client");
    }
    server.admin(Method::PATCH, &path, &json!({"status": "active"})).await;
    let third = server.refresh(&second.refresh).await.tokens();
    assert!(server.is_active(&third.access).await);
    assert!(!server.is_active(&second.access).await, "issued before the pause");
}

#[tokio::test]
async fn a_disabled_clients_sessions_are_over() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    let path = format!("/clients/{}", server.client_key("demo").await);
    for status in ["disabled", "active"] {
        server.admin(Method::PATCH, &path, &json!({"status": status})).await;
    }
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
}

#[tokio::test]
async fn a_token_over_the_size_budget_is_refused_and_the_session_kept() {
    let options = Options::default();
    let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
    let id = server.create_user("anna", &[]).await;
    let token = server.login_as("anna").await.tokens().refresh;
    let many: Vec<String> = (0..200).map(|n| format!("a-role-with-a-long-name-{n}")).collect();
    let path = format!("/users/{id}/roles");
    server.admin(Method::PUT, &path, &json!({"roles": many})).await;
    server.refresh(&token).await.assert_error(400, "invalid_request");
    server.login_as("anna").await.assert_error(400, "invalid_request");
    server.admin(Method::PUT, &path, &json!({"roles": ["clerk"]})).await;
    server.refresh(&token).await.tokens();
}
