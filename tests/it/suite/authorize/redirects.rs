//! Where answers go: to a registered redirect URI, by GET, and nowhere else.

use http::Method;
use serde_json::json;

use super::{CALLBACK, Given, given, register};
use crate::support::{Asking, ISSUER, PASSWORD};

#[tokio::test]
async fn c031_nothing_but_a_registered_redirect_uri_is_ever_answered() {
    let Some(given) = given().await else { return };
    let long = format!("https://shop.example/cb?{}", "x".repeat(4_000));
    let longer = format!("https://shop.example/cb?{}", "x".repeat(10_000));
    let before = given.rows().await;
    for uri in [
        "https://shop.example/other",
        "https://shop.example",
        "https://shop.example/cb/",
        "https://shop.example/cb?",
        "https://shop.example/cb?x=1",
        "https://shop.example/cb#",
        "https://shop.example/cb#f",
        "https://shop.example/CB",
        "HTTPS://SHOP.EXAMPLE/cb",
        "https://shop.example:443/cb",
        "https://shop.example:8443/cb",
        "http://shop.example/cb",
        "//shop.example/cb",
        "/cb",
        "https://shop.example/cb/../evil",
        "https://shop.example/./cb",
        "https://shop.example/cb%2f..%2fevil",
        "https://shop.example/%63b",
        "https://shop.example/cb;x",
        "https://shop.example@evil.example/cb",
        "https://evil.example\\@shop.example/cb",
        "https://evil.example/\\@shop.example/cb",
        "https://evil.example#@shop.example/cb",
        "https://shop.example.evil.example/cb",
        "https://evil.example/https://shop.example/cb",
        "https://shop.example./cb",
        "https://shop.example/cb\t",
        "https://shop.example/cb\r\nX: y",
        "https://shop.example/cb\0",
        " https://shop.example/cb",
        "https://shop\u{3002}example/cb",
        "https://sh\u{43e}p.example/cb",
        "https://xn--shp-emc.example/cb",
        "javascript:alert(1)",
        "javascript://shop.example/cb%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "com.example.shop:/cb",
        "https://[::1]/cb",
        "https://[::ffff:7f00:1]/cb",
        "http://127.0.0.1/cb",
        "https://shop.example/cb https://evil.example",
        "",
        &long,
        &longer,
    ] {
        let mut browser = given.browser();
        // Not even where nobody would see a page, nor an error of the request itself.
        for more in [("prompt", "none"), ("x", "y"), ("response_type", "token")] {
            let asking = Given::asking("shop").set("redirect_uri", uri).set(more.0, more.1);
            let page = browser.ask(&asking).await;
            page.assert_page(400);
            assert!(!page.body.contains("evil") && !page.body.contains("alert("), "{page:?}");
        }
    }
    let twice = Given::asking("shop").with("redirect_uri", CALLBACK);
    given.browser().ask(&twice).await.assert_page(400);
    assert_eq!(given.rows().await, before);
}

#[tokio::test]
async fn c032_of_a_loopback_address_the_port_is_free_and_nothing_else() {
    let Some(given) = given().await else { return };
    register(&given.server, "tool", true).await;
    let registered = ["http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost:3000/cb"];
    given.change_client("tool", &json!({"redirect_uris": registered})).await;
    let asking = Given::asking("tool");
    for uri in [
        "http://127.0.0.1:51004/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:51004/cb",
        "http://localhost:3000/cb",
    ] {
        let mut browser = given.browser();
        let page = browser.ask(&asking.clone().set("redirect_uri", uri)).await;
        let page = browser.sign_in(&page, "anna", PASSWORD).await;
        let answer = browser.decide(&page, "allow").await.answer_at(uri);
        // The port that the code was sent to is the one that it is exchanged with.
        let fields = [("client_id", "tool"), ("code", answer["code"].as_str())];
        let with = |uri| [&fields[..], &[("redirect_uri", uri)]].concat();
        given.exchange_as("", &with("http://127.0.0.1:51005/cb")).await.assert_invalid_grant();
        given.exchange_as("", &with(uri)).await.tokens();
    }
    for uri in [
        "http://localhost:51004/cb",
        "http://localhost/cb",
        "http://127.0.0.2:51004/cb",
        "http://127.1:51004/cb",
        "http://0x7f000001/cb",
        "http://2130706433/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://[0:0:0:0:0:0:0:1]/cb",
        "https://127.0.0.1:51004/cb",
        "http://127.0.0.1:51004/other",
        "http://127.0.0.1:51004/cb?x=1",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:065535/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:51004@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
    ] {
        let page = given.browser().ask(&asking.clone().set("redirect_uri", uri)).await;
        page.assert_page(400);
    }
}

