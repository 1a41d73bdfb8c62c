//! Forms that are not ours, cookies that somebody else has set, requests that were swapped.

use std::collections::BTreeMap;

use http::Method;

use super::{CALLBACK, Given, assert_denied, given};
use crate::support::{Browser, ISSUER, PASSWORD, Reply};

const SESSION: &str = "chancery_session";
const CSRF: &str = "chancery_csrf";

/// A browser before the question whether the client may.
async fn asked<'a>(given: &'a Given, client: &str) -> (Browser<'a>, Reply) {
    let mut browser = given.browser();
    let page = browser.ask(&Given::asking(client)).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    assert!(page.body.contains("name=\"decision\""), "{page:?}");
    (browser, page)
}

/// What the browser of somebody says where another site has made it send a form.
const FOREIGN: [(&str, &str); 7] = [
    ("origin", "https://evil.example"),
    ("origin", "http://localhost:8081"),
    ("origin", "https://localhost:8080"),
    ("origin", "http://localhost:8080.evil.example"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
    ("sec-fetch-site", "none"),
];

#[tokio::test]
async fn c043_nobody_agrees_for_somebody_else() {
    let Some(given) = given().await else { return };
    let (mut browser, page) = asked(&given, "shop").await;
    let (other, others) = asked(&given, "shop").await;
    let second = browser.ask(&Given::asking("shop")).await;
    let sign_in = given.browser().ask(&Given::asking("shop")).await;
    let (i, csrf) = (page.field("i"), page.field("csrf"));
    let own_form = browser.get(&format!("/signin?i={i}&switch=true")).await.field("csrf");
    let mine = browser.cookies.clone();
    let before = given.rows().await;
    let only = |name: &str| BTreeMap::from([(name.to_owned(), mine[name].clone())]);
    let mixed = BTreeMap::from([
        (SESSION.to_owned(), other.cookies[SESSION].clone()),
        (CSRF.to_owned(), mine[CSRF].clone()),
    ]);
    for (cookies, tag) in [
        (mine.clone(), ""),
        (mine.clone(), "x"),
        (mine.clone(), &csrf[1..]),
        (mine.clone(), &others.field("csrf")),
        (mine.clone(), &second.field("csrf")),
        (mine.clone(), &sign_in.field("csrf")),
        (mine.clone(), &own_form),
        (BTreeMap::new(), &csrf),
        (only(SESSION), &csrf),
        (only(CSRF), &csrf),
        (mixed, &csrf),
        (other.cookies.clone(), &csrf),
    ] {
        let mut sent = Browser { cookies, ..given.browser() };
        let form = [("i", i.as_str()), ("csrf", tag), ("decision", "allow")];
        sent.post("/consent", &form).await.assert_page(403);
    }
    let form = [("i", i.as_str()), ("csrf", &csrf), ("decision", "allow")];
    for (name, value) in FOREIGN {
        browser.headers = vec![(name, value.to_owned())];
        browser.post("/consent", &form).await.assert_page(403);
    }
    browser.headers.clear();
    let link = format!("/consent?i={i}&csrf={csrf}&decision=allow");
    let shown = browser.get(&link).await;
    assert_eq!((shown.status.as_u16(), shown.header("location")), (200, ""));
    let wrong = [("i", i.as_str()), ("csrf", &csrf), ("decision", "yes")];
    browser.post("/consent", &wrong).await.assert_page(400);
    assert_eq!(given.rows().await, before);
    browser.headers = vec![("origin", ISSUER.to_owned()), ("sec-fetch-site", "same-origin".into())];
    assert!(browser.post("/consent", &form).await.answer_at(CALLBACK).contains_key("code"));
}

#[tokio::test]
async fn c044_nobody_is_signed_in_as_the_attacker() {
    let Some(given) = given().await else { return };
    given.server.create_user("mallory", &[]).await;
    let mut victim = given.browser();
    let page = victim.ask(&Given::asking("shop")).await;
    let second = victim.ask(&Given::asking("shop")).await;
    let alone = victim.get("/signin").await;
    let theirs = given.browser().ask(&Given::asking("shop")).await;
    let consent = asked(&given, "shop").await.1;
    let (i, csrf) = (page.field("i"), page.field("csrf"));
    let (before, cookies) = (given.rows().await, victim.cookies.clone());
    let form = |i: &str, csrf: &str| {
        let fields = [("csrf", csrf), ("username", "mallory"), ("password", PASSWORD), ("i", i)];
        fields.map(|(name, value)| (name, value.to_owned()))
    };
    for (cookies, i, tag) in [
        (BTreeMap::new(), i.as_str(), csrf.clone()),
        (cookies.clone(), &i, String::new()),
        (cookies.clone(), &i, second.field("csrf")),
        (cookies.clone(), &i, alone.field("csrf")),
        (cookies.clone(), &i, theirs.field("csrf")),
        (cookies.clone(), &i, consent.field("csrf")),
        (cookies.clone(), "", csrf.clone()),
        (cookies.clone(), &theirs.field("i"), theirs.field("csrf")),
    ] {
        let mut sent = Browser { cookies, ..given.browser() };
        let form = form(i, &tag);
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        let reply = sent.post("/signin", &form).await;
        reply.assert_page(403);
        assert!(!sent.cookies.contains_key(SESSION), "{reply:?}");
    }
    let right = form(&i, &csrf);
    let right = right.each_ref().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in FOREIGN {
        victim.headers = vec![(name, value.to_owned())];
        victim.post("/signin", &right).await.assert_page(403);
    }
    assert_eq!(given.rows().await, before);
    victim.headers.clear();
    assert!(victim.post("/signin", &right).await.location().contains("/signin?i="));
}

#[tokio::test]
async fn c045_signing_in_makes_a_new_session_and_the_old_one_is_dead() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    // One that somebody else has set, in the form of ours.
    let planted = "A".repeat(43);
    browser.cookies.insert(SESSION.to_owned(), planted.clone());
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    let tokens = given.exchange(&code).await.tokens();
    let first = browser.cookies[SESSION].clone();
    assert_ne!(first, planted);
    given.server.advance(1);
    let again = Given::asking("shop").with("prompt", "login");
    given.code(&mut browser, &again).await;
    assert_ne!(browser.cookies[SESSION], first);
    let silent = Given::asking("shop").with("prompt", "none");
    for dead in [first, planted] {
        let mut thief = given.browser();
        thief.cookies.insert(SESSION.to_owned(), dead);
        assert_denied(&thief.ask(&silent).await, "login_required", Some("st"));
    }
    assert!(browser.ask(&silent).await.answer_at(CALLBACK).contains_key("code"));
    // What the same user has under it goes on.
    assert!(given.refresh(&tokens.refresh).await.status == 200);
}

