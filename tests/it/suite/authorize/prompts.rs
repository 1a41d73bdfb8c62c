//! Whether somebody has to sign in: `prompt`, `max_age`, hints, and what a page shows of them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Method;
use serde_json::json;

use super::{CALLBACK, Given, assert_denied, given};
use crate::support::{Asking, Browser, PASSWORD, Reply, id_token};

/// Whether the page is the one to sign in on.
fn asks_to_sign_in(reply: &Reply) -> bool {
    reply.status == 200 && reply.body.contains("name=\"password\"")
}

/// A browser in which `anna` has signed in and given the shop what it asks for; and her ID token.
async fn signed_in(given: &Given) -> (Browser<'_>, String) {
    let mut browser = given.browser();
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    let reply = given.exchange(&code).await;
    id_token(&reply);
    (browser, reply.json()["id_token"].as_str().unwrap().to_owned())
}

fn silent() -> Asking {
    Given::asking("shop").with("prompt", "none")
}

#[tokio::test]
async fn c039_whoever_may_not_be_asked_gets_an_error_and_whoever_must_be_is() {
    let Some(given) = given().await else { return };
    let before = given.rows().await;
    assert_denied(&given.browser().ask(&silent()).await, "login_required", Some("st"));
    for prompt in
        ["none login", "none consent", "none select_account", "create", "None", "login,none"]
    {
        let reply = given.browser().ask(&Given::asking("shop").with("prompt", prompt)).await;
        assert_denied(&reply, "invalid_request", Some("st"));
    }
    for age in ["-1", "abc", "1e9", "1.5", " 1", "+1", "99999999999999999999999"] {
        let reply = given.browser().ask(&silent().with("max_age", age)).await;
        assert_denied(&reply, "invalid_request", Some("st"));
    }
    assert_eq!(given.rows().await, before);
    let (mut browser, _) = signed_in(&given).await;
    given.server.advance(100);
    for (asking, again) in [
        (Given::asking("shop"), false),
        (Given::asking("shop").with("max_age", "1000000000"), false),
        (Given::asking("shop").with("max_age", "100"), false),
        (Given::asking("shop").with("max_age", "99"), true),
        (Given::asking("shop").with("max_age", "0"), true),
        (Given::asking("shop").with("prompt", "login"), true),
        (Given::asking("shop").with("prompt", "select_account"), true),
        (Given::asking("shop").with("prompt", "consent login"), true),
    ] {
        let reply = browser.ask(&asking).await;
        assert_eq!(asks_to_sign_in(&reply), again, "{} {reply:?}", asking.query());
        assert_eq!(reply.status == 303, !again, "{reply:?}");
    }
    for age in ["99", "0"] {
        let reply = browser.ask(&silent().with("max_age", age)).await;
        assert_denied(&reply, "login_required", Some("st"));
    }
    assert!(browser.ask(&silent()).await.answer_at(CALLBACK).contains_key("code"));
}

#[tokio::test]
async fn c039_a_page_for_signing_in_again_is_not_passed_by_going_on() {
    let Some(given) = given().await else { return };
    let (mut browser, _) = signed_in(&given).await;
    given.server.advance(100);
    for more in [("prompt", "login"), ("max_age", "99")] {
        let page = browser.ask(&Given::asking("shop").with(more.0, more.1)).await;
        let (i, csrf) = (page.field("i"), page.field("csrf"));
        for path in ["signin", "consent"] {
            let reply = browser.get(&format!("/{path}?i={i}")).await;
            assert!(asks_to_sign_in(&browser.follow(reply).await));
        }
        let allow = [("i", i.as_str()), ("csrf", &csrf), ("decision", "allow")];
        browser.post("/consent", &allow).await.assert_page(403);
        let wrong = browser.sign_in(&page, "anna", "wrong").await;
        wrong.assert_page(400);
        let reply = browser.get(&format!("/signin?i={i}")).await;
        assert!(asks_to_sign_in(&reply), "{reply:?}");
        let answer = browser.sign_in(&page, "anna", PASSWORD).await.answer_at(CALLBACK);
        let token = id_token(&given.exchange(&answer["code"]).await);
        assert_eq!(token["auth_time"], given.server.clock.seconds(), "{token}");
        given.server.advance(100);
    }
}

