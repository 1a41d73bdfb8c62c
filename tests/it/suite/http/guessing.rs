//! Guessing a client's secret is slow, wherever clients authenticate, and harms nobody else.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request};
use serde_json::json;

use super::BACKEND;
use crate::support::{Reply, TestServer, basic};

/// A request of a client from an address.
async fn token(server: &TestServer, basic: &str, address: [u8; 4]) -> Reply {
    let request = Request::post("/oauth/token")
        .extension(ConnectInfo(SocketAddr::from((address, 50_000))))
        .header("authorization", basic)
        .header("content-type", "application/x-www-form-urlencoded");
    server.send(request.body(Body::from("grant_type=client_credentials")).unwrap()).await
}

/// Tries a wrong secret of the demo client at an endpoint.
async fn guess(server: &TestServer, path: &str) -> Reply {
    let wrong = basic("demo", "wrong");
    match path {
        "/login" => {
            let mut body = server.login_body();
            body["client_secret"] = json!("wrong");
            server.post_json(path, &body).await
        }
        "/logout" => {
            let body = json!({"refresh_token": "x", "client_id": "demo", "client_secret": "wrong"});
            server.post_json(path, &body).await
        }
        "/oauth/token" => server.form(path, &wrong, "grant_type=client_credentials").await,
        _ => server.form(path, &wrong, "token=x").await,
    }
}

#[tokio::test]
async fn guessing_a_secret_is_delayed_wherever_clients_authenticate() {
    // CORE-10, REV-06, INT-05
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let paths = ["/login", "/logout", "/oauth/token", "/oauth/revoke", "/oauth/introspect"];
    for turn in 0..11 {
        guess(&server, paths[turn % paths.len()]).await.assert_error(401, "invalid_client");
    }
    for path in paths {
        let delayed = guess(&server, path).await;
        delayed.assert_error(429, "too_many_requests");
        assert_eq!(delayed.header("retry-after"), "1", "{path}");
    }
    let here = token(&server, &server.basic(), [127, 0, 0, 1]).await;
    here.assert_error(429, "too_many_requests");
    server.advance(1);
    assert_eq!(token(&server, &server.basic(), [127, 0, 0, 1]).await.status, 200);
    // Whoever has the secret is forgiven.
    guess(&server, "/oauth/token").await.assert_error(401, "invalid_client");
    assert_eq!(token(&server, &server.basic(), [127, 0, 0, 1]).await.status, 200);
}

#[tokio::test]
async fn a_guessed_client_is_delayed_nowhere_else_and_nobody_else_is_there() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let other = server.create_service("other", &server.secrets.resource).await;
    for _ in 0..11 {
        guess(&server, "/oauth/token").await.assert_error(401, "invalid_client");
    }
    guess(&server, "/oauth/token").await.assert_error(429, "too_many_requests");
    assert_eq!(token(&server, &server.basic(), [192, 0, 2, 1]).await.status, 200);
    assert_eq!(token(&server, &other, [127, 0, 0, 1]).await.status, 200);
    // A public client has no secret to guess, and users have nothing to do with it.
    server.admin_token().await;
    // Neither does it tell which clients there are.
    for _ in 0..11 {
        let unknown = token(&server, &basic("nobody", "wrong"), [127, 0, 0, 1]).await;
        unknown.assert_error(401, "invalid_client");
    }
    let unknown = token(&server, &basic("nobody", "wrong"), [127, 0, 0, 1]).await;
    unknown.assert_error(429, "too_many_requests");
}

#[tokio::test]
async fn a_stopped_client_with_its_secret_and_a_public_one_with_any_are_not_guessing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let other = server.create_service("other", &server.secrets.resource).await;
    let path = format!("/clients/{}", server.client_key("other").await);
    for status in ["paused", "disabled"] {
        let change = json!({"status": status});
        assert_eq!(server.admin(Method::PATCH, &path, &change).await.status, 200);
        for _ in 0..12 {
            let stopped = token(&server, &other, [127, 0, 0, 1]).await;
            stopped.assert_error(401, "invalid_client");
        }
    }
    assert_eq!(server.admin(Method::PATCH, &path, &json!({"status": "active"})).await.status, 200);
    assert_eq!(token(&server, &other, [127, 0, 0, 1]).await.status, 200);
    for _ in 0..12 {
        let public = basic("chancery-admin", "a secret that it does not have");
        let public = token(&server, &public, [127, 0, 0, 1]).await;
        public.assert_error(401, "invalid_client");
    }
    // A stopped client's secret can still not be guessed quickly.
    let stop = json!({"status": "paused"});
    assert_eq!(server.admin(Method::PATCH, &path, &stop).await.status, 200);
    for _ in 0..11 {
        let wrong = token(&server, &basic("other", "wrong"), [127, 0, 0, 1]).await;
        wrong.assert_error(401, "invalid_client");
    }
    token(&server, &other, [127, 0, 0, 1]).await.assert_error(429, "too_many_requests");
}