#[tokio::test]
async fn c045_another_user_in_the_same_browser_ends_what_the_one_before_had_there() {
    let Some(given) = given().await else { return };
    given.server.create_user("bert", &[]).await;
    let mut browser = given.browser();
    let here = given.code(&mut browser, &Given::asking("shop")).await;
    let here = given.exchange(&here).await.tokens();
    let offline = Given::asking("shop").set("scope", "openid offline_access");
    let offline = given.code(&mut browser, &offline).await;
    let offline = given.exchange(&offline).await.tokens();
    let mut beside = given.browser();
    let elsewhere = given.code(&mut beside, &Given::asking("shop")).await;
    let elsewhere = given.exchange(&elsewhere).await.tokens();
    let asking = Given::asking("shop");
    let pending = browser.ask(&asking.clone().set("scope", "openid")).await.answer_at(CALLBACK);
    let pending_offline = asking.clone().set("scope", "openid offline_access");
    let pending_offline = browser.ask(&pending_offline).await.answer_at(CALLBACK);
    given.server.advance(1);
    let page = browser.ask(&asking.with("prompt", "select_account")).await;
    let page = browser.sign_in(&page, "bert", PASSWORD).await;
    assert!(page.body.contains("bert"), "{page:?}");
    let audit = "/audit?kind=browser_session_ended";
    let audit = given.server.admin(Method::GET, audit, &serde_json::Value::Null).await.json();
    let [event] = &audit["items"].as_array().unwrap()[..] else { panic!("{audit}") };
    assert_eq!(event["reason"], "replaced");
    given.refresh(&here.refresh).await.assert_invalid_grant();
    assert!(!given.is_good(&here.access).await && given.is_good(&offline.access).await);
    for pending in [pending, pending_offline] {
        given.exchange(&pending["code"]).await.assert_invalid_grant();
    }
    assert_eq!(given.refresh(&offline.refresh).await.status, 200);
    assert_eq!(given.refresh(&elsewhere.refresh).await.status, 200);
}

#[tokio::test]
async fn c046_a_request_is_answered_as_it_was_made_and_to_whoever_made_it() {
    let Some(given) = given().await else { return };
    given.server.create_user("bert", &[]).await;
    let (mut browser, page) = asked(&given, "shop").await;
    let other = browser.ask(&Given::asking("spa")).await;
    let (own, spa) = (page.field("i"), other.field("i"));
    let parts = |i: &str| i.rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let spliced = format!("{}.{}", parts(&spa).0, parts(&own).1);
    let before = given.rows().await;
    for i in [&spliced, &own[1..], &own.to_uppercase(), &format!("{own}A"), &parts(&own).0, ""] {
        for path in ["signin", "consent"] {
            let path = format!("/{path}?i={i}");
            if !(i.is_empty() && path.starts_with("/signin")) {
                browser.get(&path).await.assert_page(400);
            }
        }
        let form = [("i", i), ("csrf", &page.field("csrf")), ("decision", "allow")];
        browser.post("/consent", &form).await.assert_page(400);
    }
    // The yes to one request is none to another.
    let swapped = [("i", spa.as_str()), ("csrf", &page.field("csrf")), ("decision", "allow")];
    browser.post("/consent", &swapped).await.assert_page(403);
    assert_eq!(given.rows().await, before);
    // In another browser it is a request for whoever sits there, who is asked himself.
    let code = browser.decide(&page, "allow").await.answer_at(CALLBACK)["code"].clone();
    let mut berts = given.browser();
    let page = berts.get(&format!("/signin?i={own}")).await;
    let page = berts.sign_in(&page, "bert", PASSWORD).await;
    assert!(page.body.contains("bert"), "{page:?}");
    let before = given.server.raw().await.number("SELECT COUNT(*) FROM authorization_code").await;
    berts.decide(&page, "allow").await.assert_page(400);
    let after = given.server.raw().await.number("SELECT COUNT(*) FROM authorization_code").await;
    assert_eq!(after, before, "one request, one code");
    given.exchange(&code).await.tokens();
    // After an hour it is nobody's.
    let page = browser.ask(&Given::asking("spa")).await;
    given.server.advance(3600);
    browser.decide(&page, "allow").await.assert_page(400);
    browser.get(&format!("/signin?i={}", page.field("i"))).await.assert_page(400);
}