#[tokio::test]
async fn c048_no_page_leads_where_a_parameter_says() {
    let Some(given) = given().await else { return };
    for elsewhere in
        ["//evil.example", "https:evil.example", "/\\evil.example", "%2f%2fevil.example"]
    {
        for name in ["return_to", "next", "redirect_uri", "switch", "continue"] {
            let mut browser = given.browser();
            let page = browser.get(&format!("/signin?{name}={elsewhere}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            assert!(!page.body.contains("evil"), "{page:?}");
            let went = browser.submit_sign_in(&page, "anna", PASSWORD).await;
            assert_eq!(went.location(), format!("{ISSUER}/account"));
        }
        for path in ["/signin", "/consent"] {
            let page = given.browser().get(&format!("{path}?i={elsewhere}")).await;
            page.assert_page(400);
            assert!(!page.body.contains("evil"), "{page:?}");
        }
    }
}

#[tokio::test]
async fn c049_whatever_was_posted_the_browser_goes_on_by_get() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let asking = Given::asking("shop");
    let begun = browser.send(Method::POST, "/oauth/authorize", Some(&asking.query())).await;
    assert!(begun.location().starts_with(&format!("{ISSUER}/signin?i=")), "{begun:?}");
    let page = browser.follow(begun).await;
    let signed_in = browser.submit_sign_in(&page, "anna", PASSWORD).await;
    assert!(signed_in.location().starts_with(&format!("{ISSUER}/signin?i=")), "{signed_in:?}");
    assert!(!signed_in.location().contains("anna"), "{signed_in:?}");
    let page = browser.follow(signed_in).await;
    let allowed = browser.decide(&page, "allow").await;
    assert!(allowed.location().starts_with(CALLBACK), "{allowed:?}");
    assert_eq!(allowed.header("cache-control"), "no-store");
    // Pressed once more after signing in, the form signs in once more, and goes on likewise.
    let page = browser.ask(&asking.clone().with("prompt", "consent")).await;
    let denied = browser.decide(&page, "deny").await;
    assert!(denied.location().starts_with(CALLBACK), "{denied:?}");
}

#[tokio::test]
async fn c052_every_answer_says_whose_it_is() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let metadata = given.server.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true, "{metadata}");
    let own = json!("https://shop.example/cb?tenant=1&iss=evil");
    given.change_client("shop", &json!({"redirect_uris": [CALLBACK, own]})).await;
    let asking = Given::asking("shop");
    let mut answers = vec![browser.ask(&asking.clone().with("prompt", "none")).await];
    answers.push(browser.ask(&asking.clone().set("scope", "x")).await);
    let page = browser.ask(&asking).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    answers.push(browser.decide(&page, "deny").await);
    answers.push(browser.decide(&page, "allow").await);
    for answer in &answers {
        assert_eq!(answer.answer_at(CALLBACK)["iss"], metadata["issuer"], "{answer:?}");
    }
    let named = Asking::of("shop", own.as_str().unwrap(), "openid profile");
    let answer = browser.ask(&named).await;
    let expected = format!("{}&code=", own.as_str().unwrap());
    assert!(answer.location().starts_with(&expected), "its own query is kept: {answer:?}");
}
