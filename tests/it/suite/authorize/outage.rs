//! The database fails on the way: the page says to try again, nothing is half done, and the same
//! request goes on afterwards.

use chancery::protocol::audit::AuditKind;

use super::{CALLBACK, Given, assert_denied, given};
use crate::support::{Browser, PASSWORD, Reply};

/// Asserts a page that says to try again, with a link where there is one.
#[track_caller]
fn assert_try_again(reply: &Reply, link: &str) {
    reply.assert_page(503);
    assert_eq!(reply.header("retry-after"), "1");
    assert!(reply.body.contains(link), "{reply:?}");
}

fn retry(i: &str) -> String {
    format!("href=\"/signin?i={i}\"")
}

/// A browser in which `anna` has agreed before.
async fn known(given: &Given) -> Browser<'_> {
    let mut browser = given.browser();
    given.code(&mut browser, &Given::asking("shop")).await;
    browser
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_stored_is_none_and_the_same_form_works_afterwards() {
    // C130
    let Some(given) = given().await else { return };
    let mut raw = given.server.raw().await;
    let mut browser = given.browser();
    let page = browser.ask(&Given::asking("shop")).await;
    for table in ["browser_session", "audit"] {
        let before = given.rows().await;
        raw.refuse_inserts(table).await;
        let cookies = browser.cookies.clone();
        let failed = browser.sign_in(&page, "anna", PASSWORD).await;
        assert_try_again(&failed, "try again");
        assert_eq!(browser.cookies, cookies, "{table}");
        // What was typed is there, but for the password.
        assert!(failed.field("username") == "anna" && !failed.body.contains(PASSWORD));
        raw.allow_inserts(table).await;
        assert_eq!(given.rows().await, before, "{table}");
    }
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    assert!(browser.decide(&page, "allow").await.answer_at(CALLBACK).contains_key("code"));
}

#[tokio::test]
async fn who_takes_over_a_browser_is_signed_in_once_the_one_before_him_is_signed_out() {
    // C045, C130
    let Some(given) = given().await else { return };
    given.server.create_user("bert", &[]).await;
    let mut raw = given.server.raw().await;
    let mut browser = given.browser();
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    let tokens = given.exchange(&code).await.tokens();
    given.server.advance(1);
    let page = browser.ask(&Given::asking("shop").with("prompt", "select_account")).await;
    let (before, cookies) = (given.rows().await, browser.cookies.clone());
    raw.refuse_inserts("revocation").await;
    assert_try_again(&browser.sign_in(&page, "bert", PASSWORD).await, "try again");
    raw.allow_inserts("revocation").await;
    assert_eq!((given.rows().await, &browser.cookies), (before, &cookies));
    let tokens = given.refresh(&tokens.refresh).await.tokens();
    let page = browser.sign_in(&page, "bert", PASSWORD).await;
    assert!(page.body.contains("bert"), "{page:?}");
    given.refresh(&tokens.refresh).await.assert_invalid_grant();
}

#[tokio::test]
async fn between_signing_in_and_the_code_a_failure_leaves_nothing_and_the_link_goes_on() {
    // C130
    let Some(given) = given().await else { return };
    let mut raw = given.server.raw().await;
    let mut browser = known(&given).await;
    given.server.advance(1);
    let page = browser.ask(&Given::asking("shop").with("prompt", "login")).await;
    raw.refuse_inserts("authorization_code").await;
    let failed = browser.sign_in(&page, "anna", PASSWORD).await;
    assert_try_again(&failed, "try again");
    let link = failed.body.split("href=\"/signin?i=").nth(1).unwrap().split('"').next().unwrap();
    let before = given.rows().await;
    let none = Given::asking("shop").with("prompt", "none");
    assert_denied(&browser.ask(&none).await, "temporarily_unavailable", Some("st"));
    assert_eq!(given.rows().await, before);
    raw.allow_inserts("authorization_code").await;
    // Signed in he is.
    let answer = browser.get(&format!("/signin?i={link}")).await.answer_at(CALLBACK);
    let code = answer["code"].clone();
    given.exchange(&code).await.tokens();
    assert!(browser.ask(&none).await.answer_at(CALLBACK).contains_key("code"));
}