#[tokio::test]
async fn c056_a_thousand_pending_requests_store_nothing_and_disturb_nobody() {
    let Some(given) = given().await else { return };
    let (mut browser, page) = asked(&given, "shop").await;
    let before = given.rows().await;
    let path = format!("/oauth/authorize?{}", Given::asking("shop").query());
    for _ in 0..1000 {
        assert_eq!(given.browser().get(&path).await.status, 303);
    }
    assert_eq!(given.rows().await, before);
    assert!(browser.decide(&page, "allow").await.answer_at(CALLBACK).contains_key("code"));
}

#[tokio::test]
async fn c056_a_hundred_codes_of_one_client_may_lie_unused_and_disturb_no_other() {
    let Some(given) = given().await else { return };
    let (mut browser, mut other) = (given.browser(), given.browser());
    for browser in [&mut browser, &mut other] {
        given.code(browser, &Given::asking("shop")).await;
        given.code(browser, &Given::asking("spa")).await;
    }
    given.server.advance(60);
    let (asking, silent) = (Given::asking("shop"), Given::asking("shop").with("prompt", "none"));
    let mut code = String::new();
    for _ in 0..100 {
        code = browser.ask(&asking).await.answer_at(CALLBACK)["code"].clone();
    }
    let before = given.rows().await;
    browser.ask(&asking).await.assert_page(400);
    assert_denied(&browser.ask(&silent).await, "temporarily_unavailable", Some("st"));
    assert_eq!(given.rows().await, before);
    given.code(&mut browser, &Given::asking("spa")).await;
    assert!(other.ask(&asking).await.answer_at(CALLBACK).contains_key("code"));
    // One that is used makes room, and so does time.
    given.exchange(&code).await.tokens();
    assert!(browser.ask(&silent).await.answer_at(CALLBACK).contains_key("code"));
    browser.ask(&asking).await.assert_page(400);
    given.server.advance(60);
    assert!(browser.ask(&silent).await.answer_at(CALLBACK).contains_key("code"));
}

#[tokio::test]
async fn c058_no_method_but_get_and_post_does_anything() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    given.code(&mut browser, &Given::asking("shop")).await;
    let page = browser.ask(&Given::asking("spa")).await;
    let (query, i) = (Given::asking("shop").query(), page.field("i"));
    let before = given.rows().await;
    for path in
        [format!("/oauth/authorize?{query}"), format!("/signin?i={i}"), format!("/consent?i={i}")]
    {
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
            let reply = browser.send(method.clone(), &path, None).await;
            assert_eq!(reply.status, 405, "{method} {path}: {reply:?}");
            assert_eq!(reply.header("location"), "");
        }
        // GET would give a code here, or ask a question; whoever only looks is nobody.
        let looked = browser.send(Method::HEAD, &path, None).await;
        let nobody = given.browser().send(Method::HEAD, &path, None).await;
        assert!(looked.status == nobody.status && looked.body.is_empty(), "{looked:?}");
        let code = looked.header("location").contains("code=chc_");
        assert!(!code && !looked.header("location").starts_with(CALLBACK), "{looked:?}");
    }
    assert_eq!(given.rows().await, before);
    assert!(
        browser.get(&format!("/oauth/authorize?{query}")).await.location().contains("code=chc_")
    );
}

#[tokio::test]
async fn c059_a_link_that_was_looked_at_still_works() {
    let Some(given) = given().await else { return };
    let (mut browser, page) = asked(&given, "shop").await;
    let before = given.rows().await;
    let i = page.field("i");
    for _ in 0..3 {
        // By the unfurler of a chat, and by the browser itself.
        for path in [format!("/signin?i={i}"), format!("/consent?i={i}")] {
            given.browser().get(&path).await;
            browser.get(&path).await;
        }
    }
    assert_eq!(given.rows().await, before);
    assert!(browser.decide(&page, "allow").await.answer_at(CALLBACK).contains_key("code"));
}
