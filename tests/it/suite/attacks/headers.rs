//! Headers that a request brings, and line breaks that would become headers of an answer.

use chancery::flows::backchannel::Courier;
use http::{Method, Request};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{
    Asking, Browser, Home, ISSUER, PASSWORD, RelyingParty, Reply, TestServer, basic, claims,
    exchange,
};

const CALLBACK: &str = "https://shop.example/cb";

/// What would have an answer name another host, if anybody believed it.
const ELSEWHERE: [(&str, &str); 7] = [
    ("host", "evil.example"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-server", "evil.example"),
    ("x-forwarded-proto", "gopher"),
    ("x-forwarded-prefix", "/evil.example"),
    ("x-original-host", "evil.example"),
    ("forwarded", "for=10.0.0.1;host=evil.example;proto=gopher"),
];

fn shop() -> Value {
    json!({
        "client_id": "shop", "public": true, "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [CALLBACK], "scopes": ["openid"],
        "grants": ["authorization_code"],
    })
}

#[track_caller]
fn assert_here(reply: &Reply) {
    let told = format!("{:?} {}", reply.headers, reply.body);
    assert!(!told.contains("evil.example") && !told.contains("gopher"), "{told}");
    assert!(reply.status.as_u16() < 400, "{reply:?}");
    if let Some(to) = reply.goes_to().filter(|to| !to.starts_with(CALLBACK)) {
        assert!(to.starts_with(ISSUER), "{to}");
    }
}

#[tokio::test]
async fn c121_no_link_no_redirect_and_no_token_takes_its_host_from_a_header() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("anna", &[]).await;
    server.create_client(&shop()).await;
    for server in [server.another(2).await, server.behind_a_proxy()] {
        let mut browser = Browser::at(&server);
        browser.headers.extend(ELSEWHERE.map(|(name, value)| (name, value.to_owned())));
        let asking = Asking::of("shop", CALLBACK, "openid");
        // Each step by itself: those between pages are redirects to pages of ours.
        let mut reply = browser.get(&format!("/oauth/authorize?{}", asking.query())).await;
        while let Some(to) = reply.goes_to() {
            assert_here(&reply);
            reply = browser.get(&to).await;
        }
        assert_here(&reply);
        let mut reply = browser.submit_sign_in(&reply, "anna", PASSWORD).await;
        while let Some(to) = reply.goes_to() {
            assert_here(&reply);
            reply = browser.get(&to).await;
        }
        assert_here(&reply);
        let reply = browser.decide(&reply, "allow").await;
        assert_here(&reply);
        let code = reply.answer_at(CALLBACK)["code"].clone();
        let form = format!(
            "grant_type=authorization_code&client_id=shop&code={code}&redirect_uri={CALLBACK}\
             &code_verifier={}",
            crate::support::VERIFIER
        );
        let path = "/oauth/token";
        let tokens = browser.send(Method::POST, path, Some(&form)).await;
        assert_here(&tokens);
        for token in
            [tokens.tokens().access, tokens.json()["id_token"].as_str().unwrap().to_owned()]
        {
            assert_eq!(claims(&token)["iss"], ISSUER);
        }
        for path in ["/account", "/oauth/logout", "/signed-out"] {
            let page = browser.get(path).await;
            assert_here(&page);
        }
        // Nobody is asked to send his password on to there.
        assert!(!browser.get("/account").await.body.contains("action=\"http"));
    }
}

#[tokio::test]
async fn c121_a_client_is_told_of_a_logout_by_the_issuer_whatever_host_was_asked() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let party = RelyingParty::start().await;
    party.listen_as(&server, "demo").await;
    let access = server.login().await.access;
    let request = Request::post("/logout").header("authorization", format!("Bearer {access}"));
    let request = ELSEWHERE.iter().fold(request, |all, (name, value)| all.header(*name, *value));
    let reply = server.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert!(reply.status.is_success(), "{reply:?}");
    Courier::new(server.server.clone()).deliver().await.unwrap();
    assert_eq!(claims(&party.heard()[0])["iss"], ISSUER);
}

