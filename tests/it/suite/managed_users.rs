//! Users whom the configuration file declares: what hands may do to them.

use chancery::flows::reconcile::{Action, Declared, DeclaredPassword, DeclaredUser, apply};
use chancery::protocol::password::{Password, UserName};
use chancery::protocol::profile::Profile;
use chancery::protocol::user::{Roles, UserStatus};
use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{PASSWORD, TestServer};

fn declared(status: UserStatus) -> Declared {
    let user = DeclaredUser {
        name: UserName::parse("alice").unwrap(),
        password: Some(DeclaredPassword::Plain(Password::presented(PASSWORD).unwrap())),
        roles: Roles::parse("editor").unwrap(),
        profile: Profile::default(),
        status,
    };
    Declared { users: vec![user], ..Declared::default() }
}

/// A server on which alice is declared, and her path in the admin API.
async fn start() -> Option<(TestServer, String)> {
    let server = TestServer::start(BACKEND).await?;
    apply(&server.server, &declared(UserStatus::Active)).await.unwrap();
    let path = path(&server).await;
    Some((server, path))
}

async fn path(server: &TestServer) -> String {
    let users = server.admin(Method::GET, "/users", &Value::Null).await.json();
    let mut users = users["items"].as_array().unwrap().iter();
    let alice = users.find(|user| user["name"] == "alice").unwrap();
    assert_eq!(alice["managed"], true, "{alice}");
    format!("/users/{}", alice["id"].as_str().unwrap())
}

async fn set_status(server: &TestServer, path: &str, status: &str) -> u16 {
    let reply = server.admin(Method::PATCH, path, &json!({"status": status})).await;
    reply.status.as_u16()
}

async fn changes(server: &TestServer, declared: &Declared) -> Vec<Action> {
    let applied = apply(&server.server, declared).await.unwrap();
    applied.changes.into_iter().map(|change| change.action).collect()
}

#[tokio::test]
async fn what_the_file_declares_of_a_user_is_changed_there_alone() {
    // C113
    let Some((server, path)) = start().await else { return };
    let tokens = server.login_as("alice").await.tokens();
    let before = server.rows().await;
    let attempts = [
        (Method::PUT, "/roles", json!({"roles": ["viewer"]})),
        (Method::POST, "/password", json!({"password": "another password of hers"})),
        (Method::DELETE, "", Value::Null),
    ];
    let token = server.admin_token().await;
    for (method, below, body) in attempts {
        let path = format!("/admin/v1{path}{below}");
        let reply = server.call(method, &path, &token, &body).await;
        reply.assert_error(409, "conflict");
    }
    assert_eq!(server.rows().await, (before.0, before.1 + 1), "but for the administrator's login");
    assert!(server.is_active(&tokens.access).await);
    let revoked = json!({"kind": "sub", "value": path.rsplit('/').next().unwrap()});
    assert_eq!(server.admin(Method::POST, "/revocations", &revoked).await.status, 200);
    assert_eq!(changes(&server, &declared(UserStatus::Active)).await, []);
}

#[tokio::test]
async fn whom_a_hand_disabled_in_an_emergency_no_start_enables() {
    let Some((server, path)) = start().await else { return };
    let tokens = server.login_as("alice").await.tokens();
    assert_eq!(set_status(&server, &path, "disabled").await, 200);
    assert_eq!(changes(&server, &declared(UserStatus::Active)).await, []);
    server.login_as("alice").await.assert_invalid_grant();
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    // Let go of and declared again, she is out all the same.
    assert_eq!(changes(&server, &Declared::default()).await, [Action::Disable]);
    let again = [Action::Change(vec!["managed"])];
    assert_eq!(changes(&server, &declared(UserStatus::Active)).await, again);
    server.login_as("alice").await.assert_invalid_grant();
    // The hand takes back what it did.
    assert_eq!(set_status(&server, &path, "active").await, 200);
    server.login_as("alice").await.tokens();
    assert_eq!(changes(&server, &declared(UserStatus::Active)).await, []);
}

#[tokio::test]
async fn whom_the_file_disabled_the_file_alone_enables_whatever_a_hand_does_meanwhile() {
    let Some((server, path)) = start().await else { return };
    let disabled = [Action::Change(vec!["disabled"])];
    for by_hand in [false, true] {
        assert_eq!(changes(&server, &declared(UserStatus::Disabled)).await, disabled);
        assert_eq!(set_status(&server, &path, "active").await, 409);
        if by_hand {
            assert_eq!(set_status(&server, &path, "disabled").await, 200);
            assert_eq!(set_status(&server, &path, "active").await, 409);
        }
        server.login_as("alice").await.assert_invalid_grant();
        assert_eq!(changes(&server, &declared(UserStatus::Disabled)).await, []);
        assert_eq!(changes(&server, &declared(UserStatus::Active)).await, disabled);
        server.login_as("alice").await.tokens();
    }
}

#[tokio::test]
async fn whom_the_file_let_go_of_a_hand_keeps_out_for_good() {
    let Some((server, path)) = start().await else { return };
    assert_eq!(changes(&server, &Declared::default()).await, [Action::Disable]);
    assert_eq!(set_status(&server, &path, "disabled").await, 200);
    let again = [Action::Change(vec!["managed"])];
    assert_eq!(changes(&server, &declared(UserStatus::Active)).await, again);
    server.login_as("alice").await.assert_invalid_grant();
    assert_eq!(set_status(&server, &path, "active").await, 200);
    server.login_as("alice").await.tokens();
}

#[tokio::test]
async fn who_was_made_by_hand_is_taken_over_and_let_go_of_again() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("alice", &["editor"]).await;
    let tokens = server.login_as("alice").await.tokens();
    let taken = [Action::Change(vec!["managed"])];
    assert_eq!(changes(&server, &declared(UserStatus::Active)).await, taken);
    let path = path(&server).await;
    assert!(server.is_active(&tokens.access).await);
    assert_eq!(changes(&server, &Declared::default()).await, [Action::Disable]);
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    assert_eq!(set_status(&server, &path, "active").await, 200, "she is not declared any more");
    server.login_as("alice").await.tokens();
    server.login().await;
}
