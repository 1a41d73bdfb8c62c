//! Token introspection (RFC 7662).

use http::Method;
use serde_json::json;

use super::BACKEND;
use crate::support::{TestServer, claims};

async fn ask(server: &TestServer, basic: &str, token: &str) -> String {
    let reply = server.form("/oauth/introspect", basic, &format!("token={token}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("cache-control"), "no-store");
    reply.body
}

const INACTIVE: &str = r#"{"active":false}"#;

#[tokio::test]
async fn only_a_client_that_proved_who_it_is_may_ask() {
    // C111, INT-01
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    let form = format!("token={}", tokens.access);
    let bearer = format!("Bearer {}", tokens.access);
    for (authorization, more) in
        [("", ""), (bearer.as_str(), ""), ("", "&client_id=chancery-admin")]
    {
        let reply = server.form("/oauth/introspect", authorization, &format!("{form}{more}")).await;
        reply.assert_error(401, "invalid_client");
    }
    let service = server.create_service("service", "https://demo-api.example").await;
    assert_ne!(ask(&server, &service, &tokens.access).await, INACTIVE);
    let path = format!("/clients/{}", server.client_key("service").await);
    for status in ["paused", "disabled"] {
        let body = json!({"status": status});
        assert_eq!(server.admin(Method::PATCH, &path, &body).await.status, 200);
        let reply = server.form("/oauth/introspect", &service, &form).await;
        reply.assert_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn an_access_token_is_shown_with_its_claims_to_who_serves_its_audience() {
    // INT-03, INT-04
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.login().await.access;
    let answer = server.introspect(&token).await;
    let mut expected = claims(&token);
    expected["active"] = json!(true);
    expected["token_type"] = json!("Bearer");
    assert_eq!(answer, expected);
    server.advance(299);
    assert!(server.is_active(&token).await);
    server.advance(1);
    assert!(!server.is_active(&token).await, "to the second");
}

#[tokio::test]
async fn nobody_else_learns_anything() {
    // C111, INT-02
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let other = server.create_service("other", "https://other.example").await;
    let mut settings = json!({"client_id": "serves-nothing", "grants": []});
    settings["resources"] = json!(["https://demo-api.example"]);
    let created = server.create_client(&settings).await;
    let none = crate::support::basic("serves-nothing", created["client_secret"].as_str().unwrap());
    let tokens = server.login().await;
    let admin = server.admin_token().await;
    let service = server.client_token(&server.basic(), "").await;
    for token in [tokens.access.as_str(), &tokens.refresh, &admin, &service, "x", "chr_AAAA"] {
        for basic in [&other, &none] {
            assert_eq!(ask(&server, basic, token).await, INACTIVE);
        }
    }
    assert_eq!(ask(&server, &server.basic(), &admin).await, INACTIVE);
}

#[tokio::test]
async fn a_refresh_token_is_shown_to_its_client_alone() {
    // INT-04
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let service = server.create_service("service", "https://demo-api.example").await;
    let tokens = server.login().await;
    assert_eq!(ask(&server, &service, &tokens.refresh).await, INACTIVE);
    let answer = server.introspect(&tokens.refresh).await;
    assert_eq!(answer["client_id"], "demo");
    assert_eq!(answer["sid"], claims(&tokens.access)["sid"]);
    assert_eq!(answer["sub"], claims(&tokens.access)["sub"]);
    assert_eq!(answer["exp"], server.clock.seconds() + 14 * 86_400);
    let rows = server.rows().await;
    server.refresh(&tokens.refresh).await.tokens();
    assert!(server.is_active(&tokens.refresh).await, "a retry would be answered");
    server.advance(601);
    assert!(!server.is_active(&tokens.refresh).await, "and now it would be reuse");
    assert_eq!(server.rows().await, rows, "asking changes nothing");
}

#[tokio::test]
async fn a_revocation_shows_at_once_and_after_a_restart() {
    // C111, INT-03
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (kept, gone) = (server.login().await, server.login().await);
    let alone = server.login().await;
    for token in [&gone.refresh, &alone.access] {
        let reply = server.form("/oauth/revoke", &server.basic(), &format!("token={token}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    let restarted = server.another(9).await;
    for node in [&server, &restarted] {
        assert!(node.is_active(&kept.access).await);
        assert!(node.is_active(&kept.refresh).await);
        for token in [&gone.access, &gone.refresh, &alone.access] {
            assert_eq!(ask(node, &node.basic(), token).await, INACTIVE);
        }
        assert!(node.is_active(&alone.refresh).await);
    }
}
