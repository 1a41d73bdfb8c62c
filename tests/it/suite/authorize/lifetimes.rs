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
    given.server.advance(DAY / 2 - 60);
    here = given.refresh(&here.refresh).await.tokens();
    beyond = given.refresh(&beyond.refresh).await.tokens();
    given.server.advance(DAY);
    given.refresh(&here.refresh).await.assert_invalid_grant();
    given.refresh(&beyond.refresh).await.tokens();
}

#[tokio::test]
async fn whoever_uses_an_application_stays_signed_in_and_whoever_does_not_is_out_of_both() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let here = given.code(&mut browser, &Given::asking("shop")).await;
    let mut here = given.exchange(&here).await.tokens();
    let offline = Given::asking("shop").set("scope", "openid offline_access");
    let beyond = given.code(&mut browser, &offline).await;
    let mut beyond = given.exchange(&beyond).await.tokens();
    for _ in 0..3 {
        given.server.advance(DAY / 2 - 60);
        here = given.refresh(&here.refresh).await.tokens();
    }
    let silent = Given::asking("shop").with("prompt", "none");
    assert!(browser.ask(&silent).await.answer_at(CALLBACK).contains_key("code"));
    // What goes on without him does not keep him signed in.
    given.server.advance(DAY / 4);
    beyond = given.refresh(&beyond.refresh).await.tokens();
    given.server.advance(DAY / 4);
    let before = given.rows().await;
    given.refresh(&here.refresh).await.assert_invalid_grant();
    assert_eq!(given.rows().await, before);
    let ended = "SELECT COUNT(*) FROM session WHERE ended_reason IS NOT NULL";
    assert_eq!(given.server.raw().await.number(ended).await, 0, "nothing is changed");
    assert_denied(&browser.ask(&silent).await, "login_required", Some("st"));
    let list = format!("/sessions?user={}", given.anna().await);
    let list = given.server.admin(http::Method::GET, &list, &json!(null)).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    // Signing in again in the same browser does not bring back what was over.
    given.code(&mut browser, &Given::asking("shop")).await;
    given.refresh(&here.refresh).await.assert_invalid_grant();
    given.server.raw().await.run("DELETE FROM browser_session").await;
    given.refresh(&here.refresh).await.assert_invalid_grant();
    given.refresh(&beyond.refresh).await.tokens();
}

#[tokio::test]
async fn refreshes_are_noted_as_the_use_of_the_browser_session_once_in_a_quarter_of_an_hour() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    let mut tokens = given.exchange(&code).await.tokens();
    let expiry = "SELECT MAX(idle_expires_at) FROM browser_session";
    let begun = given.server.raw().await.number(expiry).await;
    for (seconds, moved) in [(899, 0), (1, 900), (60, 900), (840, 1_800)] {
        given.server.advance(seconds);
        tokens = given.refresh(&tokens.refresh).await.tokens();
        assert_eq!(given.server.raw().await.number(expiry).await, begun + moved * 1_000);
    }
    // Its end is obeyed by everybody who asks for the session.
    assert!(given.is_good(&tokens.access).await);
    given.server.raw().await.run("UPDATE browser_session SET idle_expires_at = 1").await;
    assert!(!given.is_good(&tokens.access).await);
    let form = format!("token={}", tokens.refresh);
    let told = given.server.form("/oauth/introspect", &given.shop, &form).await;
    assert_eq!(told.json(), json!({"active": false}));
}

#[tokio::test]
async fn the_session_of_a_client_that_cannot_refresh_lasts_as_long_as_its_browser_may() {
    let Some(given) = given().await else { return };
    given.change_client("shop", &json!({"grants": ["authorization_code"]})).await;
    let mut browser = given.browser();
    let offline = Given::asking("shop").set("scope", "openid offline_access");
    let code = given.code(&mut browser, &offline).await;
    let reply = given.exchange(&code).await;
    assert!(reply.json().get("refresh_token").is_none(), "{reply:?}");
    let like_the_browser = "SELECT COUNT(*) FROM session JOIN browser_session AS browser \
         ON browser.id = session.browser_session_id WHERE session.offline = 0 \
         AND session.idle_expires_at = browser.max_expires_at";
    assert_eq!(given.server.raw().await.number(like_the_browser).await, 1);
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
