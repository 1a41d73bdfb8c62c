//! What this server does not offer: nobody gets anything by it, and nothing promises it.

use axum::body::Body;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{Method, Request};
use jsonwebtoken::{EncodingKey, Header, encode as sign};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Reply, TestServer, basic, claims, encode};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The endpoints where clients prove who they are, each with a form that would be right.
const ENDPOINTS: [(&str, &str); 3] = [
    ("/oauth/token", "grant_type=client_credentials"),
    ("/oauth/revoke", "token=x"),
    ("/oauth/introspect", "token=x"),
];

/// Sends a form with headers of a client's choice.
async fn form_with(server: &TestServer, path: &str, form: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request =
        Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

/// Asserts that these paths are nothing, and that metadata has no member of which the name holds one
/// of these words.
async fn assert_absent(server: &TestServer, paths: &[&str], words: &[&str]) {
    for path in paths {
        server.get(path).await.assert_error(404, "not_found");
        server.form(path, &server.basic(), "a=b").await.assert_error(404, "not_found");
    }
    for document in ["oauth-authorization-server", "openid-configuration"] {
        let metadata = server.get(&format!("/.well-known/{document}")).await.json();
        for (name, value) in metadata.as_object().unwrap() {
            let said = format!("{name} {value}");
            assert!(!words.iter().any(|word| said.contains(word)), "{said}");
        }
    }
}

/// JWTs that would authenticate `demo` where that is offered, each of another making.
async fn assertions(server: &TestServer) -> Vec<(&'static str, String)> {
    let now = server.clock.seconds();
    let claims = |jti: &str| {
        json!({"iss": "demo", "sub": "demo", "jti": jti, "iat": now, "exp": now + 60,
            "aud": [crate::support::ISSUER, "http://localhost:8080/oauth/token"]})
    };
    let key = EncodingKey::from_secret(server.secrets.client_secret.as_bytes());
    let right = sign(&Header::default(), &claims("1"), &key).unwrap();
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let none = format!("{}.{}.", part(&json!({"alg": "none"})), part(&claims("2")));
    let by_another = EncodingKey::from_secret(b"of somebody else");
    vec![
        ("right by the secret", right.clone()),
        ("replayed", right),
        ("unsigned", none),
        ("forged", sign(&Header::default(), &claims("3"), &by_another).unwrap()),
        ("an access token", server.login().await.access),
        ("no token", "a.b.c".to_owned()),
    ]
}

#[tokio::test]
async fn c097_no_assertion_proves_who_a_client_is() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for (what, assertion) in assertions(&server).await {
        let proof = [("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion)];
        for (path, right) in ENDPOINTS {
            for named in ["", "&client_id=demo", "&client_id=chancery-admin"] {
                let form = format!("{right}{named}&{}", encode(proof));
                let reply = server.form(path, "", &form).await;
                assert_eq!(reply.status, 401, "{path} {what}{named}: {reply:?}");
                reply.assert_error(401, "invalid_client");
            }
        }
        let grant = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", &assertion),
        ];
        let reply = server.form("/oauth/token", &server.basic(), &encode(grant)).await;
        reply.assert_error(400, "unsupported_grant_type");
    }
    assert_absent(&server, &[], &["_jwt", "auth_signing_alg"]).await;
}

#[tokio::test]
async fn c098_a_dpop_proof_changes_nothing_and_nothing_promises_it() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"});
    let header = json!({"typ": "dpop+jwt", "alg": "none", "jwk": jwk}).to_string();
    let body =
        json!({"jti": "1", "htm": "GET", "htu": "http://evil.example", "iat": 1}).to_string();
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let proof = format!("{}.{}.", part(&header), part(&body));
    let authorization = server.basic();
    let token = server.login().await.refresh;
    let form = format!("grant_type=refresh_token&refresh_token={token}");
    for proofs in
        [&[("dpop", proof.as_str())][..], &[("dpop", "x"), ("dpop", "y")], &[("dpop", "")]]
    {
        let headers = [&[("authorization", authorization.as_str())], proofs].concat();
        let granted = form_with(&server, "/oauth/token", "grant_type=client_credentials", &headers);
        for reply in [granted.await, form_with(&server, "/oauth/token", &form, &headers).await] {
            assert_eq!(reply.status, 200, "{reply:?}");
            assert_eq!(reply.json()["token_type"], "Bearer");
            assert_eq!(claims(&reply.tokens().access).get("cnf"), None);
            assert_eq!(reply.header("dpop-nonce"), "");
        }
    }
    // Whoever has the token needs no proof; the scheme counts as no token.
    let access = server.login().await.access;
    let asks = |authorization: String| {
        Request::get("/oauth/userinfo")
            .header("authorization", authorization)
            .header("dpop", &proof)
    };
    let bearer = asks(format!("Bearer {access}")).body(Body::empty()).unwrap();
    assert_eq!(server.send(bearer).await.status, 200);
    let reply = server.send(asks(format!("DPoP {access}")).body(Body::empty()).unwrap()).await;
    reply.assert_error(401, "invalid_token");
    assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="chancery""#);
    assert_absent(&server, &[], &["dpop"]).await;
}

