//! Authorization requests that are wrong: who is told, and what.

use std::net::TcpListener;

use http::Method;
use serde_json::json;

use super::{CALLBACK, Given, assert_denied, given, register};
use crate::support::{Asking, VERIFIER, encode};

#[tokio::test]
async fn c030_a_client_that_is_none_is_told_to_the_user_alone() {
    let Some(given) = given().await else { return };
    for (id, status) in [("paused", "paused"), ("stopped", "disabled")] {
        register(&given.server, id, false).await;
        given.change_client(id, &json!({"status": status})).await;
    }
    let (asking, long) = (Given::asking("shop"), "x".repeat(300));
    let mut cases: Vec<Asking> =
        ["", "nobody", "SHOP", "shop ", "sh\0op", "paused", "stopped", &long]
            .map(|id| asking.clone().set("client_id", id))
            .into();
    cases.push(asking.clone().without("client_id"));
    cases.push(asking.clone().with("client_id", "shop"));
    cases.push(asking.clone().with("client_id", "spa"));
    cases.push(asking.clone().with("client_id", ""));
    let before = given.rows().await;
    for case in cases {
        let mut browser = given.browser();
        browser.ask(&case).await.assert_page(400);
        browser.ask(&case.clone().with("prompt", "none")).await.assert_page(400);
        let posted = browser.send(Method::POST, "/oauth/authorize", Some(&case.query())).await;
        browser.follow(posted).await.assert_page(400);
    }
    assert_eq!(given.rows().await, before);
}

#[tokio::test]
async fn c033_a_redirect_uri_may_be_left_out_where_there_is_one_and_no_id_token_is_asked_for() {
    let Some(given) = given().await else { return };
    let second = json!({"redirect_uris": [CALLBACK, "https://shop.example/other"]});
    let asking = Given::asking("shop").without("redirect_uri");
    let mut browser = given.browser();
    browser.ask(&asking).await.assert_page(400);
    let plain = asking.set("scope", "profile");
    let code = given.code(&mut browser, &plain).await;
    // Left out there, it may be left out here; and named, it must be the right one.
    let wrong = [("code", code.as_str()), ("redirect_uri", "https://shop.example/other")];
    given.exchange_as(&given.shop, &wrong).await.assert_invalid_grant();
    let without = [("code", code.as_str()), ("redirect_uri", "")];
    given.exchange_as(&given.shop, &without).await.tokens();
    given.change_client("shop", &second).await;
    browser.ask(&plain).await.assert_page(400);
    browser.ask(&plain.set("redirect_uri", "")).await.assert_page(400);
}

#[tokio::test]
async fn c034_a_parameter_that_comes_twice_is_refused_to_the_client() {
    let Some(given) = given().await else { return };
    let asking = Given::asking("shop").with("nonce", "n").with("prompt", "none");
    let mut browser = given.browser();
    for (name, value) in [
        ("scope", "openid"),
        ("scope", ""),
        ("code_challenge", "x"),
        ("response_type", "code"),
        ("nonce", "n"),
        ("prompt", "login"),
        ("prompt", "none"),
    ] {
        let reply = browser.ask(&asking.clone().with(name, value)).await;
        assert_denied(&reply, "invalid_request", Some("st"));
        // One in the URL, one in the body.
        let path = format!("/oauth/authorize?{}", encode([(name, value)]));
        let posted = browser.send(Method::POST, &path, Some(&asking.query())).await;
        assert_denied(&browser.follow(posted).await, "invalid_request", Some("st"));
    }
    // Which of two states is meant, nobody can tell; and which of two modes neither.
    for value in ["st", "other", ""] {
        let reply = browser.ask(&asking.clone().with("state", value)).await;
        assert_denied(&reply, "invalid_request", None);
    }
    for modes in [["form_post", "form_post"], ["form_post", "query"], ["query", "form_post"]] {
        let twice = asking.clone().with("response_mode", modes[0]).with("response_mode", modes[1]);
        assert_denied(&browser.ask(&twice).await, "invalid_request", Some("st"));
    }
    // Spelt as for PHP it is another parameter, which means nothing.
    let other = asking.clone().with("scope[]", "email").with("client_id[]", "spa");
    assert_denied(&browser.ask(&other).await, "login_required", Some("st"));
    let many = (0..70).fold(asking, |asking, n| asking.with(&format!("x{n}"), "1"));
    browser.ask(&many).await.assert_page(400);
}

