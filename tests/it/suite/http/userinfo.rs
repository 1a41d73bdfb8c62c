//! What userinfo tells, to whom, and in which form.

use axum::body::Body;
use http::{Method, Request};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{PASSWORD, Reply, TestServer, Tokens, claims};

const EVERY: &str = "openid profile email address phone";
const PATH: &str = "/oauth/userinfo";

/// A server with the user `ada` and the client `app`, which may ask for everything.
async fn start() -> Option<TestServer> {
    let server = TestServer::start(BACKEND).await?;
    let ada = json!({"name": "ada", "password": PASSWORD, "profile": profile()});
    let created = server.admin(Method::POST, "/users", &ada).await;
    assert_eq!(created.status, 201, "{created:?}");
    server.create_client(&app("app")).await;
    Some(server)
}

fn app(id: &str) -> Value {
    json!({
        "client_id": id, "public": true, "first_party": true, "grants": ["refresh_token"],
        "scopes": format!("{EVERY} offline_access").split(' ').collect::<Vec<_>>(),
    })
}

fn profile() -> Value {
    json!({
        "name": "Ada Lovelace", "family_name": "Lovelace", "website": "https://ada.example",
        "email": "ada@example.org", "email_verified": true,
        "phone_number": "+4930123456", "address": {"locality": "London"},
    })
}

async fn login(server: &TestServer, client: &str, scope: &str) -> Tokens {
    let body =
        json!({"username": "ada", "password": PASSWORD, "client_id": client, "scope": scope});
    server.post_json("/login", &body).await.tokens()
}

async fn ask(server: &TestServer, token: &str) -> Reply {
    server.call(Method::GET, PATH, token, &Value::Null).await
}