#[tokio::test]
async fn c099_a_certificate_in_a_header_proves_nothing_wherever_it_comes_from() {
    let pem = "-----BEGIN%20CERTIFICATE-----%0AMIIB%0A-----END%20CERTIFICATE-----";
    let headers = [
        ("x-client-cert", pem),
        ("x-ssl-client-cert", pem),
        ("x-ssl-client-verify", "SUCCESS"),
        ("x-ssl-client-s-dn", "CN=demo"),
        ("x-forwarded-client-cert", "By=x;Hash=y;Subject=\"CN=demo\";URI=demo"),
        ("client-cert", ":MIIB:"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-remote-user", "admin"),
    ];
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for server in [server.another(2).await, server.behind_a_proxy()] {
        for (path, right) in ENDPOINTS {
            for named in ["", "&client_id=demo"] {
                let reply = form_with(&server, path, &format!("{right}{named}"), &headers).await;
                assert_eq!(reply.status, 401, "{path}{named}: {reply:?}");
                reply.assert_error(401, "invalid_client");
            }
        }
        for path in ["/admin/v1/users", "/oauth/userinfo", "/sessions"] {
            let request = headers
                .iter()
                .fold(Request::get(path), |all, (name, value)| all.header(*name, *value));
            let reply = server.send(request.body(Body::empty()).unwrap()).await;
            reply.assert_error(401, "invalid_token");
        }
        assert_absent(&server, &[], &["tls_client", "mtls"]).await;
    }
}

#[tokio::test]
async fn c100_there_is_no_device_grant_and_no_code_to_guess() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    assert_unsupported(&server, "urn:ietf:params:oauth:grant-type:device_code").await;
    let paths =
        ["/oauth/device_authorization", "/device_authorization", "/device", "/oauth/device"];
    assert_absent(&server, &paths, &["device"]).await;
}

#[tokio::test]
async fn c101_there_is_no_token_exchange() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    assert_unsupported(&server, "urn:ietf:params:oauth:grant-type:token-exchange").await;
    assert_absent(&server, &[], &["token-exchange"]).await;
}

/// Asserts that a grant is neither served nor given to a client.
async fn assert_unsupported(server: &TestServer, grant: &str) {
    let access = server.login().await.access;
    let form = encode([
        ("grant_type", grant),
        ("device_code", "x"),
        ("subject_token", &access),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", "https://other.example"),
    ]);
    let public = format!("{form}&client_id=chancery-admin");
    for (basic, form) in [(server.basic(), &form), (String::new(), &public)] {
        server.form("/oauth/token", &basic, form).await.assert_error(400, "unsupported_grant_type");
    }
    let settings = json!({"client_id": "new", "grants": [grant]});
    server.admin(Method::POST, "/clients", &settings).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn c118_nobody_registers_a_client_himself_and_an_operator_not_any() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let paths = ["/register", "/oauth/register", "/connect/register", "/registration", "/clients"];
    assert_absent(&server, &paths, &["registration_endpoint"]).await;
    let right = json!({"client_id": "new", "grants": ["authorization_code"],
        "redirect_uris": ["https://shop.example/cb"]});
    let made = server.create_client(&right).await;
    delete(&server, &made).await;
    let many: Vec<String> = (0..1_000).map(|n| format!("https://shop.example/{n}")).collect();
    for wrong in [
        json!({"redirect_uris": ["http://evil.example/cb"]}),
        json!({"redirect_uris": ["javascript:alert(1)"]}),
        json!({"redirect_uris": ["data:text/html,x"]}),
        json!({"redirect_uris": ["https://shop.example/cb#f"]}),
        json!({"redirect_uris": ["https://*.shop.example/cb"]}),
        json!({"redirect_uris": ["/cb"]}),
        json!({"redirect_uris": many}),
        json!({"redirect_uris": []}),
        json!({"public": true, "grants": ["authorization_code", "client_credentials"]}),
        json!({"grants": ["authorization_code", "implicit"]}),
        json!({"jwks": {"keys": []}}),
        json!({"jwks_uri": "https://shop.example/jwks"}),
        json!({"software_statement": "a.b.c"}),
        json!({"logo_uri": "http://127.0.0.1/logo"}),
    ] {
        let mut settings = right.clone();
        settings.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let reply = server.admin(Method::POST, "/clients", &settings).await;
        assert_eq!(reply.status, 400, "{wrong}: {reply:?}");
        reply.assert_error(400, "invalid_request");
    }
    // What was registered is over with it, and with all that it was given.
    let made = json!({"client_id": "new", "grants": ["client_credentials"],
        "resources": [server.secrets.resource]});
    let made = server.create_client(&made).await;
    let own = basic("new", made["client_secret"].as_str().unwrap());
    let token = server.client_token(&own, "").await;
    assert!(server.is_active(&token).await);
    delete(&server, &made).await;
    let reply = server.form("/oauth/token", &own, "grant_type=client_credentials").await;
    reply.assert_error(401, "invalid_client");
    assert!(!server.is_active(&token).await);
}

async fn delete(server: &TestServer, made: &Value) {
    let path = format!("/clients/{}", made["id"].as_str().unwrap());
    let deleted = server.admin(Method::DELETE, &path, &Value::Null).await;
    assert!(deleted.status.is_success(), "{deleted:?}");
}

#[tokio::test]
async fn c120_there_are_no_shared_signals() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let paths = [
        "/.well-known/ssf-configuration",
        "/.well-known/sse-configuration",
        "/ssf/stream",
        "/ssf/status",
        "/ssf/poll",
        "/ssf/push",
        "/events",
    ];
    assert_absent(&server, &paths, &["ssf", "delivery_method"]).await;
    // No event that somebody sends is taken by what is told of sessions here.
    let event = Request::post("/revocations").header("content-type", "application/secevent+jwt");
    let reply = server.send(event.body(Body::from("a.b.c")).unwrap()).await;
    reply.assert_error(405, "method_not_allowed");
}
