//! What an API that knows nothing but the key set accepts and refuses, whatever its language.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use super::super::issuer::{Api, Issuer, Resource};
use super::{KEEPS_KEYS, program};
use crate::support::Reply;

/// Starts the API of a resource. `None` if its language is not to be had, which was said.
fn api(issuer: &Issuer, resource: &Resource) -> Option<Api> {
    api_with(issuer, &resource.uri, resource.algorithm)
}

fn api_with(issuer: &Issuer, audience: &str, algorithm: &str) -> Option<Api> {
    let (command, files) = program()?;
    Some(Api::start(command, &files, (&issuer.name(), audience, algorithm)))
}

#[track_caller]
fn assert_accepted(reply: &Reply) {
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// Asserts the challenge of RFC 6750 §3.
#[track_caller]
fn assert_refused(reply: &Reply, status: u16, challenge: &str) {
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (status, ""), "{reply:?}");
    assert_eq!(reply.header("www-authenticate"), format!("Bearer realm=\"api\"{challenge}"));
}

#[track_caller]
fn assert_invalid(reply: &Reply) {
    assert_refused(reply, 401, ", error=\"invalid_token\"");
}

/// Asserts that the API has no keys, and says nothing of the token.
#[track_caller]
fn assert_unavailable(reply: &Reply) {
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, "5"), "{reply:?}");
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().unwrap().to_owned()
}

/// A time in the claims of a token.
fn time(token: &str, name: &str) -> i64 {
    part(token, 1)[name].as_i64().unwrap()
}

/// The token with other claims under the same signature.
fn altered(token: &str) -> String {
    let mut claims = part(token, 1);
    claims["sub"] = "somebody-else".into();
    let parts: Vec<&str> = token.split('.').collect();
    let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{}.{claims}.{}", parts[0], parts[2])
}

#[tokio::test]
async fn tokens_of_every_algorithm_are_accepted_where_it_is_pinned() {
    // C003, C013
    if program().is_none() {
        return;
    }
    let Some(issuer) = Issuer::start().await else { return };
    let mut before: Option<(Resource, String)> = None;
    for algorithm in ["ES256", "RS256", "PS256", "EdDSA"] {
        let resource = issuer.resource(algorithm).await;
        let token = issuer.token(&resource, "read").await;
        let Some(api) = api(&issuer, &resource) else { return };
        let reply = api.call(&token).await;
        assert_accepted(&reply);
        assert_eq!(reply.json()["hello"], part(&token, 1)["sub"], "{algorithm}");
        if let Some((other, foreign)) = &before {
            assert_invalid(&api.call(foreign).await);
            let Some(api) = api_with(&issuer, &other.uri, algorithm) else { return };
            assert_invalid(&api.call(foreign).await);
        }
        before = Some((resource, token));
    }
}

#[tokio::test]
async fn what_is_no_good_token_is_refused_with_a_challenge() {
    // C001, C010, C013, C024, C026, BRR-02
    if program().is_none() {
        return;
    }
    let Some(issuer) = Issuer::start().await else { return };
    let resource = issuer.resource("ES256").await;
    let Some(mut api) = api(&issuer, &resource) else { return };
    for none in ["", "Bearer", "Bearer ", "Basic YTpi", "DPoP x"] {
        assert_refused(&api.ask(none).await, 401, "");
    }
    let token = issuer.token(&resource, "read").await;
    assert_accepted(&api.ask(&format!("bearer  {token}")).await);
    let bad = ["x".to_owned(), altered(&token), issuer.wire.admin_token().await];
    for bad in &bad {
        assert_invalid(&api.call(bad).await);
    }
    let other = issuer.token(&resource, "reading").await;
    let challenge = ", error=\"insufficient_scope\", scope=\"read\"";
    assert_refused(&api.call(&other).await, 403, challenge);

    // The leeway of the page is 30 s.
    api.set_clock(time(&token, "exp") + 29);
    assert_accepted(&api.call(&token).await);
    api.set_clock(time(&token, "exp") + 31);
    assert_invalid(&api.call(&token).await);
}