/// Line breaks in each form that anybody takes for one, percent-encoded as in a URL or a form.
const BREAKS: [&str; 6] = [
    "%0d%0aX-Injected:%201",
    "%0aX-Injected:%201",
    "%0dX-Injected:%201",
    "%0d%0a%0d%0a<script>alert(1)</script>",
    // Cut to bytes these are CR and LF.
    "%E5%98%8D%E5%98%8AX-Injected:%201",
    "%C4%8D%C4%8AX-Injected:%201%00",
];

/// A way back that holds a break, after whatever is right.
fn with_each_parameter(payload: &str) -> Vec<String> {
    let right = Asking::of("shop", CALLBACK, "openid").with("prompt", "none");
    let mut paths = Vec::new();
    for name in [
        "state",
        "redirect_uri",
        "scope",
        "client_id",
        "nonce",
        "login_hint",
        "prompt",
        "response_type",
        "response_mode",
        "ui_locales",
        "code_challenge",
        "resource",
        "request_uri",
        "error_description",
    ] {
        let rest = right.clone().without(name).query();
        paths.push(format!("/oauth/authorize?{rest}&{name}={payload}"));
    }
    let back = "post_logout_redirect_uri=https%3A%2F%2Fshop.example%2Fcb";
    paths.extend([
        format!("/oauth/authorize?{}{payload}", right.query()),
        format!("/oauth/logout?client_id=shop&{back}{payload}"),
        format!("/oauth/logout?client_id=shop&{back}&state={payload}"),
        format!("/oauth/logout?id_token_hint={payload}"),
        format!("/signin?i={payload}"),
        format!("/consent?i={payload}"),
        format!("/signed-out?state={payload}"),
        format!("/account{payload}"),
        format!("/.well-known/jwks.json?{payload}"),
        format!("/revocations?since={payload}"),
    ]);
    paths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c125_a_line_break_in_a_parameter_is_none_in_the_head_of_an_answer() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    let token = wire.admin_token().await;
    wire.admin(&token, Method::POST, "/clients", &shop()).await;
    let mut told = 0;
    for payload in BREAKS {
        for path in with_each_parameter(payload) {
            // An answer with a head that another one stands in is none that can be read.
            let reply = exchange(wire.address, (&Method::GET, &path), "", ("", "")).await;
            let reply = reply.unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_alone(&path, &reply);
            if reply.header("location").starts_with(CALLBACK) {
                told += usize::from(
                    path.contains("&state=") && reply.header("location").contains("X-Inj"),
                );
            }
        }
        for parameter in ["grant_type", "scope", "refresh_token", "code", "client_id", "resource"] {
            let form = format!("grant_type=client_credentials&{parameter}={payload}");
            let form = form.replacen("grant_type=client_credentials&grant", "grant", 1);
            let content = ("application/x-www-form-urlencoded", form.as_str());
            let demo = basic(&wire.secrets.client_id, &wire.secrets.client_secret);
            let odd = basic("demo\r\nX-Injected: 1", "x\r\nX-Injected: 1");
            for authorization in [demo, odd] {
                for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
                    let sent =
                        exchange(wire.address, (&Method::POST, path), &authorization, content);
                    assert_alone(path, &sent.await.unwrap());
                }
            }
        }
    }
    assert!(told >= 4, "a state comes back in a redirect, encoded: {told}");
}

/// Asserts that an answer has no header but those of this server, and is no failure of it.
#[track_caller]
fn assert_alone(path: &str, reply: &Reply) {
    assert!(reply.status.as_u16() < 500, "{path}: {reply:?}");
    for (name, value) in &reply.headers {
        assert!(!name.as_str().contains("injected"), "{path}: {reply:?}");
        let plain = value.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte));
        assert!(plain, "{path}: {name} {value:?}");
    }
    assert!(!reply.body.contains("<script>alert"), "{path}: {reply:?}");
}
