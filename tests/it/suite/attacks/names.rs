//! Names and passwords of odd characters, as JSON and as forms have them.

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Browser, Reply, TestServer, encode};

/// With a character beyond the basic plane in the middle, and more than bcrypt would read.
const ODD: &str =
    "na\u{ef}ve \u{1F600} battery staple, and so much more that follows, far past byte 72";

/// Logs in with members that are JSON as written here.
async fn login(server: &TestServer, username: &str, password: &str) -> Reply {
    let body = format!(
        r#"{{"username":{username},"password":{password},"client_id":"{}","client_secret":"{}"}}"#,
        server.secrets.client_id, server.secrets.client_secret
    );
    let request = Request::post("/login").header("content-type", "application/json");
    let reply = server.send(request.body(Body::from(body)).unwrap()).await;
    // Each is an attempt of its own: what delays guessing is not asked here.
    server.advance(61);
    reply
}

/// What is nearly this text: with more behind it, or cut where C would end it.
fn nearly(text: &str) -> Vec<String> {
    let (half, rest) = text.split_at(text.len() / 2);
    let mut others: Vec<String> =
        ["\0", "\r\n", "\n", "\0x", "\u{1F600}"].map(|more| format!("{text}{more}")).into();
    others.extend([half.to_owned(), format!("{half}\0{rest}"), format!("{half}\r\n{rest}")]);
    others
}

#[tokio::test]
async fn c062_odd_characters_in_json_are_refused_or_taken_exactly_and_end_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for name in
        ["zoe\0", "zoe\0x", "zoe\r\n", "zo\ne", "zoe\u{1F600}", "zoe\u{200b}", "zoe\u{2028}"]
    {
        let reply = server.admin(Method::POST, "/users", &json!({"name": name})).await;
        reply.assert_error(400, "invalid_request");
    }
    for password in [format!("{ODD}\0"), format!("{ODD}\r\n"), format!("\0{ODD}")] {
        let body = json!({"name": "zoe", "password": password});
        let reply = server.admin(Method::POST, "/users", &body).await;
        reply.assert_error(400, "invalid_request");
    }
    let made = server.admin(Method::POST, "/users", &json!({"name": "zoe", "password": ODD})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let text = |text: &str| Value::from(text).to_string();
    let escaped = text(ODD).replace('\u{1F600}', r"\ud83d\ude00").replace('\u{ef}', r"\u00ef");
    for right in [text(ODD), escaped.clone()] {
        login(&server, "\"zoe\"", &right).await.tokens();
    }
    for wrong in nearly(ODD) {
        login(&server, "\"zoe\"", &text(&wrong)).await.assert_invalid_grant();
    }
    for wrong in nearly("zoe") {
        login(&server, &text(&wrong), &text(ODD)).await.assert_invalid_grant();
    }
    // Half of a pair is no character at all.
    for half in [r"\ud83d", r"\ude00", r"\ude00\ud83d"] {
        let broken = escaped.replace(r"\ud83d\ude00", half);
        login(&server, "\"zoe\"", &broken).await.assert_error(400, "invalid_request");
        login(&server, &format!("\"zoe{half}\""), &escaped)
            .await
            .assert_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn c062_odd_characters_in_a_form_are_refused_or_taken_exactly_and_end_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let made = server.admin(Method::POST, "/users", &json!({"name": "zoe", "password": ODD})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let mut browser = Browser::at(&server);
    let page = browser.get("/signin").await;
    let wrong_passwords = nearly(ODD).into_iter().map(|wrong| ("zoe".to_owned(), wrong));
    let wrong_names = nearly("zoe").into_iter().map(|wrong| (wrong, ODD.to_owned()));
    for (name, password) in wrong_passwords.chain(wrong_names) {
        browser.submit_sign_in(&page, &name, &password).await.assert_page(400);
        server.advance(61);
    }
    // Lone surrogates, a NUL that is too long, and what ends too early.
    for broken in ["%ED%A0%BD", "%ED%B8%80", "%C0%80", "%F0%9F%98", "%FF"] {
        let csrf = page.field("csrf");
        let right = encode([("csrf", csrf.as_str()), ("username", "zoe"), ("password", ODD)]);
        let inside = right.replace("%F0%9F%98%80", broken);
        let behind = right.replace("username=zoe", &format!("username=zoe{broken}"));
        assert!(inside != right && behind != right);
        for form in [inside, behind] {
            browser.send(Method::POST, "/signin", Some(&form)).await.assert_page(400);
        }
    }
    let signed_in = browser.sign_in(&page, "zoe", ODD).await;
    assert!(
        signed_in.status == 200 && signed_in.body.contains("/account/password"),
        "{signed_in:?}"
    );
}
