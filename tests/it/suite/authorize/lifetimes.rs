//! How long what a code gave lasts: as long as the browser session, or beyond it.

use serde_json::json;

use super::{CALLBACK, Given, assert_denied, given};
use crate::support::{PASSWORD, id_token};

const DAY: u64 = 86_400;

#[tokio::test]
async fn offline_access_outlives_the_browser_session_and_nothing_else_does() {
    // OIDC Core §11
    let Some(given) = given().await else { return };
    let offline = Given::asking("shop").set("scope", "openid offline_access");
    let mut browser = given.browser();
    let here = given.code(&mut browser, &Given::asking("shop")).await;
    let here = given.exchange(&here).await.tokens();
    let beyond = given.code(&mut browser, &offline).await;
    let codes = [
        given.code(&mut browser, &Given::asking("shop")).await,
        given.code(&mut browser, &offline).await,
    ];
    let beyond = given.exchange(&beyond).await.tokens();
    // The browser session ends by an administrator's hand.
    let list = format!("/browser-sessions?user={}", given.anna().await);
    let list = given.server.admin(http::Method::GET, &list, &json!(null)).await.json();
    let [session] = &list["items"].as_array().unwrap()[..] else { panic!("{list}") };
    let path = format!("/browser-sessions/{}", session["id"].as_str().unwrap());
    let ended = given.server.admin(http::Method::DELETE, &path, &json!(null)).await;
    assert!(ended.status.is_success(), "{ended:?}");
    given.refresh(&here.refresh).await.assert_invalid_grant();
    assert!(!given.is_good(&here.access).await);
    let beyond = given.refresh(&beyond.refresh).await.tokens();
    assert!(given.is_good(&beyond.access).await);
    // What had not begun by then does not begin any more.
    for code in codes {
        given.exchange(&code).await.assert_invalid_grant();
    }
}

#[tokio::test]
async fn a_session_ends_with_its_browser_session_at_the_latest_unless_it_is_offline() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let page = browser.ask(&Given::asking("shop")).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    browser.decide(&page, "allow").await;
    let silent = Given::asking("shop").with("prompt", "none");
    // Used all the time, the browser session is 29 days old.
    for _ in 0..58 {
        given.server.advance(DAY / 2 - 60);
        browser.ask(&silent).await.answer_at(CALLBACK);
    }
    let here = given.code(&mut browser, &Given::asking("shop")).await;
    let mut here = given.exchange(&here).await.tokens();
    let offline = Given::asking("shop").set("scope", "openid offline_access");
    let beyond = given.code(&mut browser, &offline).await;
    let mut beyond = given.exchange(&beyond).await.tokens();
    given.server.advance(DAY / 2);
    here = given.refresh(&here.refresh).await.tokens();
    beyond = given.refresh(&beyond.refresh).await.tokens();
    given.server.advance(DAY);
    given.refresh(&here.refresh).await.assert_invalid_grant();
    given.refresh(&beyond.refresh).await.tokens();
}

#[tokio::test]
async fn single_claims_are_told_where_they_were_asked_for() {
    // OIDC Core §5.5
    let Some(given) = given().await else { return };
    let wish = |claims: serde_json::Value| {
        Given::asking("shop").set("scope", "openid email").with("claims", &claims.to_string())
    };
    let mut browser = given.browser();
    let [email, name] = ["email", "name"];
    let both = wish(json!({"id_token": {email: null, name: {"essential": true}, "x": null}}));
    let code = given.code(&mut browser, &both).await;
    let reply = given.exchange(&code).await;
    let token = id_token(&reply);
    assert_eq!(token[email], "anna@mail.example", "{token}");
    assert!(token.get("email_verified").is_none(), "nobody asked: {token}");
    // The user has not agreed to what the scope `profile` opens.
    assert!(token.get(name).is_none(), "{token}");
    // What is taken from the client, it is not told any more.
    given.change_client("shop", &json!({"scopes": ["openid", "profile"]})).await;
    let token = id_token(&given.refresh(&reply.tokens().refresh).await);
    assert!(token.get(email).is_none(), "{token}");
    given.change_client("shop", &json!({"scopes": ["openid", "profile", "email"]})).await;
    for wrong in
        ["{", "[]", "{\"id_token\":1}", "{\"userinfo\":{\"name\":\"x\"}}", &"x".repeat(4097)]
    {
        let asking = Given::asking("shop").with("claims", wrong);
        assert_denied(&browser.ask(&asking).await, "invalid_request", Some("st"));
    }
    let unmet = wish(json!({"id_token": {"acr": {"essential": true, "values": ["gold"]}}}));
    let error = "unmet_authentication_requirements";
    assert_denied(&browser.ask(&unmet).await, error, Some("st"));
}
