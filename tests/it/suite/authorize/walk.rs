//! The way through the pages.

use http::Method;
use serde_json::json;

use super::{CALLBACK, Given, given};
use crate::support::{Asking, PASSWORD, claims, id_token};

#[tokio::test]
async fn a_user_signs_in_agrees_and_the_client_gets_tokens() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let asking = Given::asking("shop").with("nonce", "n1");
    let page = browser.ask(&asking).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.contains("The shop"), "{page:?}");
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    assert!(page.body.contains("shop.example"), "{page:?}");
    let answer = browser.decide(&page, "allow").await.answer_at(CALLBACK);
    assert_eq!(answer["state"], "st");
    let reply = given.exchange(&answer["code"]).await;
    let tokens = reply.tokens();
    let id = id_token(&reply);
    let user = claims(&tokens.access);
    for (name, expected) in [("aud", "shop"), ("nonce", "n1"), ("iss", "http://localhost:8080")] {
        assert_eq!(id[name], expected, "{id}");
    }
    assert_eq!((&id["sub"], &id["sid"]), (&user["sub"], &user["sid"]));
    assert!(id["at_hash"].is_string() && id["auth_time"].is_number(), "{id}");
    // It refreshes, with a new ID token, which has no nonce (OIDC Core §12.2).
    let form = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    let refreshed = given.server.form("/oauth/token", &given.shop, &form).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let again = id_token(&refreshed);
    assert!(again.get("nonce").is_none(), "{again}");
    assert_eq!((&again["sub"], &again["auth_time"]), (&id["sub"], &id["auth_time"]));
    // Userinfo tells what the scopes open.
    let request = http::Request::get("/oauth/userinfo")
        .header("authorization", format!("Bearer {}", tokens.access));
    let told = given.server.send(request.body(axum::body::Body::empty()).unwrap()).await.json();
    assert_eq!(told["name"], "Anna Muster", "{told}");
    assert!(told.get("email").is_none(), "{told}");
}

#[tokio::test]
async fn whoever_is_signed_in_and_has_agreed_is_not_asked_again() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    given.code(&mut browser, &Given::asking("shop")).await;
    let answer = browser.ask(&Given::asking("shop")).await.answer_at(CALLBACK);
    assert!(given.exchange(&answer["code"]).await.status == 200);
    let none = Given::asking("shop").with("prompt", "none");
    assert!(browser.ask(&none).await.answer_at(CALLBACK).contains_key("code"));
    // More than he has allowed is asked for.
    let more = Given::asking("shop").set("scope", "openid profile email");
    let page = browser.ask(&more).await;
    assert!(page.body.contains("name=\"decision\""), "{page:?}");
    let denied = browser.decide(&page, "deny").await.answer_at(CALLBACK);
    assert_eq!(denied["error"], "access_denied");
    assert_eq!(denied["state"], "st");
}

#[tokio::test]
async fn a_wrong_password_leads_nowhere_and_says_so() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let page = browser.ask(&Given::asking("shop")).await;
    let cookies = browser.cookies.len();
    let wrong = browser.sign_in(&page, "anna", "wrong").await;
    wrong.assert_page(400);
    assert!(wrong.body.contains("value=\"anna\""), "{wrong:?}");
    assert_eq!(browser.cookies.len(), cookies);
    let right = browser.sign_in(&wrong, "anna", PASSWORD).await;
    assert!(right.body.contains("name=\"decision\""), "{right:?}");
}

#[tokio::test]
async fn what_a_scope_means_is_said_in_the_words_of_its_resource() {
    let Some(given) = given().await else { return };
    let server = &given.server;
    let resource = json!({
        "uri": "https://orders.example",
        "name": "Orders",
        "scopes": ["read", "write"],
        "scope_texts": ["read=See what you have ordered"],
    });
    let made = server.admin(Method::POST, "/resources", &resource).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json()["scope_texts"], json!(["read=See what you have ordered"]));
    let settings = json!({
        "client_id": "reader",
        "grants": ["authorization_code"],
        "scopes": ["read", "write"],
        "resources": ["https://orders.example"],
        "redirect_uris": [CALLBACK],
    });
    server.create_client(&settings).await;
    let mut browser = given.browser();
    let page = browser.ask(&Asking::of("reader", CALLBACK, "read write")).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    for text in ["See what you have ordered", "write", "Orders"] {
        assert!(page.body.contains(text), "{text}: {page:?}");
    }
}
