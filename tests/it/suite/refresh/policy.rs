//! Rotation by client: never, not yet, always.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{TestServer, Tokens, basic};

/// A confidential first-party client with these settings; its Basic credentials and first tokens.
async fn client(server: &TestServer, settings: Value) -> (String, Tokens) {
    let mut body = json!({
        "client_id": "special",
        "first_party": true,
        "grants": ["refresh_token"],
        "scopes": ["read"],
        "resources": [server.secrets.resource],
    });
    for (name, value) in settings.as_object().unwrap() {
        body[name] = value.clone();
    }
    let reply = server.admin(Method::POST, "/clients", &body).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
    let secret = reply.json()["client_secret"].as_str().unwrap().to_owned();
    let mut login = server.login_body();
    login["client_id"] = json!("special");
    login["client_secret"] = json!(secret);
    (basic("special", &secret), server.post_json("/login", &login).await.tokens())
}

async fn refresh(server: &TestServer, basic: &str, token: &str) -> Tokens {
    let form = format!("grant_type=refresh_token&refresh_token={token}");
    server.form("/oauth/token", basic, &form).await.tokens()
}

#[tokio::test]
async fn a_client_that_does_not_rotate_keeps_its_token_and_its_use_slides_the_idle_expiry() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (basic, tokens) = client(&server, json!({"rotation": "never"})).await;
    for _ in 0..3 {
        server.advance(10 * 86_400);
        let next = refresh(&server, &basic, &tokens.refresh).await;
        assert_eq!(next.refresh, tokens.refresh);
        assert_ne!(next.access, tokens.access);
    }
}

#[tokio::test]
async fn a_young_token_is_kept_where_the_client_asks_for_it_and_rotates_after() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (basic, tokens) = client(&server, json!({"rotate_after": 120})).await;
    server.advance(119);
    assert_eq!(refresh(&server, &basic, &tokens.refresh).await.refresh, tokens.refresh);
    server.advance(1);
    let rotated = refresh(&server, &basic, &tokens.refresh).await;
    assert_ne!(rotated.refresh, tokens.refresh);
    assert_eq!(refresh(&server, &basic, &rotated.refresh).await.refresh, rotated.refresh);
}

#[tokio::test]
async fn a_public_client_cannot_be_told_not_to_rotate() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let body = json!({"client_id": "spa", "public": true, "rotation": "never"});
    let reply = server.admin(Method::POST, "/clients", &body).await;
    reply.assert_error(400, "invalid_request");
}