#[tokio::test]
async fn c035_no_other_answer_than_a_code_in_query_or_form_is_given() {
    let Some(given) = given().await else { return };
    let (asking, mut browser) = (Given::asking("shop").with("prompt", "none"), given.browser());
    for kind in [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "code id_token",
        "code code",
        "CODE",
        " code",
        "code\n",
        "none",
        "",
        "<script>",
    ] {
        let reply = browser.ask(&asking.clone().set("response_type", kind)).await;
        assert_denied(&reply, "unsupported_response_type", Some("st"));
    }
    let missing = asking.clone().without("response_type");
    assert_denied(&browser.ask(&missing).await, "invalid_request", Some("st"));
    for mode in ["fragment", "web_message", "query.jwt", "jwt", "QUERY", "evil", "form_post "] {
        let reply = browser.ask(&asking.clone().with("response_mode", mode)).await;
        assert_denied(&reply, "invalid_request", Some("st"));
    }
    for mode in ["query", ""] {
        let reply = browser.ask(&asking.clone().with("response_mode", mode)).await;
        assert_denied(&reply, "login_required", Some("st"));
    }
}

#[tokio::test]
async fn c036_a_challenge_that_is_none_is_refused() {
    let Some(given) = given().await else { return };
    register(&given.server, "plain", false).await;
    given.change_client("plain", &json!({"pkce_required": false})).await;
    let mut browser = given.browser();
    let challenge = VERIFIER;
    let changed = |at: usize, with: &str| format!("{}{with}", &challenge[..at]);
    for client in ["shop", "spa", "plain"] {
        let asking = Given::asking(client).with("prompt", "none");
        let without = asking.clone().without("code_challenge");
        let bare = without.clone().without("code_challenge_method");
        let needed = if client == "plain" { "login_required" } else { "invalid_request" };
        assert_denied(&browser.ask(&bare).await, needed, Some("st"));
        let mut cases = vec![without, asking.clone().without("code_challenge_method")];
        cases.extend(
            ["plain", "s256", "S512", "", "S256 "]
                .map(|method| asking.clone().set("code_challenge_method", method)),
        );
        let long = "A".repeat(129);
        let texts = [
            &changed(42, ""),
            &changed(43, "A"),
            &changed(42, "="),
            &changed(43, "="),
            &changed(42, "+"),
            &changed(42, "/"),
            // Bits beyond the 256.
            &changed(42, "l"),
            &long,
            "",
            "\u{e9}",
        ];
        cases.extend(texts.map(|text| asking.clone().set("code_challenge", text)));
        for case in cases {
            let reply = browser.ask(&case).await;
            assert_denied(&reply, "invalid_request", Some("st"));
        }
    }
}

#[tokio::test]
async fn c037_a_scope_that_is_none_is_refused_and_not_repeated() {
    let Some(given) = given().await else { return };
    let (asking, mut browser) = (Given::asking("shop").with("prompt", "none"), given.browser());
    let many = "a ".repeat(1_800);
    for scope in [
        "canary",
        "openid canary",
        "openid address",
        "OPENID",
        "openid \"canary\"",
        "openid\\canary",
        "openid\tcanary",
        "openid\ncanary",
        "openid canary\u{e9}",
        "openid \0",
        &many,
    ] {
        let reply = browser.ask(&asking.clone().set("scope", scope)).await;
        assert_denied(&reply, "invalid_scope", Some("st"));
        assert!(!reply.location().contains("canary"), "{reply:?}");
    }
    for resource in ["https://nobody.example", "not a uri", "https://api.example/#f", "/x"] {
        let reply = browser.ask(&asking.clone().with("resource", resource)).await;
        assert_denied(&reply, "invalid_target", Some("st"));
    }
    // 10,000 of them are more than a request may have.
    let huge = asking.set("scope", &"a ".repeat(10_000));
    browser.ask(&huge).await.assert_page(400);
}

