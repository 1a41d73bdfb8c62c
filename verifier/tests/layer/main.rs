//! The layer and the extractor in an app of axum: which requests pass, and how the others are
//! answered (RFC 6750).

#![expect(clippy::unwrap_used, reason = "in a test the panic is the report")]

#[path = "../client/support/keys.rs"]
mod keys;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::routing::get;
use chancery_verifier::axum::Bearer;
use chancery_verifier::feed::{FEED_TYPE, jwks_hash};
use chancery_verifier::tower::Protect;
use chancery_verifier::{Clock, Settings, Verifier};
use keys::Key;
use serde_json::{Value, json};
use tower::ServiceExt;

const ISSUER: &str = "https://as.example";
const AUDIENCE: &str = "https://api.example";
const NOW: i64 = 1_800_000_000;

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> i64 {
        NOW * 1000
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// An API with an ordinary route, one that needs a scope, a strict one, and one that nobody protects.
struct Api {
    key: Key,
    verifier: Verifier,
    app: Router,
}

impl Api {
    /// One whose revocations are this old.
    fn new(state_age: i64) -> Self {
        let (key, feed_key) = (Key::of_tokens("t1"), Key::of_feed("f1"));
        let verifier = Verifier::with_clock(Settings::new(ISSUER, AUDIENCE), Arc::new(Still));
        let jwks = json!({ "keys": [key.jwk(), feed_key.jwk()] }).to_string();
        verifier.install_keys(jwks.as_bytes()).unwrap();
        let time = NOW - state_age;
        let snapshot = json!({
            "iss": ISSUER, "iat": time, "exp": NOW + 60, "epoch": 1, "prev_seq": 0, "seq": 0,
            "cursor": "1.0", "time": time * 1000, "jwks_hash": jwks_hash(["t1", "f1"]),
        });
        verifier.absorb(&feed_key.sign(FEED_TYPE, &snapshot)).unwrap();
        let app = app(&verifier);
        Self { key, verifier, app }
    }

    /// A token with further claims.
    fn token(&self, further: &Value) -> String {
        let mut claims = json!({
            "iss": ISSUER, "sub": "somebody", "aud": AUDIENCE, "client_id": "app", "jti": "j",
            "iat": NOW, "exp": NOW + 300, "scope": "read",
        });
        let further = further.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(further);
        self.key.sign("at+jwt", &claims)
    }

    /// Status, headers and body of the answer to a GET with these values of `Authorization`.
    async fn get(&self, uri: &str, credentials: &[&str]) -> (u16, HeaderMap, String) {
        let mut request = Request::get(uri);
        for one in credentials {
            request = request.header(header::AUTHORIZATION, *one);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> (u16, HeaderMap, String) {
        let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 16).await.unwrap();
        let body = String::from_utf8(body.into()).unwrap();
        (parts.status.as_u16(), parts.headers, body)
    }

    /// Status, and the code of the challenge.
    async fn refusal(&self, uri: &str, credentials: &[&str]) -> (u16, String) {
        let (status, headers, body) = self.get(uri, credentials).await;
        let challenge = headers.get(header::WWW_AUTHENTICATE);
        let challenge = challenge.map_or("", |value| value.to_str().unwrap());
        let code = challenge.split(r#"error=""#).nth(1).and_then(|rest| rest.split('"').next());
        if status >= 400 {
            assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        }
        if let Some(code) = code {
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["error"], code);
        }
        (status, code.unwrap_or_default().to_owned())
    }
}

fn app(verifier: &Verifier) -> Router {
    let protect = Protect::new(verifier).realm("orders");
    let strict = protect.clone().strict(Duration::from_secs(15));
    let audience = protect.clone().audience("https://other.example");
    let scope = protect.clone().scope("read:all");
    let subject = async |token: Bearer| token.claims().sub.clone();
    Router::new()
        .route("/orders", get(subject).post(subject).layer(protect))
        .route("/all", get(subject).layer(scope))
        .route("/strict", get(subject).layer(strict))
        .route("/other", get(subject).layer(audience))
        .route("/unprotected", get(subject))
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn a_good_token_reaches_the_handler() {
    let api = Api::new(0);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let credentials = format!("{scheme} {}", api.token(&json!({})));
        let (status, _, body) = api.get("/orders", &[&credentials]).await;
        assert_eq!((status, body.as_str()), (200, "somebody"));
    }
}

#[tokio::test]
async fn brr_02_without_a_token_the_challenge_names_no_error() {
    let api = Api::new(0);
    for credentials in [&[] as &[&str], &["Basic YTpi"]] {
        let (status, headers, body) = api.get("/orders", credentials).await;
        assert_eq!((status, body.as_str()), (401, ""));
        assert_eq!(headers[header::WWW_AUTHENTICATE], r#"Bearer realm="orders""#);
    }
}

#[tokio::test]
async fn c024_a_token_comes_once_and_in_its_header() {
    let api = Api::new(0);
    let token = api.token(&json!({}));
    let good = bearer(&token);
    let request = (400, "invalid_request".to_owned());
    assert_eq!(api.refusal("/orders", &[&good, &good]).await, request);
    assert_eq!(api.refusal("/orders", &[&format!("{good}, {good}")]).await, request);
    assert_eq!(api.refusal("/orders", &[&format!("Bearer\t{token}")]).await, request);
    assert_eq!(api.refusal(&format!("/orders?access_token={token}"), &[]).await, request);
    assert_eq!(api.refusal(&format!("/orders?access_token={token}"), &[&good]).await, request);
    // One in a cookie or a form is none.
    let form = format!("access_token={token}");
    for (name, value) in
        [("cookie", form.as_str()), ("content-type", "application/x-www-form-urlencoded")]
    {
        let request = Request::post("/orders").header(name, value).body(form.clone().into());
        assert_eq!(api.send(request.unwrap()).await.0, 401, "{name}");
    }
}

#[tokio::test]
async fn c025_a_bound_token_is_no_bearer_token_and_a_proof_is_not_believed() {
    let api = Api::new(0);
    let invalid = (401, "invalid_token".to_owned());
    let bound = api.token(&json!({ "cnf": { "jkt": "x" } }));
    assert_eq!(api.refusal("/orders", &[&bearer(&bound)]).await, invalid);
    let certificate = api.token(&json!({ "cnf": { "x5t#S256": "x" } }));
    assert_eq!(api.refusal("/orders", &[&bearer(&certificate)]).await, invalid);
    for token in [bound, api.token(&json!({}))] {
        assert_eq!(api.refusal("/orders", &[&format!("DPoP {token}")]).await, invalid);
    }
}

#[tokio::test]
async fn c026_a_scope_is_compared_whole() {
    let api = Api::new(0);
    for scope in ["read", "read:al", "read:all:x", "READ:ALL", "", " "] {
        let token = api.token(&json!({ "scope": scope }));
        let (status, headers, _) = api.get("/all", &[&bearer(&token)]).await;
        assert_eq!(status, 403, "{scope:?}");
        let challenge = headers[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
        assert!(challenge.ends_with(r#"scope="read:all""#), "{challenge}");
    }
    let several = api.token(&json!({ "scope": "read read:all" }));
    assert_eq!(api.get("/all", &[&bearer(&several)]).await.0, 200);
    let list = api.token(&json!({ "scope": ["read:all"] }));
    assert_eq!(api.refusal("/all", &[&bearer(&list)]).await, (401, "invalid_token".into()));
}

#[tokio::test]
async fn c017_long_tokens_are_refused() {
    let api = Api::new(0);
    let invalid = (401, "invalid_token".to_owned());
    let megabyte = "a".repeat(1 << 20);
    assert_eq!(api.refusal("/orders", &[&bearer(&megabyte)]).await, invalid);
    let scopes = api.token(&json!({ "scope": "s ".repeat(100_000) }));
    assert_eq!(api.refusal("/orders", &[&bearer(&scopes)]).await, invalid);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_token_the_answer_is_the_same() {
    let api = Api::new(0);
    let expired = api.token(&json!({ "exp": NOW - 60, "iat": NOW - 120 }));
    let forged = Key::of_tokens("t1").sign("at+jwt", &json!({ "iss": ISSUER }));
    let other = api.token(&json!({ "aud": "https://elsewhere.example" }));
    let mut answers = vec![];
    for token in [expired.as_str(), &forged, &other, "no.token.atall"] {
        let (status, headers, body) = api.get("/orders", &[&bearer(token)]).await;
        answers.push((status, headers[header::WWW_AUTHENTICATE].clone(), body));
    }
    assert_eq!(answers[0].0, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let wrong_route = api.refusal("/other", &[&bearer(&api.token(&json!({})))]).await;
    assert_eq!(wrong_route, (401, "invalid_token".into()));
}

#[tokio::test]
async fn a_route_that_wants_to_know_more_recently_answers_503() {
    let api = Api::new(16);
    let good = bearer(&api.token(&json!({})));
    assert_eq!(api.get("/orders", &[&good]).await.0, 200);
    let (status, headers, body) = api.get("/strict", &[&good]).await;
    assert_eq!(status, 503);
    assert!(!headers.contains_key(header::WWW_AUTHENTICATE));
    assert!(headers[header::RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert!(body.contains("temporarily_unavailable"), "{body}");
    // A bad token is refused for that, and a request without one asked for it.
    assert_eq!(api.get("/strict", &["Bearer no.token.atall"]).await.0, 401);
    assert_eq!(api.get("/strict", &[]).await.0, 401);
}

#[tokio::test]
async fn a_verifier_that_knows_nothing_yet_answers_503() {
    let api = Api::new(0);
    let nothing = Verifier::with_clock(Settings::new(ISSUER, AUDIENCE), Arc::new(Still));
    let api = Api { app: app(&nothing), ..api };
    let (status, headers, _) = api.get("/orders", &[&bearer(&api.token(&json!({})))]).await;
    assert_eq!(status, 503);
    assert!(headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn a_handler_that_is_not_protected_fails_closed() {
    let api = Api::new(0);
    let good = bearer(&api.token(&json!({})));
    assert!(api.verifier.verify(good.trim_start_matches("Bearer ")).is_ok());
    let (status, _, _) = api.get("/unprotected", &[&good]).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR.as_u16());
}