/// What a token says of itself, changed.
fn forged(token: &str, header: &str, claims: impl Fn(&mut serde_json::Value)) -> String {
    let mut parts = token.split('.');
    let (_, payload, signature) =
        (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let mut value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    claims(&mut value);
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{signature}", encode(header), encode(&value.to_string()))
}

#[tokio::test]
async fn c040_a_hint_is_an_id_token_of_this_client_and_nothing_else() {
    let Some(given) = given().await else { return };
    let (mut browser, hint) = signed_in(&given).await;
    let with = |hint: &str| silent().with("id_token_hint", hint);
    assert!(browser.ask(&with(&hint)).await.answer_at(CALLBACK).contains_key("code"));
    // It is no credential, so that an old one says as much (OIDC Core §3.1.2.1).
    given.server.advance(2 * 3600);
    assert!(browser.ask(&with(&hint)).await.answer_at(CALLBACK).contains_key("code"));
    assert_denied(&given.browser().ask(&with(&hint)).await, "login_required", Some("st"));

    let code = given.code(&mut browser, &Given::asking("spa")).await;
    let spa = given.exchange_as("", &[("client_id", "spa"), ("code", &code)]).await;
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    let access = given.exchange(&code).await.tokens().access;
    let told = signed_userinfo(&given, &access).await;
    let header =
        String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(hint.split('.').next().unwrap()).unwrap())
            .unwrap();
    let unsigned = header.replace("RS256", "none");
    assert_ne!(unsigned, header);
    let same = |_: &mut serde_json::Value| ();
    for bad in [
        forged(&hint, &unsigned, same),
        forged(&hint, &unsigned, same).rsplit_once('.').unwrap().0.to_owned() + ".",
        forged(&hint, &header.replace("RS256", "HS256"), same),
        forged(&hint, &header, |claims| claims["iss"] = json!("https://other.example")),
        forged(&hint, &header, |claims| claims["sub"] = json!("another")),
        spa.json()["id_token"].as_str().unwrap().to_owned(),
        access,
        told,
        hint.replace('.', ""),
        hint[..hint.len() - 4].to_owned(),
        "x.y.z".to_owned(),
        "x".to_owned(),
    ] {
        assert_denied(&browser.ask(&with(&bad)).await, "invalid_request", Some("st"));
    }
}

/// What `shop` is told of the user in a JWT, which a key for ID tokens has signed.
async fn signed_userinfo(given: &Given, access: &str) -> String {
    let path = format!("/clients/{}", given.server.client_key("shop").await);
    given.server.admin(Method::PATCH, &path, &json!({"userinfo_algorithm": "RS256"})).await;
    let reply = given.server.call(Method::GET, "/oauth/userinfo", access, &json!(null)).await;
    assert_eq!(reply.header("content-type"), "application/jwt", "{reply:?}");
    reply.body
}

#[tokio::test]
async fn c040_a_hint_for_somebody_else_lets_nobody_else_through() {
    let Some(given) = given().await else { return };
    given.server.create_user("bert", &[]).await;
    let (mut annas, hint) = signed_in(&given).await;
    let asking = Given::asking("shop");
    let mut browser = given.browser();
    let page = browser.ask(&asking).await;
    let page = browser.sign_in(&page, "bert", PASSWORD).await;
    browser.decide(&page, "allow").await.answer_at(CALLBACK);
    let sub = id_claims(&hint)["sub"].as_str().unwrap().to_owned();
    let claims = |part: &str| json!({part: {"sub": {"value": sub}}}).to_string();
    given.server.advance(1);
    for (name, value) in [
        ("id_token_hint", hint.clone()),
        ("claims", claims("id_token")),
        ("claims", claims("userinfo")),
    ] {
        let asking = asking.clone().with(name, &value);
        let none = asking.clone().with("prompt", "none");
        assert!(annas.ask(&none).await.answer_at(CALLBACK).contains_key("code"));
        assert_denied(&browser.ask(&none).await, "login_required", Some("st"));
        let page = browser.ask(&asking).await;
        assert!(asks_to_sign_in(&page), "{page:?}");
        let before = given.server.rows().await;
        let reply = browser.sign_in(&page, "bert", PASSWORD).await;
        assert_denied(&reply, "login_required", Some("st"));
        assert_eq!(given.server.rows().await.1, before.1 + 1, "no code, but a sign-in");
        given.server.advance(1);
    }
}

