//! More clients than a node remembers: it reads those that it has not met, and otherwise does the same.

use axum::body::Body;
use http::{Method, Request};
use metrics::set_default_local_recorder;
use serde_json::{Value, json};

use super::BACKEND;
use super::authorize::{self, Given};
use crate::support::{Options, Statements, TestServer, basic};

mod beside;
mod bound;

/// There are two to begin with, so that not all are remembered.
fn few() -> Options {
    Options { remembered_clients: 1, ..Options::default() }
}

async fn start() -> Option<TestServer> {
    TestServer::start_with(BACKEND, few()).await
}

const OWN: &str = "grant_type=client_credentials";
const API: &str = "https://api.example";

/// How many clients this node remembers.
fn remembered(server: &TestServer) -> usize {
    server.server.memory.last_known().unwrap().clients.len()
}

/// Registers the resource [`API`] and a client that serves it; answers its credentials.
async fn service(server: &TestServer, id: &str) -> String {
    let resource = json!({"uri": API, "scopes": []});
    let made = server.admin(Method::POST, "/resources", &resource).await;
    assert!(matches!(made.status.as_u16(), 201 | 409), "{made:?}");
    server.create_service(id, API).await
}

async fn set_status(server: &TestServer, id: &str, status: &str) {
    let path = format!("/clients/{}", server.client_key(id).await);
    let changed = server.admin(Method::PATCH, &path, &json!({"status": status})).await;
    assert_eq!(changed.status, 200, "{changed:?}");
}

/// Whether a script of `origin` may read what a login is answered.
async fn is_shared(server: &TestServer, origin: &str) -> bool {
    let request = Request::post("/login").header("origin", origin);
    let reply = server.send(request.body(Body::empty()).unwrap()).await;
    reply.header("access-control-allow-origin") == origin
}

#[tokio::test]
async fn a_client_costs_one_statement_until_something_changes() {
    // C089
    let Some(server) = start().await else { return };
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let token = async || {
        let before = statements.count();
        let token = server.client_token(&server.basic(), "").await;
        server.introspect(&token).await;
        statements.count() - before
    };
    assert_eq!((token().await, token().await), (1, 0));
    server.revoke_some("one").await;
    assert_eq!(token().await, 0, "a revocation is no change of a client");
    server.create_client(&json!({"client_id": "new"})).await;
    assert_eq!((token().await, token().await), (1, 0));
}

#[tokio::test]
async fn nobody_is_pushed_out_by_names_of_no_client() {
    let Some(server) = start().await else { return };
    server.client_token(&server.basic(), "").await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    for number in 1..=10 {
        let nobody = basic(&format!("nobody-{number}"), "a-secret");
        server.form("/oauth/token", &nobody, OWN).await.assert_error(401, "invalid_client");
        assert_eq!(statements.count(), number);
    }
    server.client_token(&server.basic(), "").await;
    assert_eq!(statements.count(), 10);
}

#[tokio::test]
async fn however_many_clients_come_two_generations_are_remembered() {
    let Some(server) = start().await else { return };
    let mut services = Vec::new();
    for number in 0..5 {
        services.push(service(&server, &format!("service-{number}")).await);
    }
    for service in services.iter().chain(&services) {
        let token = server.client_token(service, "").await;
        let form = format!("token={token}");
        let reply = server.form("/oauth/introspect", service, &form).await;
        assert_eq!(reply.json()["active"], true, "{reply:?}");
        assert!((1..=2).contains(&remembered(&server)));
    }
}

#[tokio::test]
async fn a_client_that_is_disabled_is_refused_from_the_next_look_on() {
    let Some(one) = start().await else { return };
    let two = one.another_with(2, few()).await;
    let service = service(&one, "service").await;
    one.advance(1);
    let token = two.client_token(&service, "").await;
    set_status(&one, "service", "disabled").await;
    one.advance(1);
    for node in [&one, &two] {
        node.form("/oauth/token", &service, OWN).await.assert_error(401, "invalid_client");
        let form = format!("token={token}");
        let reply = node.form("/oauth/introspect", &service, &form).await;
        reply.assert_error(401, "invalid_client");
        assert!(!node.is_active(&token).await);
    }
    set_status(&one, "service", "active").await;
    one.advance(1);
    for node in [&one, &two] {
        node.client_token(&service, "").await;
    }
}

