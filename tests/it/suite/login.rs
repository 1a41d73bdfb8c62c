//! `POST /login`.

use http::StatusCode;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{TestServer, claims};

#[tokio::test]
async fn the_right_password_gives_tokens_that_say_who_and_for_what() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let reply = server.post_json("/login", &server.login_body()).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    assert_eq!(reply.header("cache-control"), "no-store");
    let answer = reply.json();
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 300);
    assert_eq!(answer["scope"], "read write openid");
    assert_eq!(answer["refresh_token_expires_in"], 14 * 86_400);
    assert_eq!(answer["authorization_expires_in"], 90 * 86_400);
    let claims = claims(answer["access_token"].as_str().unwrap());
    assert_eq!(claims["iss"], "http://localhost:8080");
    assert_eq!(claims["aud"], json!(["https://demo-api.example", "http://localhost:8080"]));
    assert_eq!(claims["client_id"], "demo");
    assert_eq!(claims["roles"], json!(["admin"]));
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(claims["iat"], server.clock.seconds());
    assert_eq!(claims["exp"], server.clock.seconds() + 300);
}

#[tokio::test]
async fn every_wrong_login_is_refused_alike() {
    // C060
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut wrong = server.login_body();
    wrong["password"] = json!("not the password of anybody");
    let mut unknown = server.login_body();
    unknown["username"] = json!("nobody");
    let mut unreadable = server.login_body();
    unreadable["username"] = json!("a\u{0}b");
    let mut empty = server.login_body();
    empty["password"] = json!("");
    let mut long = server.login_body();
    long["password"] = json!("x".repeat(1025));
    let mut bodies = Vec::new();
    for body in [&wrong, &unknown, &unreadable, &empty, &long] {
        let reply = server.post_json("/login", body).await;
        reply.assert_invalid_grant();
        bodies.push(reply.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_client_that_cannot_prove_who_it_is_gets_401_before_any_password_is_looked_at() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for (id, secret) in [
        ("demo", json!("wrong")),
        ("demo", Value::Null),
        ("nobody", json!("x")),
        ("chancery-admin", json!("a secret for a public client")),
    ] {
        let mut body = server.login_body();
        body["client_id"] = json!(id);
        body["client_secret"] = secret;
        let reply = server.post_json("/login", &body).await;
        reply.assert_error(401, "invalid_client");
        assert!(reply.header("www-authenticate").starts_with("Basic "));
    }
}

#[tokio::test]
async fn bodies_that_are_not_the_json_object_are_refused() {
    // C063, C066, C067
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut extra = server.login_body();
    extra["scopes"] = json!("read");
    server.post_json("/login", &extra).await.assert_error(400, "invalid_request");
    server.post_json("/login", &json!([])).await.assert_error(400, "invalid_request");
    let reply = server.form("/login", "", "username=admin").await;
    reply.assert_error(415, "unsupported_media_type");
    let twice = r#"{"username":"a","username":"b","password":"p","client_id":"demo"}"#;
    let huge = json!({"username": "a".repeat(70_000)}).to_string();
    let wrong = "invalid_request";
    for (body, status, code, says) in [
        (extra.to_string().as_str(), 400, wrong, "does not take"),
        (twice, 400, wrong, "repeated"),
        (r#"{"username":"a","client_id":"demo"}"#, 400, wrong, "lacks a member"),
        (r#"{"username":1,"password":"p","client_id":"demo"}"#, 400, wrong, "not of its type"),
        (r#"{"username":"a""#, 400, wrong, "not a JSON object"),
        (huge.as_str(), 413, "content_too_large", "too large"),
    ] {
        let request = http::Request::post("/login").header("content-type", "application/json");
        let request = request.body(axum::body::Body::from(body.to_owned())).unwrap();
        let reply = server.send(request).await;
        reply.assert_error(status, code);
        let description = reply.json()["error_description"].as_str().unwrap().to_owned();
        assert!(description.contains(says), "{description}");
    }
}

#[tokio::test]
async fn the_administrator_reaches_the_admin_scopes_through_the_admin_client() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut body = server.login_body();
    body["client_id"] = json!("chancery-admin");
    body.as_object_mut().unwrap().remove("client_secret");
    let answer = server.post_json("/login", &body).await.json();
    let claims = claims(answer["access_token"].as_str().unwrap());
    assert_eq!(claims["aud"], "http://localhost:8080/admin");
    assert!(claims["scope"].as_str().unwrap().contains("admin:keys"));
}

#[tokio::test]
async fn the_first_token_is_for_the_first_resource_that_knows_a_scope_of_it() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (one, two) = ("https://one.example", "https://two.example");
    for (uri, scope) in [(one, "one:read"), (two, "two:read")] {
        let body = json!({"uri": uri, "scopes": [scope]});
        let reply = server.admin(http::Method::POST, "/resources", &body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    let settings = json!({
        "client_id": "both", "public": true, "first_party": true, "resources": [one, two],
        "scopes": ["one:read", "two:read"], "grants": ["refresh_token"],
    });
    server.create_client(&settings).await;
    let mut body = server.login_body();
    body["client_id"] = json!("both");
    body.as_object_mut().unwrap().remove("client_secret");
    body["resource"] = json!([one, two]);
    body["scope"] = json!("two:read");
    let tokens = server.post_json("/login", &body).await.tokens();
    assert_eq!(claims(&tokens.access)["aud"], two);
    assert_eq!(claims(&tokens.access)["scope"], "two:read");
    let form = format!("grant_type=refresh_token&client_id=both&refresh_token={}", tokens.refresh);
    let next = server.form("/oauth/token", "", &form).await.tokens();
    assert_eq!(claims(&next.access)["aud"], two);
}
