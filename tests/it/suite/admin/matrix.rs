//! Who may call which operation: one table, which has every administrative route.

use std::collections::BTreeSet;

use chancery::http::routes::{Place, ROUTES};
use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{TestServer, contract};

/// One operation: its scope, a body that it takes, and what it answers to that for a thing that
/// does not exist, or exists.
struct Row {
    method: Method,
    path: &'static str,
    scope: &'static str,
    body: fn() -> Value,
    status: u16,
}

const fn row(
    method: Method,
    path: &'static str,
    scope: &'static str,
    body: fn() -> Value,
    status: u16,
) -> Row {
    Row { method, path, scope, body, status }
}

fn none() -> Value {
    Value::Null
}

fn disable() -> Value {
    json!({"status": "disabled"})
}

const ROWS: [Row; 34] = [
    row(Method::GET, "/users", "users", none, 200),
    row(Method::POST, "/users", "users", || json!({"name": "new"}), 201),
    row(Method::GET, "/users/{id}", "users", none, 404),
    row(Method::PATCH, "/users/{id}", "users", disable, 404),
    row(Method::DELETE, "/users/{id}", "users", none, 404),
    row(Method::POST, "/users/{id}/password", "users", || json!({"password": "p".repeat(20)}), 404),
    row(Method::PUT, "/users/{id}/roles", "users", || json!({"roles": []}), 404),
    row(Method::GET, "/clients", "clients", none, 200),
    row(Method::POST, "/clients", "clients", || json!({"client_id": "new"}), 201),
    row(Method::GET, "/clients/{id}", "clients", none, 404),
    row(Method::PATCH, "/clients/{id}", "clients", disable, 404),
    row(Method::DELETE, "/clients/{id}", "clients", none, 404),
    row(Method::POST, "/clients/{id}/secret", "clients", || json!({}), 404),
    row(Method::PUT, "/clients/{id}/logo", "clients", none, 404),
    row(Method::DELETE, "/clients/{id}/logo", "clients", none, 404),
    row(Method::GET, "/resources", "resources", none, 200),
    row(Method::POST, "/resources", "resources", || json!({"uri": "urn:new"}), 201),
    row(Method::GET, "/resources/{id}", "resources", none, 404),
    row(Method::PATCH, "/resources/{id}", "resources", || json!({"enabled": false}), 404),
    row(Method::DELETE, "/resources/{id}", "resources", none, 404),
    row(Method::GET, "/sessions", "sessions", none, 200),
    row(Method::GET, "/sessions/{id}", "sessions", none, 404),
    row(Method::DELETE, "/sessions/{id}", "sessions", none, 404),
    row(Method::GET, "/browser-sessions?user={id}", "sessions", none, 200),
    row(Method::GET, "/browser-sessions/{id}", "sessions", none, 404),
    row(Method::DELETE, "/browser-sessions/{id}", "sessions", none, 404),
    row(Method::POST, "/revocations", "revoke", || json!({"kind": "jti", "value": "x"}), 200),
    row(Method::GET, "/feed", "revoke", none, 200),
    row(Method::GET, "/keys", "keys", none, 200),
    row(Method::POST, "/keys/rotate", "keys", || json!({}), 200),
    row(Method::POST, "/keys/{kid}/compromise", "keys", none, 404),
    row(Method::GET, "/audit", "audit", none, 200),
    row(Method::GET, "/explain?user=nobody", "audit", none, 200),
    // The last: nothing is let in with what was revoked by it.
    row(Method::POST, "/revocations", "revoke", || json!({"kind": "all"}), 200),
];

/// An id that nothing has.
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const SCOPES: [&str; 7] = ["users", "clients", "resources", "sessions", "revoke", "keys", "audit"];

impl Row {
    fn template(&self) -> String {
        format!("/admin/v1{}", self.path.split('?').next().unwrap())
    }

    async fn call(&self, server: &TestServer, token: &str) -> crate::support::Reply {
        let path = self.path.replace("{id}", NOBODY).replace("{kid}", "unknown");
        let path = format!("/admin/v1{path}");
        server.call(self.method.clone(), &path, token, &(self.body)()).await
    }
}

#[test]
fn every_administrative_route_has_its_row() {
    let rows: BTreeSet<(String, String)> =
        ROWS.iter().map(|row| (row.method.to_string(), row.template())).collect();
    let routes: BTreeSet<(String, String)> = ROUTES
        .iter()
        .filter(|route| route.place == Place::Admin && route.path != "/metrics")
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    assert_eq!(rows, routes);
}