#[tokio::test]
async fn a_yes_that_cannot_be_stored_is_none() {
    // C130
    let Some(given) = given().await else { return };
    let mut raw = given.server.raw().await;
    let mut browser = given.browser();
    let page = browser.ask(&Given::asking("shop")).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    let before = given.rows().await;
    raw.refuse_inserts("consent").await;
    assert_try_again(&browser.decide(&page, "allow").await, &retry(&page.field("i")));
    assert_eq!(given.rows().await, before);
    raw.allow_inserts("consent").await;
    // The consent is kept although the code could not be: he has agreed, and is not asked again.
    raw.refuse_inserts("authorization_code").await;
    assert_try_again(&browser.decide(&page, "allow").await, &retry(&page.field("i")));
    raw.allow_inserts("authorization_code").await;
    let answer = browser.get(&format!("/signin?i={}", page.field("i"))).await;
    assert!(answer.answer_at(CALLBACK).contains_key("code"));
    assert_eq!(given.server.events(AuditKind::ConsentGiven).await, 1);
}

#[tokio::test]
async fn between_code_and_tokens_a_failure_leaves_the_code_as_it_was() {
    // C130
    let Some(given) = given().await else { return };
    let mut raw = given.server.raw().await;
    let mut browser = given.browser();
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    for table in ["session", "audit"] {
        let before = given.rows().await;
        raw.refuse_inserts(table).await;
        let failed = given.exchange(&code).await;
        failed.assert_error(503, "temporarily_unavailable");
        assert_eq!(failed.header("retry-after"), "1");
        raw.allow_inserts(table).await;
        assert_eq!(given.rows().await, before, "{table}");
    }
    given.exchange(&code).await.tokens();
    given.exchange(&code).await.assert_invalid_grant();
}

#[tokio::test]
async fn without_the_database_every_step_says_to_try_again() {
    // C130
    let Some(given) = given().await else { return };
    let mut browser = known(&given).await;
    let sign_in = given.browser().ask(&Given::asking("shop")).await;
    let consent = browser.ask(&Given::asking("spa")).await;
    let answer = browser.ask(&Given::asking("shop")).await.answer_at(CALLBACK);
    let none = Given::asking("shop").with("prompt", "none");
    given.server.server.store.close().await;
    // While the clients are still known from memory, one is told; after that there is none to tell.
    assert_denied(&browser.ask(&none).await, "temporarily_unavailable", Some("st"));
    for lease in ["runs", "is over"] {
        let i = consent.field("i");
        for reply in [
            browser.ask(&Given::asking("shop")).await,
            browser.decide(&consent, "allow").await,
            browser.get(&format!("/consent?i={i}")).await,
            browser.get(&format!("/signin?i={i}")).await,
        ] {
            assert_try_again(&reply, "href=\"/signin?i=");
            assert_eq!(reply.body.matches(&retry(&i)).count() == 0, !reply.body.contains(&i));
        }
        assert_try_again(&browser.get("/signin").await, "href=\"/signin\"");
        let mut other = given.browser();
        other.cookies.clone_from(&browser.cookies);
        let reply = other.sign_in(&sign_in, "anna", PASSWORD).await;
        assert!(matches!(reply.status.as_u16(), 403 | 503), "{lease}: {reply:?}");
        given.exchange(&answer["code"]).await.assert_error(503, "temporarily_unavailable");
        given.server.advance(2);
    }
    browser.ask(&none).await.assert_page(503);
    let recovered = given.server.another(7).await;
    let mut there = Browser { server: &recovered, cookies: browser.cookies, headers: vec![] };
    let spa = there.decide(&consent, "allow").await.answer_at(CALLBACK);
    assert!(spa.contains_key("code"));
    assert!(there.ask(&none).await.answer_at(CALLBACK).contains_key("code"));
}
