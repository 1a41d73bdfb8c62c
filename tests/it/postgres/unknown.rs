//! A connection that breaks around a commit: whether it took place, only the database knows.

use serde_json::json;

use super::BACKEND;
use super::between::{Between, Cut};
use crate::support::{Asking, Browser, PASSWORD, TestServer, VERIFIER, basic, encode};

const CALLBACK: &str = "https://shop.example/cb";

#[tokio::test]
async fn an_exchange_whose_commit_nobody_heard_of_is_looked_up() {
    // C130
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let Some(between) = Between::start(&server.url_text()) else { return };
    let node = server.through(between.url().to_owned()).await;
    let settings = json!({
        "client_id": "shop",
        "grants": ["authorization_code", "refresh_token"],
        "scopes": ["openid"],
        "redirect_uris": [CALLBACK],
    });
    let secret = server.create_client(&settings).await["client_secret"].clone();
    let shop = basic("shop", secret.as_str().unwrap());
    server.create_user("anna", &[]).await;
    node.server.memory.refresh().await.unwrap();
    let mut browser = Browser::at(&node);
    let page = browser.ask(&Asking::of("shop", CALLBACK, "openid")).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    let answer = browser.decide(&page, "allow").await.answer_at(CALLBACK);
    let form = encode([
        ("grant_type", "authorization_code"),
        ("code", &answer["code"]),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]);
    let sessions = "SELECT COUNT(*) FROM session WHERE client_id = 'shop'";
    let mut raw = server.raw().await;
    // It did not take place: nothing is used up, and the code is as good as before.
    between.cut_next(Cut::Before);
    let lost = node.form("/oauth/token", &shop, &form).await;
    lost.assert_error(503, "temporarily_unavailable");
    assert_eq!(raw.number(sessions).await, 0);
    // It took place: the tokens are those of the session that is there.
    between.cut_next(Cut::After);
    let tokens = node.form("/oauth/token", &shop, &form).await.tokens();
    assert_eq!(raw.number(sessions).await, 1);
    assert!(between.has_cut());
    let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    assert_eq!(node.form("/oauth/token", &shop, &refresh).await.status, 200);
}

#[tokio::test]
async fn a_sign_in_whose_commit_nobody_heard_of_is_looked_up() {
    // C130
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let Some(between) = Between::start(&server.url_text()) else { return };
    let node = server.through(between.url().to_owned()).await;
    server.create_user("anna", &[]).await;
    let mut browser = Browser::at(&node);
    let page = browser.get("/signin").await;
    let browsers = "SELECT COUNT(*) FROM browser_session";
    let mut raw = server.raw().await;
    // It did not take place, and nobody is signed in.
    between.cut_next(Cut::Before);
    browser.submit_sign_in(&page, "anna", PASSWORD).await.assert_page(503);
    assert_eq!(raw.number(browsers).await, 0);
    // It took place, and the cookie is of the browser session that is there.
    between.cut_next(Cut::After);
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    assert_eq!(raw.number(browsers).await, 1);
    assert!(between.has_cut());
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.contains("action=\"/account/password\""), "{page:?}");
}