#[tokio::test]
async fn a_client_that_cannot_be_read_is_not_taken_for_unknown() {
    // C130
    let Some(server) = start().await else { return };
    let service = service(&server, "service").await;
    let token = server.client_token(&service, "").await;
    let form = format!("token={token}");
    server.create_client(&json!({"client_id": "new", "origins": [API]})).await;
    server.client_token(&server.basic(), "").await;
    server.server.store.close().await;
    server.client_token(&server.basic(), "").await;
    for (credentials, path, form) in [
        (service.as_str(), "/oauth/token", OWN),
        (&service, "/oauth/introspect", &form),
        (&server.basic(), "/oauth/introspect", &form),
        (&server.basic(), "/oauth/revoke", &form),
    ] {
        let reply = server.form(path, credentials, form).await;
        reply.assert_error(503, "temporarily_unavailable");
    }
    let reply = server.call(Method::GET, "/oauth/userinfo", &token, &Value::Null).await;
    reply.assert_error(503, "temporarily_unavailable");
    assert!(!is_shared(&server, API).await);
    // What the feed tells is for everybody.
    server.stream("", &service).await.told().await;
}

#[tokio::test]
async fn an_origin_costs_one_statement_whether_or_not_a_client_has_it() {
    // WEB-03
    let Some(server) = start().await else { return };
    server.create_client(&json!({"client_id": "spa", "origins": [API]})).await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    for (origin, shared) in [(API, true), ("https://other.example", false)] {
        for cost in [1, 0] {
            let before = statements.count();
            assert_eq!(is_shared(&server, origin).await, shared, "{origin}");
            assert_eq!(statements.count() - before, cost, "{origin}");
        }
    }
    let before = statements.count();
    assert!(!is_shared(&server, "null").await);
    assert_eq!(statements.count(), before, "what is no origin nobody has");
    for (status, shared) in [("disabled", false), ("active", true), ("paused", true)] {
        set_status(&server, "spa", status).await;
        assert_eq!(is_shared(&server, API).await, shared, "{status}");
    }
    let path = format!("/clients/{}", server.client_key("spa").await);
    let moved = json!({"origins": ["https://other.example"]});
    assert_eq!(server.admin(Method::PATCH, &path, &moved).await.status, 200);
    assert!(!is_shared(&server, API).await);
    assert!(is_shared(&server, "https://other.example").await);
}

#[tokio::test]
async fn the_account_page_names_each_application_by_one_statement_for_all() {
    let Some(given) = authorize::given_with(few()).await else { return };
    let mut browser = given.browser();
    let names = ["shop", "spa"];
    for client in names {
        given.code(&mut browser, &Given::asking(client)).await;
    }
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let mut costs = Vec::new();
    for _ in 0..2 {
        given.server.create_client(&json!({"client_id": format!("new-{}", costs.len())})).await;
        let before = statements.count();
        for _ in 0..2 {
            let page = browser.get("/account").await;
            assert!(
                names.iter().all(|name| page.body.contains(&format!("The {name}"))),
                "{page:?}"
            );
            costs.push(statements.count() - before);
        }
    }
    let once = costs[1] - costs[0];
    assert_eq!(costs, [once + 1, 2 * once + 1, once + 1, 2 * once + 1]);
}

#[tokio::test]
async fn a_reader_of_the_stream_stays_until_his_own_client_changes() {
    let Some(server) = start().await else { return };
    let service = service(&server, "service").await;
    let mut stream = server.stream("", &service).await;
    for jti in ["one", "two"] {
        server.revoke_some(jti).await;
        while !stream.told().await.refuses(chancery::protocol::revocation::Kind::Token, jti) {}
        server.create_client(&json!({"client_id": format!("new-{jti}")})).await;
    }
    let path = format!("/clients/{}", server.client_key("service").await);
    assert_eq!(server.admin(Method::PATCH, &path, &json!({"name": "Other"})).await.status, 200);
    server.revoke_some("three").await;
    assert!(stream.next().await.is_none());
}
