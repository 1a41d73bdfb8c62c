//! Metadata and keys: what they say, how they are cached, and what cannot change them.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chancery::http::routes::ROUTES;
use chancery::protocol::client::GrantType;
use http::Request;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{ISSUER, Options, TestServer};

const METADATA: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";
const TENANT: &str = "https://as.example/tenants/one";
const JWKS: &str = "/.well-known/jwks.json";

#[tokio::test]
async fn metadata_lists_what_works_and_nothing_else() {
    // META-02, META-03, META-05, PKCE-05
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let metadata = server.get(METADATA).await.json();
    let basic_and_post = json!(["client_secret_basic", "client_secret_post"]);
    let all = json!(["client_secret_basic", "client_secret_post", "none"]);
    let algorithms = json!(["ES256", "RS256", "PS256", "EdDSA"]);
    let expected = json!({
        "issuer": "http://localhost:8080",
        "authorization_endpoint": "http://localhost:8080/oauth/authorize",
        "token_endpoint": "http://localhost:8080/oauth/token",
        "userinfo_endpoint": "http://localhost:8080/oauth/userinfo",
        "end_session_endpoint": "http://localhost:8080/oauth/logout",
        "revocation_endpoint": "http://localhost:8080/oauth/revoke",
        "introspection_endpoint": "http://localhost:8080/oauth/introspect",
        "jwks_uri": "http://localhost:8080/.well-known/jwks.json",
        "revocations_uri": "http://localhost:8080/revocations",
        "revocations_stream_uri": "http://localhost:8080/revocations/stream",
        "scopes_supported": ["openid", "profile", "email", "address", "phone", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": GrantType::EVERY.map(GrantType::as_str),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["en", "de"],
        "authorization_response_iss_parameter_supported": true,
        "token_endpoint_auth_methods_supported": all,
        "revocation_endpoint_auth_methods_supported": all,
        "introspection_endpoint_auth_methods_supported": basic_and_post,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        "claims_supported": [
            "sub", "auth_time", "amr", "sid", "updated_at", "name", "given_name", "family_name",
            "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
            "gender", "birthdate", "zoneinfo", "locale", "email", "email_verified", "address",
            "phone_number", "phone_number_verified",
        ],
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    });
    assert_eq!(metadata, expected);
    for (name, value) in metadata.as_object().unwrap() {
        assert_ne!(value, &json!([]), "{name}");
    }
}

#[tokio::test]
async fn every_url_of_the_metadata_is_a_route() {
    // META-05
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let metadata = server.get(METADATA).await.json();
    let issuer = metadata["issuer"].as_str().unwrap();
    let urls = metadata.as_object().unwrap().values().filter_map(Value::as_str);
    for path in urls.filter_map(|url| url.strip_prefix(issuer)).filter(|path| !path.is_empty()) {
        assert!(ROUTES.iter().any(|route| route.path == path), "{path} is named and not served");
    }
}

#[tokio::test]
async fn openid_connect_finds_the_same_metadata_behind_the_path_of_the_issuer() {
    // META-01
    for (issuer, oauth, openid) in [
        (ISSUER, METADATA.to_owned(), OPENID.to_owned()),
        (TENANT, format!("{METADATA}/tenants/one"), format!("/tenants/one{OPENID}")),
    ] {
        let options = Options { issuer, ..Options::default() };
        let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
        let (oauth, openid) = (server.get(&oauth).await, server.get(&openid).await);
        assert_eq!(openid.header("content-type"), "application/json");
        assert_eq!(openid.json()["issuer"], issuer);
        assert_eq!((openid.status, openid.body), (oauth.status, oauth.body));
    }
}

#[tokio::test]
async fn an_issuer_with_a_path_has_everything_below_it_but_its_metadata() {
    // META-01
    let options = Options { issuer: TENANT, ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
    let metadata = server.get(&format!("{METADATA}/tenants/one")).await.json();
    assert_eq!(metadata["issuer"], TENANT);
    for (name, value) in metadata.as_object().unwrap() {
        let Some(url) = value.as_str().filter(|_| name != "issuer") else { continue };
        let path = url.strip_prefix("https://as.example").unwrap();
        assert!(path.starts_with("/tenants/one/"), "{name}: {url}");
        if name.ends_with("_uri") {
            // The stream does not end by itself.
            let request = Request::head(path).body(Body::empty()).unwrap();
            assert_eq!(server.send(request).await.status, 200, "{name}: {url}");
        }
    }
    let form = "grant_type=client_credentials";
    let reply = server.form("/tenants/one/oauth/token", &server.basic(), form).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let elsewhere = [
        METADATA,
        "/tenants/one/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/tenants/two",
        "/.well-known/oauth-authorization-server/tenants/one/",
        "/.well-known/openid-configuration/tenants/one",
        OPENID,
        JWKS,
        "/oauth/token",
        "/admin/v1/users",
        "/tenants/one/healthz",
    ];
    for path in elsewhere {
        server.get(path).await.assert_error(404, "not_found");
    }
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/tenants/one/admin/v1/users").await.status, 401);
}

#[tokio::test]
async fn documents_are_cached_by_their_tag() {
    // JWK-01, META-06
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for path in [METADATA, OPENID, JWKS] {
        let reply = server.get(path).await;
        assert_eq!(reply.header("cache-control"), "public, max-age=300, stale-if-error=86400");
        let tag = reply.header("etag").to_owned();
        let weak = format!("W/{tag}");
        let list = format!("\"other\", {tag}");
        for (known, status) in
            [(tag.as_str(), 304), (&weak, 304), (&list, 304), ("*", 304), ("\"other\"", 200)]
        {
            let request = Request::get(path).header("if-none-match", known);
            let reply = server.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(reply.status, status, "{path} {known}: {reply:?}");
            assert_eq!(reply.header("etag"), tag);
        }
    }
}

#[tokio::test]
async fn no_header_changes_an_issuer_or_a_url() {
    // C121, META-06
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for path in [METADATA, OPENID, JWKS] {
        let plain = server.get(path).await;
        let absolute = format!("http://evil.example{path}");
        let requests = [
            Request::get(path).header("host", "evil.example"),
            Request::get(path).header("x-forwarded-host", "evil.example"),
            Request::get(path).header("x-forwarded-proto", "https"),
            Request::get(path).header("x-forwarded-prefix", "/evil"),
            Request::get(path).header("forwarded", "host=evil.example;proto=https"),
            Request::get(absolute).header("host", "localhost:8080"),
        ];
        for request in requests {
            let reply = server.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(reply.body, plain.body);
            assert_eq!(reply.header("etag"), plain.header("etag"));
            assert_eq!(reply.header("vary"), "", "no header is looked at");
        }
    }
    let request = Request::post("/oauth/token")
        .header("host", "evil.example")
        .header("forwarded", "host=evil.example")
        .header("authorization", server.basic())
        .header("content-type", "application/x-www-form-urlencoded");
    let reply = server.send(request.body(Body::from("grant_type=client_credentials")).unwrap());
    let token = reply.await.tokens().access;
    assert_eq!(crate::support::claims(&token)["iss"], "http://localhost:8080");
}

#[tokio::test]
async fn published_keys_are_public_and_named_by_their_thumbprints() {
    // JWK-01, META-03
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let reply = server.get(JWKS).await;
    assert_eq!(reply.header("content-type"), "application/jwk-set+json");
    let keys = reply.json()["keys"].as_array().unwrap().clone();
    let mut kids = BTreeSet::new();
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        let kid = key["kid"].as_str().unwrap();
        assert_eq!(kid, thumbprint(key));
        assert!(kids.insert(kid), "{kid} twice");
    }
    let algorithms: BTreeSet<&str> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
    assert_eq!(algorithms, BTreeSet::from(["ES256", "RS256"]));
    assert_eq!(keys.iter().filter(|key| key["purpose"] == "revocations").count(), 2);
}

/// RFC 7638 §3, from the text of the specification alone.
fn thumbprint(key: &Value) -> String {
    let required = match key["kty"].as_str().unwrap() {
        "EC" => vec!["crv", "kty", "x", "y"],
        "RSA" => vec!["e", "kty", "n"],
        "OKP" => vec!["crv", "kty", "x"],
        other => panic!("{other}"),
    };
    let members: Vec<String> =
        required.iter().map(|name| format!("\"{name}\":{}", key[*name])).collect();
    let canonical = format!("{{{}}}", members.join(","));
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}