#[test]
fn the_description_names_the_scope_of_every_operation() {
    for row in &ROWS {
        let method = row.method.as_str().to_ascii_lowercase();
        let operation = &contract().document()["paths"][row.template()][method];
        let expected = json!([{"accessToken": [format!("admin:{}", row.scope)]}]);
        assert_eq!(operation["security"], expected, "{} {}", row.method, row.path);
    }
}

#[tokio::test]
async fn c113_nobody_comes_in_without_a_token_for_administration_with_the_scope() {
    // C113
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let elsewhere = server.login().await.access;
    let mut tokens = Vec::new();
    for scope in SCOPES {
        tokens.push((scope, scoped(&server, scope).await));
    }
    for row in &ROWS {
        let what = format!("{} {}", row.method, row.path);
        let path = row.template().replace("{id}", NOBODY).replace("{kid}", "unknown");
        let request = http::Request::builder().method(&row.method).uri(path);
        let request = request.header("cookie", "session=1; token=1");
        let reply = server.send(request.body(axum::body::Body::empty()).unwrap()).await;
        reply.assert_error(401, "invalid_token");
        assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="chancery""#, "{what}");
        row.call(&server, &elsewhere).await.assert_error(401, "invalid_token");
        for (scope, token) in tokens.iter().filter(|(scope, _)| *scope != row.scope) {
            let reply = row.call(&server, token).await;
            assert_eq!(reply.status, 403, "{what} with {scope}");
            reply.assert_error(403, "insufficient_scope");
            let expected = format!(
                r#"Bearer realm="chancery", error="insufficient_scope", scope="admin:{}""#,
                row.scope
            );
            assert_eq!(reply.header("www-authenticate"), expected, "{what} with {scope}");
        }
    }
}

#[tokio::test]
async fn the_scope_of_an_operation_is_enough_for_it() {
    // C113, C114
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for row in &ROWS {
        let token = scoped(&server, row.scope).await;
        let reply = row.call(&server, &token).await;
        assert_eq!(reply.status.as_u16(), row.status, "{} {}: {reply:?}", row.method, row.path);
    }
}

#[tokio::test]
async fn a_token_that_expired_or_whose_role_was_taken_is_refused() {
    // C113
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = scoped(&server, "users").await;
    server.advance(300);
    ROWS[0].call(&server, &token).await.assert_error(401, "invalid_token");
    let id = server.create_user("deputy", &["admin"]).await;
    let body = json!({
        "username": "deputy",
        "password": crate::support::PASSWORD,
        "client_id": "chancery-admin",
    });
    let token = server.post_json("/login", &body).await.tokens().access;
    assert_eq!(ROWS[0].call(&server, &token).await.status, 200);
    let path = format!("/users/{id}/roles");
    server.admin(Method::PUT, &path, &json!({"roles": ["editor"]})).await;
    ROWS[0].call(&server, &token).await.assert_error(401, "invalid_token");
    server.post_json("/login", &body).await.assert_error(400, "invalid_scope");
}

#[tokio::test]
async fn members_that_nobody_knows_are_refused() {
    // C113
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.admin_token().await;
    for row in ROWS.iter().filter(|row| !(row.body)().is_null()) {
        let path = match row.path.split('/').nth(1).unwrap() {
            "users" => row.path.replace("{id}", &first(&server, "users").await),
            "clients" => row.path.replace("{id}", &first(&server, "clients").await),
            "resources" => row.path.replace("{id}", &first(&server, "resources").await),
            _ => row.path.to_owned(),
        };
        let path = format!("/admin/v1{path}");
        let mut body = (row.body)();
        body["is_admin"] = json!(true);
        let reply = server.call(row.method.clone(), &path, &token, &body).await;
        assert_eq!(reply.status, 400, "{} {}: {reply:?}", row.method, row.path);
        for body in [json!([]), json!("text"), json!(1)] {
            let reply = server.call(row.method.clone(), &path, &token, &body).await;
            reply.assert_error(400, "invalid_request");
        }
    }
}

/// The administrator's token with one scope.
async fn scoped(server: &TestServer, scope: &str) -> String {
    server.admin_token_with(&format!("admin:{scope}")).await
}

async fn first(server: &TestServer, list: &str) -> String {
    let items = server.admin(Method::GET, &format!("/{list}"), &Value::Null).await.json();
    items["items"][0]["id"].as_str().unwrap().to_owned()
}
