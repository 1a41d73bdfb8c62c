//! What the page shows, and to whom.

use http::Method;
use serde_json::json;

use super::{BACKEND, account, allow, browser, is_account, is_signed_in, send, start};
use crate::support::{Browser, Options, PASSWORD, TestServer};

#[tokio::test]
async fn whoever_is_not_signed_in_signs_in_first() {
    let Some(server) = start().await else { return };
    let mut stranger = Browser::at(&server);
    assert_eq!(stranger.get("/account").await.location(), "http://localhost:8080/signin");
    let page = account(&mut stranger).await;
    assert!(page.body.contains("name=\"password\"") && !is_account(&page), "{page:?}");
    for form in ["sign-out", "password", "browsers", "applications", "consents"] {
        let reply = stranger.post(&format!("/account/{form}"), &[("csrf", "x")]).await;
        assert_eq!(reply.location(), "http://localhost:8080/signin", "{form}");
    }
    let page = stranger.sign_in(&page, "alice", PASSWORD).await;
    assert!(is_account(&page), "{page:?}");
}

#[tokio::test]
async fn a_user_sees_himself_his_browsers_applications_and_consents() {
    let Some(server) = start().await else { return };
    let id = server.user("alice").await.id;
    let profile = json!({"profile": {"name": "Alice Muster", "email": "alice@mail.example"}});
    server.admin(Method::PATCH, &format!("/users/{id}"), &profile).await;
    let key = server.client_key("demo").await;
    let name = json!({"name": "Orders <b>"});
    server.admin(Method::PATCH, &format!("/clients/{key}"), &name).await;
    server.login_as("alice").await.tokens();
    server.login_as("bob").await.tokens();
    allow(&server, "alice", "demo").await;
    allow(&server, "bob", "chancery-admin").await;
    let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Safari/604.1";
    let mut other = Browser::at(&server);
    other.headers.push(("user-agent", phone.to_owned()));
    let page = account(&mut other).await;
    other.sign_in(&page, "alice", PASSWORD).await;
    let page = account(&mut browser(&server, "alice").await).await;
    for said in [
        "alice@mail.example",
        "Alice Muster",
        "This browser",
        "Safari on iPhone",
        "127.0.0.1",
        "Recognise you when you come back",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert_eq!(page.body.matches("Orders &#60;b&#62;").count(), 4, "{}", page.body);
    assert_eq!(page.body.matches("name=\"session\"").count(), 2);
    assert_eq!(page.body.matches("name=\"client\"").count(), 1);
    assert!(!page.body.contains("value=\"chancery-admin\""), "{}", page.body);
}

#[tokio::test]
async fn the_page_is_in_the_language_of_the_browser() {
    let Some(server) = start().await else { return };
    let mut browser = browser(&server, "alice").await;
    browser.headers.push(("accept-language", "de-AT, en;q=0.5".to_owned()));
    assert!(account(&mut browser).await.body.contains("<html lang=\"de\""));
}

#[tokio::test]
async fn what_was_done_is_said_once_it_was_done_and_cannot_be_claimed_by_others() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    browser(&server, "alice").await;
    let said = "You are signed out in all other browsers.";
    let page = send(&mut alice, "browsers", &[("others", "true")]).await;
    assert!(page.body.contains(said), "{page:?}");
    let csrf = page.field("csrf");
    let forged = [
        "/account?done=others".to_owned(),
        "/account?done=others&tag=x".to_owned(),
        format!("/account?done=others&tag={csrf}"),
    ];
    for path in forged {
        let page = alice.get(&path).await;
        assert!(is_account(&page) && !page.body.contains(said), "{path}");
    }
}

#[tokio::test]
async fn while_the_database_is_away_the_page_says_to_try_again() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    let csrf = account(&mut alice).await.field("csrf");
    server.server.store.close().await;
    let forms: [(&str, &[(&str, &str)]); 2] =
        [("browsers", &[("others", "true")]), ("consents", &[("client", "demo")])];
    for (path, fields) in forms {
        let form = [&[("csrf", csrf.as_str())], fields].concat();
        let reply = alice.post(&format!("/account/{path}"), &form).await;
        reply.assert_page(503);
        assert!(reply.body.contains("href=\"/account\""), "{reply:?}");
    }
    let reply = alice.get("/account").await;
    reply.assert_page(503);
    assert_eq!(reply.header("retry-after"), "1");
}

#[tokio::test]
async fn head_tells_nothing_and_other_parameters_are_ignored() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    alice.send(Method::HEAD, "/account", None).await.location();
    assert!(is_account(&alice.get("/account?utm_source=mail").await));
}

#[tokio::test]
async fn in_one_browser_too_many_the_one_unused_for_longest_is_signed_out() {
    // C148
    let options = Options { sessions_per_user: 3, ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
    server.create_user("alice", &[]).await;
    let mut browsers = Vec::new();
    for system in ["iPhone", "Windows", "Linux"] {
        let mut browser = Browser::at(&server);
        let agent = format!("Mozilla/5.0 ({system}) Gecko/20100101 Firefox/130.0");
        browser.headers.push(("user-agent", agent));
        let page = account(&mut browser).await;
        assert!(is_account(&browser.sign_in(&page, "alice", PASSWORD).await));
        browsers.push(browser);
        server.advance(120);
    }
    assert!(is_signed_in(&mut browsers[0]).await);
    server.advance(120);
    let mut last = browser(&server, "alice").await;
    assert!(!is_signed_in(&mut browsers[1]).await);
    let page = account(&mut last).await.body;
    let at = |name: &str| page.find(name).unwrap_or_else(|| panic!("{name}: {page}"));
    assert!(at("This browser") < at("iPhone") && at("iPhone") < at("Linux"), "{page}");
    assert_eq!(page.matches("name=\"session\"").count(), 2);
}

#[tokio::test]
async fn beyond_two_hundred_the_last_used_are_shown_and_the_page_says_that_there_are_more() {
    let options = Options { sessions_per_user: 500, ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
    server.create_user("alice", &[]).await;
    let first = server.browser_session("alice").await.id.to_string();
    server.advance(1);
    for _ in 0..198 {
        server.browser_session("alice").await;
    }
    let mut alice = browser(&server, "alice").await;
    let (said, rows) = ("There are more: these are the 200 used last.", "name=\"session\"");
    let page = account(&mut alice).await.body;
    assert!(page.contains(&first) && !page.contains(said), "{page}");
    server.browser_session("alice").await;
    let page = account(&mut alice).await.body;
    assert!(page.contains(said) && !page.contains(&first), "{page}");
    assert_eq!(page.matches(rows).count(), 199);
}