fn id_claims(token: &str) -> serde_json::Value {
    crate::support::claims(token)
}

#[tokio::test]
async fn a_name_that_is_hinted_at_stands_in_the_field_and_a_page_speaks_the_language_asked_for() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let asking = Given::asking("shop").with("login_hint", "an\"na<b>");
    let page = browser.ask(&asking).await;
    assert!(!page.body.contains("na<b>"), "{page:?}");
    assert!(page.field("username").starts_with("an&#"), "{}", page.field("username"));
    assert!(page.body.contains("lang=\"en\""), "{page:?}");
    let german = Given::asking("shop").with("ui_locales", "fr de-CH en");
    let page = browser.ask(&german).await;
    assert!(page.body.contains("lang=\"de\"") && page.body.contains("Passwort"), "{page:?}");
    // What the client asks for goes before what the browser says.
    browser.headers.push(("accept-language", "de".to_owned()));
    let page = browser.ask(&Given::asking("shop").with("ui_locales", "en")).await;
    assert!(page.body.contains("lang=\"en\""), "{page:?}");
    let page = browser.ask(&Given::asking("shop")).await;
    assert!(page.body.contains("lang=\"de\""), "{page:?}");
    let consent = browser.sign_in(&page, "anna", PASSWORD).await;
    assert!(consent.body.contains("lang=\"de\""), "{consent:?}");
    let wrong = browser.ask(&Given::asking("nobody")).await;
    assert!(wrong.body.contains("lang=\"de\""), "{wrong:?}");
}

#[tokio::test]
async fn every_page_of_a_request_is_in_the_language_that_it_asks_for() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    browser.headers.push(("accept-language", "en".to_owned()));
    let german = Given::asking("shop").with("ui_locales", "de");
    let page = browser.ask(&german).await;
    let wrong = browser.sign_in(&page, "anna", "wrong").await;
    let gone_on = browser.submit_sign_in(&page, "anna", PASSWORD).await;
    let consent = browser.ask(&german).await;
    let i = consent.field("i");
    let forged = browser.post("/consent", &[("i", &i), ("decision", "allow")]).await;
    let neither = browser.decide(&consent, "maybe").await;
    let form = german.clone().with("prompt", "none").with("response_mode", "form_post");
    let form = browser.ask(&form).await;
    let unknown = browser.ask(&german.clone().set("client_id", "nobody")).await;
    for page in [&page, &wrong, &gone_on, &consent, &forged, &neither, &form, &unknown] {
        assert!(page.body.contains("lang=\"de\""), "{page:?}");
    }
}

#[tokio::test]
async fn a_browser_session_that_has_run_out_or_was_ended_is_none() {
    let Some(given) = given().await else { return };
    // Used within the 12 hours each time, it lasts for 30 days, and no longer.
    let (mut browser, _) = signed_in(&given).await;
    let (mut idle, _) = signed_in(&given).await;
    for _ in 0..65 {
        given.server.advance(11 * 3600);
        assert!(browser.ask(&silent()).await.answer_at(CALLBACK).contains_key("code"));
    }
    assert_denied(&idle.ask(&silent()).await, "login_required", Some("st"));
    given.server.advance(5 * 3600);
    assert_denied(&browser.ask(&silent()).await, "login_required", Some("st"));
    assert!(asks_to_sign_in(&idle.ask(&Given::asking("shop")).await));
    // Disabled and enabled again, or with another password, one is not the one who signed in.
    let password = json!({"password": "another good password"});
    for (method, what, body) in
        [(Method::PATCH, "", json!({"status": "disabled"})), (Method::POST, "/password", password)]
    {
        let (mut browser, _) = signed_in(&given).await;
        given.change_anna(method.clone(), what, &body).await;
        assert_denied(&browser.ask(&silent()).await, "login_required", Some("st"));
        if method == Method::PATCH {
            given.change_anna(method, what, &json!({"status": "active"})).await;
            assert_denied(&browser.ask(&silent()).await, "login_required", Some("st"));
        }
    }
}