async fn told(server: &TestServer, token: &str) -> Value {
    let reply = ask(server, token).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn names(told: &Value) -> Vec<&str> {
    told.as_object().unwrap().keys().map(String::as_str).collect()
}

async fn change_client(server: &TestServer, id: &str, change: &Value) {
    let path = format!("/clients/{}", server.client_key(id).await);
    let reply = server.admin(Method::PATCH, &path, change).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn each_scope_opens_its_claims_and_nothing_else() {
    // OIC-06, CORE-11
    let Some(server) = start().await else { return };
    let profile = ["family_name", "name", "preferred_username", "sub", "updated_at", "website"];
    for (scope, expected) in [
        ("openid", &["sub"][..]),
        ("openid offline_access", &["sub"]),
        ("openid profile", &profile),
        ("openid email", &["email", "email_verified", "sub"]),
        ("openid phone", &["phone_number", "sub"]),
        ("openid address", &["address", "sub"]),
    ] {
        let token = login(&server, "app", scope).await.access;
        let reply = ask(&server, &token).await;
        assert_eq!(reply.header("cache-control"), "no-store");
        let told = reply.json();
        assert_eq!(names(&told), expected, "{scope}");
        assert_eq!(told["sub"], claims(&token)["sub"]);
    }
    let all = told(&server, &login(&server, "app", EVERY).await.access).await;
    for (name, value) in profile_of_all().as_object().unwrap() {
        assert_eq!(&all[name], value, "{name}");
    }
}

/// What `ada` has beside the claims of every user.
fn profile_of_all() -> Value {
    let mut all = profile();
    all["preferred_username"] = "ada".into();
    all
}

#[tokio::test]
async fn get_and_post_tell_the_same() {
    // OIC-06, CORE-04
    let Some(server) = start().await else { return };
    let token = login(&server, "app", EVERY).await.access;
    let expected = told(&server, &token).await;
    for (content_type, body) in [
        ("", ""),
        ("application/json", ""),
        ("application/x-www-form-urlencoded", ""),
        ("application/x-www-form-urlencoded", "schema=openid&access_token="),
    ] {
        let reply = post(&server, &format!("Bearer {token}"), (content_type, body)).await;
        assert_eq!(reply.status, 200, "{content_type} {body}: {reply:?}");
        assert_eq!(reply.json(), expected);
    }
}

async fn post(
    server: &TestServer,
    authorization: &str,
    (content_type, body): (&str, &str),
) -> Reply {
    let mut request = Request::post(PATH);
    for (name, value) in [("authorization", authorization), ("content-type", content_type)] {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    server.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn c024_a_token_in_the_body_counts_as_none_and_beside_another_one_is_refused() {
    // C024, BRR-01, BRR-02
    let Some(server) = start().await else { return };
    let token = login(&server, "app", EVERY).await.access;
    let (form, bearer) = ("application/x-www-form-urlencoded", format!("Bearer {token}"));
    let in_body = format!("access_token={token}");
    let challenge = |error: &str| format!(r#"Bearer realm="chancery", error="{error}""#);
    let reply = post(&server, "", (form, &in_body)).await;
    reply.assert_error(401, "invalid_token");
    assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="chancery""#);
    for body in [
        (form, in_body.as_str()),
        (form, "access_token=a&access_token=b"),
        (form, "a=%zz"),
        ("application/json", "{}"),
        ("", &in_body),
    ] {
        let reply = post(&server, &bearer, body).await;
        reply.assert_error(400, "invalid_request");
        assert_eq!(reply.header("www-authenticate"), challenge("invalid_request"), "{body:?}");
    }
    let path = format!("{PATH}?access_token={token}");
    let reply = server.call(Method::GET, &path, &token, &Value::Null).await;
    reply.assert_error(400, "invalid_request");
    let reply = server.get(&path).await;
    assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="chancery""#);
    assert_eq!(post(&server, &bearer, (form, "a=b")).await.status, 200);
}

#[tokio::test]
async fn without_openid_there_is_nothing_to_be_had() {
    // OIC-06, BRR-02
    let Some(server) = start().await else { return };
    let tokens = [
        login(&server, "app", "profile email").await.access,
        server.client_token(&server.basic(), "").await,
    ];
    for token in tokens {
        let reply = ask(&server, &token).await;
        reply.assert_error(403, "insufficient_scope");
        let expected = r#"Bearer realm="chancery", error="insufficient_scope", scope="openid""#;
        assert_eq!(reply.header("www-authenticate"), expected);
    }
}

#[tokio::test]
async fn a_narrowed_token_tells_less_but_for_claims_that_the_request_named() {
    // CORE-13, OIC-06
    let Some(server) = start().await else { return };
    let first = login(&server, "app", "openid email address").await;
    let narrow = async |refresh: &str| {
        let form =
            format!("grant_type=refresh_token&client_id=app&scope=openid&refresh_token={refresh}");
        server.form("/oauth/token", "", &form).await.tokens()
    };
    let narrowed = narrow(&first.refresh).await;
    assert_eq!(names(&told(&server, &narrowed.access).await), ["sub"]);
    assert_eq!(told(&server, &first.access).await["email"], "ada@example.org");

    // As an authorization request leaves it: `phone` was not granted, and the last is no claim.
    let wishes = r#"{"userinfo": {"email": null, "phone_number": {"essential": true}, "x": null}}"#;
    server.raw().await.run(&format!("UPDATE session SET claims = '{wishes}'")).await;
    let named = told(&server, &narrowed.access).await;
    assert_eq!(names(&named), ["email", "sub"]);
    change_client(&server, "app", &json!({"scopes": ["openid", "address"]})).await;
    assert_eq!(names(&told(&server, &narrowed.access).await), ["sub"]);
    assert_eq!(names(&told(&server, &first.access).await), ["address", "sub"]);
}

#[tokio::test]
async fn the_user_is_told_as_he_is_now() {
    let Some(server) = start().await else { return };
    let token = login(&server, "app", EVERY).await.access;
    let before = told(&server, &token).await;
    let path = format!("/users/{}", before["sub"].as_str().unwrap());
    server.advance(60);
    let change = json!({"profile": {"email": "countess@example.org", "nickname": null}});
    let changed = server.admin(Method::PATCH, &path, &change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let after = told(&server, &token).await;
    assert_eq!(names(&after), ["email", "preferred_username", "sub", "updated_at"]);
    assert_eq!(after["email"], "countess@example.org");
    let age = after["updated_at"].as_i64().unwrap() - before["updated_at"].as_i64().unwrap();
    assert_eq!(age, 60);
}

#[tokio::test]
async fn whoever_was_ended_elsewhere_is_told_of_no_longer_although_this_node_does_not_know_yet() {
    let Some(server) = start().await else { return };
    let other = server.another(13).await;
    let path = {
        let token = login(&server, "app", "openid").await.access;
        format!("/users/{}", claims(&token)["sub"].as_str().unwrap())
    };
    for (method, path, body) in [
        (Method::DELETE, None, Value::Null),
        (Method::POST, Some(format!("{path}/password")), json!({"password": PASSWORD})),
        (Method::PATCH, Some(path.clone()), json!({"status": "disabled"})),
        (Method::DELETE, Some(path.clone()), Value::Null),
    ] {
        let token = login(&server, "app", EVERY).await.access;
        assert_eq!(ask(&server, &token).await.status, 200);
        let sid = claims(&token)["sid"].as_str().unwrap().to_owned();
        let path = path.unwrap_or_else(|| format!("/sessions/{sid}"));
        let ended = other.admin(method.clone(), &path, &body).await;
        assert!(ended.status.is_success(), "{method} {path}: {ended:?}");
        // The lease runs, so the token as such is still good here.
        assert!(server.server.authorize(&token).await.is_ok(), "{method} {path}");
        ask(&server, &token).await.assert_error(401, "invalid_token");
        server.server.memory.refresh().await.unwrap();
        if body["status"] == "disabled" {
            let enabled = server.admin(Method::PATCH, &path, &json!({"status": "active"})).await;
            assert_eq!(enabled.status, 200, "{enabled:?}");
        }
        // Beyond the second of the revocation.
        server.advance(2);
    }
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_no_reason_to_log_in_again() {
    // C130
    let Some(server) = start().await else { return };
    let token = login(&server, "app", EVERY).await.access;
    server.server.store.close().await;
    ask(&server, &token).await.assert_error(503, "temporarily_unavailable");
}

#[tokio::test]
async fn a_client_that_registered_for_it_gets_the_claims_signed() {
    // OIC-06, JWT-02
    let Some(server) = start().await else { return };
    let plain = told(&server, &login(&server, "app", EVERY).await.access).await;
    for algorithm in ["EdDSA", "PS256", "ES256", "RS256"] {
        change_client(&server, "app", &json!({"userinfo_algorithm": algorithm})).await;
        let token = login(&server, "app", EVERY).await.access;
        for method in [Method::GET, Method::POST] {
            let reply = server.call(method, PATH, &token, &Value::Null).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            assert_eq!(reply.header("content-type"), "application/jwt");
            assert_eq!(reply.header("cache-control"), "no-store");
            let mut signed = verify(&server, &reply.body, algorithm).await;
            let members = signed.as_object_mut().unwrap();
            assert_eq!(members.remove("iss").unwrap(), "http://localhost:8080");
            assert_eq!(members.remove("aud").unwrap(), "app");
            assert_eq!(signed, plain);
            // It is no access token.
            ask(&server, &reply.body).await.assert_error(401, "invalid_token");
        }
    }
    change_client(&server, "app", &json!({"userinfo_algorithm": ""})).await;
    assert_eq!(told(&server, &login(&server, "app", EVERY).await.access).await, plain);
}

/// The claims of `jwt`, once its signature was compared with the key for ID tokens that it names.
async fn verify(server: &TestServer, jwt: &str, algorithm: &str) -> Value {
    let header = decode_header(jwt).unwrap();
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    let kid = header.kid.unwrap();
    let keys = server.admin(Method::GET, "/keys", &Value::Null).await.json();
    let key = keys["items"].as_array().unwrap().iter().find(|key| key["kid"] == *kid).unwrap();
    assert_eq!((&key["use"], &key["algorithm"]), (&json!("id_token"), &json!(algorithm)));
    let jwks = server.get("/.well-known/jwks.json").await;
    let jwks: JwkSet = serde_json::from_str(&jwks.body).unwrap();
    let key = DecodingKey::from_jwk(jwks.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(algorithm.parse().unwrap());
    validation.set_audience(&["app"]);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    decode::<Value>(jwt, &key, &validation).unwrap().claims
}

#[tokio::test]
async fn a_key_that_could_not_be_made_is_waited_for() {
    let Some(server) = start().await else { return };
    let token = login(&server, "app", EVERY).await.access;
    let mut raw = server.raw().await;
    raw.refuse_inserts("signing_key").await;
    change_client(&server, "app", &json!({"userinfo_algorithm": "EdDSA"})).await;
    ask(&server, &token).await.assert_error(503, "temporarily_unavailable");
    raw.allow_inserts("signing_key").await;
    server.server.maintain_keys().await.unwrap();
    assert_eq!(ask(&server, &token).await.status, 200);
}
