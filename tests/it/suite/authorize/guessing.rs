//! Guessing passwords on the page: the same answer for everybody, and slower each time.

use chancery::protocol::audit::AuditKind;
use http::Method;
use serde_json::json;

use super::{CALLBACK, Given, given};
use crate::support::{PASSWORD, Reply};

/// What a page says, but for what is different on every page.
fn said(reply: &Reply, name: &str) -> String {
    let body = reply.body.replace(&reply.field("csrf"), "").replace(&reply.field("i"), "");
    body.replace(&format!("value=\"{name}\""), "")
}

#[tokio::test]
async fn c060_the_page_does_not_tell_why_nobody_was_signed_in() {
    let Some(given) = given().await else { return };
    for name in ["stopped", "bare"] {
        given.server.create_user(name, &[]).await;
    }
    let list = given.server.admin(Method::GET, "/users", &json!(null)).await.json();
    let mut users = list["items"].as_array().unwrap().iter();
    let stopped = users.find(|user| user["name"] == "stopped").unwrap()["id"].as_str().unwrap();
    let path = format!("/users/{stopped}");
    given.server.admin(Method::PATCH, &path, &json!({"status": "disabled"})).await;
    let before = given.rows().await;
    let mut pages = Vec::new();
    for (name, password) in [
        ("anna", "wrong"),
        ("nobody", "wrong"),
        ("stopped", PASSWORD),
        ("stopped", "wrong"),
        ("a\0b", "wrong"),
        ("anna", "a\0b"),
        ("anna", &"x".repeat(2_000)),
    ] {
        let mut browser = given.browser();
        let page = browser.ask(&Given::asking("shop")).await;
        let reply = browser.sign_in(&page, name, password).await;
        reply.assert_page(400);
        assert_eq!(browser.cookies.len(), 1, "{name}");
        pages.push((name, said(&reply, name)));
    }
    for (name, page) in &pages[1..4] {
        assert_eq!(*page, pages[0].1, "{name}");
    }
    assert!(pages.iter().all(|(_, page)| page.contains("role=\"alert\"")));
    let failures = i64::try_from(given.server.events(AuditKind::LoginFailed).await).unwrap();
    assert_eq!(given.rows().await, before + failures, "nothing but events");
    for form in [["", "x"], ["anna", ""]] {
        let mut browser = given.browser();
        let page = browser.ask(&Given::asking("shop")).await;
        browser.sign_in(&page, form[0], form[1]).await.assert_page(400);
    }
}

#[tokio::test]
async fn c065_whoever_guesses_waits_and_the_page_says_so() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let page = browser.ask(&Given::asking("shop")).await;
    for _ in 0..6 {
        browser.sign_in(&page, "anna", "wrong").await.assert_page(400);
    }
    let before = given.server.events(AuditKind::SignIn).await;
    for password in ["wrong", PASSWORD] {
        let slow = browser.sign_in(&page, "anna", password).await;
        slow.assert_page(429);
        assert_eq!(slow.header("retry-after"), "1");
        assert!(slow.body.contains("role=\"alert\""), "{slow:?}");
        assert!(slow.field("username") == "anna" && slow.field("i") == page.field("i"));
    }
    assert_eq!(given.server.events(AuditKind::SignIn).await, before);
    given.server.advance(1);
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    assert!(browser.decide(&page, "allow").await.answer_at(CALLBACK).contains_key("code"));
}
