//! Rotating keys, and removing one that somebody else may have.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::TestServer;

async fn keys(server: &TestServer) -> Vec<Value> {
    let list = server.admin(Method::GET, "/keys", &Value::Null).await.json();
    list["items"].as_array().unwrap().clone()
}

/// The key for ES256 access tokens that is in this state.
async fn key(server: &TestServer, state: &str) -> Value {
    let here = |key: &&Value| {
        key["use"] == "access_token" && key["algorithm"] == "ES256" && key["state"] == state
    };
    let keys = keys(server).await;
    let found: Vec<&Value> = keys.iter().filter(here).collect();
    assert_eq!(found.len(), 1, "{state}: {keys:?}");
    found[0].clone()
}

async fn published(server: &TestServer) -> Vec<String> {
    let jwks = server.get("/.well-known/jwks.json").await.json();
    let keys = jwks["keys"].as_array().unwrap().clone();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn signed_by(token: &str) -> Value {
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].clone()
}

#[tokio::test]
async fn announced_keys_that_nobody_can_know_yet_do_not_sign() {
    // JWK-02
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let rotated = server.admin(Method::POST, "/keys/rotate", &json!({"now": true})).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    let active = key(&server, "active").await;
    server.advance(599);
    let young = server.admin(Method::POST, "/keys/rotate", &json!({})).await;
    young.assert_error(409, "conflict");
    assert_eq!(key(&server, "active").await, active);
    server.advance(1);
    let ripe = server.admin(Method::POST, "/keys/rotate", &json!({})).await;
    assert_eq!(ripe.status, 200, "{ripe:?}");
    assert_ne!(key(&server, "active").await, active);
}

#[tokio::test]
async fn a_rotation_is_answered_although_the_next_key_cannot_be_made() {
    // JWK-02
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let waiting = key(&server, "announced").await;
    let mut raw = server.raw().await;
    raw.refuse_inserts("signing_key").await;
    let rotated = server.admin(Method::POST, "/keys/rotate", &json!({"now": true})).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    let activated = rotated.json()["activated"].as_array().unwrap().clone();
    assert!(activated.contains(&waiting["kid"]), "{rotated:?}");
    assert_eq!(key(&server, "active").await["kid"], waiting["kid"]);

    // None is announced now: another rotation waits until one can be made.
    let later = server.admin(Method::POST, "/keys/rotate", &json!({"now": true})).await;
    later.assert_error(503, "temporarily_unavailable");
    assert_eq!(key(&server, "active").await["kid"], waiting["kid"]);
    raw.allow_inserts("signing_key").await;
    let later = server.admin(Method::POST, "/keys/rotate", &json!({"now": true})).await;
    assert_eq!(later.status, 200, "{later:?}");
    assert_ne!(key(&server, "active").await["kid"], waiting["kid"]);
}

#[tokio::test]
async fn tokens_of_before_and_after_a_rotation_both_work() {
    // JWK-02
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (old, waiting) = (key(&server, "active").await, key(&server, "announced").await);
    let before = server.login().await;
    assert_eq!(signed_by(&before.access), old["kid"]);
    let etag = server.get("/.well-known/jwks.json").await.header("etag").to_owned();
    let rotated = server.admin(Method::POST, "/keys/rotate", &json!({"now": true})).await.json();
    assert!(rotated["activated"].as_array().unwrap().contains(&waiting["kid"]));
    let after = server.login().await;
    assert_eq!(signed_by(&after.access), waiting["kid"]);
    let restarted = server.another(13).await;
    for node in [&server, &restarted] {
        for token in [&before.access, &after.access, &before.refresh] {
            assert!(node.is_active(token).await);
        }
    }
    assert_eq!(key(&server, "retired").await["kid"], old["kid"]);
    let next = key(&server, "announced").await;
    let published = published(&server).await;
    for key in [&old, &waiting, &next] {
        assert!(published.iter().any(|kid| *kid == key["kid"]), "{key}");
    }
    assert_ne!(server.get("/.well-known/jwks.json").await.header("etag"), etag);
}

#[tokio::test]
async fn a_compromised_key_is_gone_with_all_it_signed_and_the_next_one_signs() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (bad, waiting) = (key(&server, "active").await, key(&server, "announced").await);
    let tokens = server.login().await;
    let path = format!("/keys/{}/compromise", bad["kid"].as_str().unwrap());
    let reply = server.admin(Method::POST, &path, &Value::Null).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(!server.is_active(&tokens.access).await);
    let published = published(&server).await;
    assert!(!published.iter().any(|kid| *kid == bad["kid"]));
    assert_eq!(key(&server, "active").await["kid"], waiting["kid"]);
    let next = key(&server, "announced").await;
    assert!(published.iter().any(|kid| *kid == next["kid"]), "its successor is announced");
    let renewed = server.refresh(&tokens.refresh).await.tokens();
    assert_eq!(signed_by(&renewed.access), waiting["kid"]);
    assert!(server.is_active(&renewed.access).await);
    let restarted = server.another(13).await;
    assert!(!restarted.is_active(&tokens.access).await);
    assert!(restarted.is_active(&renewed.access).await);
    let again = server.admin(Method::POST, &path, &Value::Null).await;
    again.assert_error(404, "not_found");
    let kind = "/audit?kind=key_compromised";
    let events = server.admin(Method::GET, kind, &Value::Null).await.json();
    assert_eq!(events["items"][0]["target"], bad["kid"]);
}

#[tokio::test]
async fn what_is_no_key_id_is_not_found() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for kid in ["%00", "a%00b", "unknown", &"x".repeat(43), &"x".repeat(5_000)] {
        let path = format!("/keys/{kid}/compromise");
        let reply = server.admin(Method::POST, &path, &Value::Null).await;
        reply.assert_error(404, "not_found");
    }
}