#[tokio::test]
async fn c038_a_state_comes_back_as_it_was_or_not_at_all() {
    let Some(given) = given().await else { return };
    let asking = Given::asking("shop").with("prompt", "none");
    let (mut browser, longest) = (given.browser(), "s".repeat(2048));
    for state in [
        "</script><script>alert(1)</script>",
        "a\r\nSet-Cookie: evil=1",
        "a\0b",
        "\u{1f600} \u{202e}",
        "a b+c%20d&code=x#y",
        " ",
        &longest,
    ] {
        let asking = asking.clone().set("state", state);
        let reply = browser.ask(&asking).await;
        assert_denied(&reply, "login_required", Some(state));
        assert!(reply.location().bytes().all(|byte| byte.is_ascii_graphic()), "{reply:?}");
        let page = browser.ask(&asking.without("prompt")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let visible = page.body.contains("alert(1)") || page.body.contains("Set-Cookie");
        assert!(!visible, "{page:?}");
    }
    let longer = asking.clone().set("state", &format!("{longest}s"));
    assert_denied(&browser.ask(&longer).await, "invalid_request", None);
    browser.ask(&asking.clone().set("state", &"s".repeat(5_120))).await.assert_page(400);
    // None is none, and so is an empty one.
    assert_denied(&browser.ask(&asking.clone().without("state")).await, "login_required", None);
    assert_denied(&browser.ask(&asking.set("state", "")).await, "login_required", None);
}

#[tokio::test]
async fn c041_request_objects_are_refused_and_nothing_is_fetched() {
    let Some(given) = given().await else { return };
    let lure = TcpListener::bind("127.0.0.1:0").unwrap();
    lure.set_nonblocking(true).unwrap();
    let here = format!("http://{}/request", lure.local_addr().unwrap());
    let (asking, mut browser) = (Given::asking("shop").with("prompt", "none"), given.browser());
    for (name, value, error) in [
        ("request", "e30.e30.", "request_not_supported"),
        ("request", "x", "request_not_supported"),
        ("request_uri", here.as_str(), "request_uri_not_supported"),
        ("request_uri", "http://169.254.169.254/latest", "request_uri_not_supported"),
        ("request_uri", "file:///etc/passwd", "request_uri_not_supported"),
        ("request_uri", "gopher://evil.example/", "request_uri_not_supported"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "request_uri_not_supported"),
        ("registration", "{}", "registration_not_supported"),
    ] {
        let reply = browser.ask(&asking.clone().with(name, value)).await;
        assert_denied(&reply, error, Some("st"));
    }
    let both = asking.with("request_uri", &here).with("request", "e30.e30.");
    assert_denied(&browser.ask(&both).await, "request_not_supported", Some("st"));
    assert_eq!(lure.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn c066_a_form_is_a_form_and_c067_each_field_comes_once() {
    let Some(given) = given().await else { return };
    let before = given.rows().await;
    for path in ["/oauth/authorize", "/signin", "/consent"] {
        for kind in [
            "",
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded; charset=utf-16",
        ] {
            let request = http::Request::post(path).header("content-type", kind);
            let body = axum::body::Body::from(Given::asking("shop").query());
            let reply = given.server.send(request.body(body).unwrap()).await;
            reply.assert_page(415);
        }
        let huge = format!("x={}", "x".repeat(70_000));
        let reply = given.browser().send(Method::POST, path, Some(&huge)).await;
        reply.assert_page(413);
    }
    let page = given.browser().ask(&Given::asking("shop")).await;
    let (csrf, i) = (page.field("csrf"), page.field("i"));
    for (path, name) in [
        ("/signin", "username"),
        ("/signin", "password"),
        ("/signin", "csrf"),
        ("/signin", "i"),
        ("/consent", "decision"),
    ] {
        let form = encode([("csrf", csrf.as_str()), ("i", &i), ("username", "anna")]);
        let form = format!("{form}&password=x&decision=allow&{name}=allow");
        given.browser().send(Method::POST, path, Some(&form)).await.assert_page(400);
    }
    for query in ["%zz", "client_id=%ff", "client_id=shop%"] {
        given.browser().get(&format!("/oauth/authorize?{query}")).await.assert_page(400);
    }
    assert_eq!(given.rows().await, before);
}

#[tokio::test]
async fn what_a_request_need_not_say_is_ignored() {
    // RFC 6749 §3.1, OIDC Core §15.1
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let asking = [
        ("display", "popup"),
        ("acr_values", "urn:mace:incommon:iap:silver phr"),
        ("claims_locales", "de"),
        ("ui_locales", "xx-XX"),
        ("audience", "https://elsewhere.example"),
        ("unheard_of", "<b>"),
    ]
    .iter()
    .fold(Given::asking("shop"), |asking, (name, value)| asking.with(name, value));
    let code = given.code(&mut browser, &asking).await;
    given.exchange(&code).await.tokens();
}