#[tokio::test]
async fn one_process_goes_on_through_rotations_of_the_key() {
    // JWK-02, C004
    if program().is_none() {
        return;
    }
    let Some(issuer) = Issuer::start().await else { return };
    let resource = issuer.resource("ES256").await;
    let Some(mut api) = api(&issuer, &resource) else { return };
    let first = issuer.token(&resource, "read").await;
    let start = time(&first, "iat");
    api.set_clock(start);
    assert_accepted(&api.call(&first).await);

    // The next key was published before it signs, so that it is known already.
    issuer.rotate_keys().await;
    let second = issuer.token(&resource, "read").await;
    assert_ne!(kid(&first), kid(&second));
    assert_accepted(&api.call(&second).await);
    assert_accepted(&api.call(&first).await);

    // A key that was published after the last look is looked for again, but not at once.
    issuer.rotate_keys().await;
    let third = issuer.token(&resource, "read").await;
    api.set_clock(start + 29);
    assert_invalid(&api.call(&third).await);
    api.set_clock(start + 31);
    for token in [&third, &second, &first] {
        assert_accepted(&api.call(token).await);
    }
}

#[tokio::test]
async fn a_removed_key_is_refused_when_the_key_set_is_read_again() {
    // C019
    if program().is_none() {
        return;
    }
    let Some(issuer) = Issuer::start().await else { return };
    let resource = issuer.resource("ES256").await;
    let Some(mut api) = api(&issuer, &resource) else { return };
    let stolen = issuer.token(&resource, "read").await;
    let start = time(&stolen, "iat");
    api.set_clock(start);
    assert_accepted(&api.call(&stolen).await);
    issuer.compromise(&kid(&stolen)).await;
    assert!(!issuer.is_active(&resource, &stolen).await);
    let renewed = issuer.token(&resource, "read").await;
    assert_ne!(kid(&stolen), kid(&renewed));

    api.set_clock(start + KEEPS_KEYS - 1);
    for token in [&stolen, &renewed] {
        assert_accepted(&api.call(token).await);
    }
    api.set_clock(start + KEEPS_KEYS + 1);
    assert_invalid(&api.call(&stolen).await);
    assert_accepted(&api.call(&renewed).await);
}

#[tokio::test]
async fn a_revocation_is_not_seen_before_the_token_expires() {
    // C021
    if program().is_none() {
        return;
    }
    let Some(issuer) = Issuer::start().await else { return };
    let resource = issuer.resource("ES256").await;
    let Some(mut api) = api(&issuer, &resource) else { return };
    let token = issuer.token(&resource, "read").await;
    issuer.revoke(&resource, &token).await;
    assert!(!issuer.is_active(&resource, &token).await);
    api.set_clock(time(&token, "exp") - 1);
    assert_accepted(&api.call(&token).await);
}

#[tokio::test]
async fn without_the_issuer_the_keys_serve_until_they_are_too_old() {
    // C027
    if program().is_none() {
        return;
    }
    let Some(issuer) = Issuer::start().await else { return };
    let resource = issuer.resource("ES256").await;
    let token = issuer.token(&resource, "read").await;
    let start = time(&token, "iat");
    let (Some(mut early), Some(mut late)) = (api(&issuer, &resource), api(&issuer, &resource))
    else {
        return;
    };
    early.set_clock(start);
    assert_accepted(&early.call(&token).await);
    let Issuer { home, serving, .. } = issuer;
    serving.kill();
    late.set_clock(start);
    assert_unavailable(&late.call(&token).await);
    early.set_clock(start + KEEPS_KEYS - 1);
    assert_accepted(&early.call(&token).await);
    early.set_clock(start + KEEPS_KEYS + 1);
    assert_unavailable(&early.call(&token).await);

    let _serving = home.serve_again();
    for api in [&late, &early] {
        assert_accepted(&api.call(&token).await);
    }
}
