//! The question whether a client may: who is asked, what he is shown, and how often he can answer.

use http::Method;
use serde_json::json;

use super::{CALLBACK, Given, assert_denied, given};
use crate::support::{PASSWORD, Reply};

fn asks(reply: &Reply) -> bool {
    reply.status == 200 && reply.body.contains("name=\"decision\"")
}

#[tokio::test]
async fn c051_what_others_have_written_is_shown_as_text() {
    let Some(given) = given().await else { return };
    let hostile = "</bdi><script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    for uri in ["javascript:alert(1)", "data:text/html,x", "http://shop.example"] {
        let path = format!("/clients/{}", given.server.client_key("shop").await);
        for name in ["policy_uri", "tos_uri", "client_uri"] {
            let reply = given.server.admin(Method::PATCH, &path, &json!({name: uri})).await;
            assert_eq!(reply.status, 400, "{name} {uri}: {reply:?}");
        }
    }
    let policy = "https://shop.example/policy?a=\"><script>alert(2)</script>";
    given.change_client("shop", &json!({"name": hostile, "policy_uri": policy})).await;
    let asking = Given::asking("shop").set("state", hostile).with("login_hint", hostile);
    let mut browser = given.browser();
    let sign_in = browser.ask(&asking).await;
    let wrong = browser.sign_in(&sign_in, hostile, "wrong").await;
    wrong.assert_page(400);
    let consent = browser.sign_in(&sign_in, "anna", PASSWORD).await;
    assert!(asks(&consent) && consent.body.contains("shop.example/policy"), "{consent:?}");
    let form = asking.clone().with("prompt", "none").with("response_mode", "form_post");
    let form = browser.ask(&form).await;
    let redirect = browser.ask(&asking.clone().set("redirect_uri", hostile)).await;
    redirect.assert_page(400);
    for page in [&sign_in, &wrong, &consent, &form, &redirect] {
        assert_eq!(page.body.matches("<script").count(), usize::from(is_form(page)), "{page:?}");
        assert!(!page.body.contains("<img src=x") && !page.body.contains("onerror=alert(1)>"));
        assert!(page.body.contains("&#60;script&#62;alert(1)"), "it is shown: {page:?}");
    }
}

fn is_form(page: &Reply) -> bool {
    page.body.contains("name=\"state\"")
}

#[tokio::test]
async fn c053_a_client_that_cannot_prove_who_it_is_asks_each_time() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    for client in ["shop", "spa"] {
        given.code(&mut browser, &Given::asking(client)).await;
    }
    let none = |client| Given::asking(client).with("prompt", "none");
    assert!(browser.ask(&Given::asking("shop")).await.answer_at(CALLBACK).contains_key("code"));
    assert!(asks(&browser.ask(&Given::asking("shop").with("prompt", "consent")).await));
    assert!(asks(&browser.ask(&Given::asking("spa")).await));
    assert_denied(&browser.ask(&none("spa")).await, "consent_required", Some("st"));
    // More than was allowed is asked for, and then both are remembered.
    let more = Given::asking("shop").set("scope", "openid email");
    let silent = more.clone().with("prompt", "none");
    assert_denied(&browser.ask(&silent).await, "consent_required", Some("st"));
    let page = browser.ask(&more).await;
    browser.decide(&page, "deny").await.answer_at(CALLBACK);
    assert_denied(&browser.ask(&silent).await, "consent_required", Some("st"));
    browser.decide(&page, "allow").await.answer_at(CALLBACK);
    for asking in [silent, none("shop")] {
        assert!(browser.ask(&asking).await.answer_at(CALLBACK).contains_key("code"));
    }
    // Nobody has agreed for anybody else.
    given.server.create_user("bert", &[]).await;
    let mut berts = given.browser();
    let page = berts.ask(&Given::asking("shop")).await;
    assert!(asks(&berts.sign_in(&page, "bert", PASSWORD).await));
}

#[tokio::test]
async fn what_is_allowed_at_one_resource_is_asked_again_at_another() {
    let Some(given) = given().await else { return };
    let [orders, payroll] = ["https://orders.example", "https://payroll.example"];
    for (uri, name) in [(orders, "The Orders"), (payroll, "The Payroll")] {
        let resource = json!({"uri": uri, "name": name, "scopes": ["read"]});
        let made = given.server.admin(Method::POST, "/resources", &resource).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let change = json!({"scopes": ["openid", "read"], "resources": [orders, payroll]});
    given.change_client("shop", &change).await;
    let at = |resources: &[&str]| {
        let asking = Given::asking("shop").set("scope", "openid read");
        resources.iter().fold(asking, |asking, uri| asking.with("resource", uri))
    };
    let silent = |resources: &[&str]| at(resources).with("prompt", "none");
    let mut browser = given.browser();
    given.code(&mut browser, &at(&[orders])).await;
    let again = browser.ask(&silent(&[orders])).await;
    assert!(again.answer_at(CALLBACK).contains_key("code"));
    for resources in [&[payroll][..], &[orders, payroll]] {
        assert_denied(&browser.ask(&silent(resources)).await, "consent_required", Some("st"));
    }
    let account = browser.get("/account").await;
    assert!(account.body.contains("The Orders") && !account.body.contains("The Payroll"));
    let page = browser.ask(&at(&[orders, payroll])).await;
    assert!(page.body.contains("The Orders") && page.body.contains("The Payroll"), "{page:?}");
    browser.decide(&page, "allow").await.answer_at(CALLBACK);
    for resources in [&[orders][..], &[payroll], &[orders, payroll]] {
        let reply = browser.ask(&silent(resources)).await;
        assert!(reply.answer_at(CALLBACK).contains_key("code"), "{resources:?}");
    }
    let account = browser.get("/account").await;
    assert!(account.body.contains("The Orders") && account.body.contains("The Payroll"));
}

#[tokio::test]
async fn a_scope_that_a_resource_learns_later_is_asked_for_and_a_resource_without_one_is_named() {
    let Some(given) = given().await else { return };
    let [orders, payroll] = ["https://orders.example", "https://payroll.example"];
    let mut made = Vec::new();
    for (uri, name, scopes) in
        [(orders, "The Orders", json!(["read"])), (payroll, "The Payroll", json!([]))]
    {
        let resource = json!({"uri": uri, "name": name, "scopes": scopes});
        made.push(given.server.admin(Method::POST, "/resources", &resource).await.json());
    }
    let change = json!({"scopes": ["openid", "read"], "resources": [orders, payroll]});
    given.change_client("shop", &change).await;
    let both = Given::asking("shop").set("scope", "openid read");
    let both = both.with("resource", orders).with("resource", payroll);
    let mut browser = given.browser();
    let page = browser.ask(&both).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    assert!(page.body.contains("Use The Payroll in your name"), "{page:?}");
    assert_eq!(page.body.matches("The Orders").count(), 1, "{page:?}");
    let path = format!("/resources/{}", made[1]["id"].as_str().unwrap());
    // While the page is open, and once more behind it.
    let learn =
        async |scopes| given.server.admin(Method::PATCH, &path, &json!({"scopes": scopes})).await;
    assert_eq!(learn(json!(["read"])).await.status, 200);
    let again = browser.decide(&page, "allow").await;
    assert!(asks(&again) && !again.body.contains("in your name"), "{again:?}");
    assert_eq!(learn(json!([])).await.status, 200);
    let page = browser.ask(&both).await;
    browser.decide(&page, "allow").await.answer_at(CALLBACK);
    let silent = both.with("prompt", "none");
    assert!(browser.ask(&silent).await.answer_at(CALLBACK).contains_key("code"));
    assert_eq!(learn(json!(["read"])).await.status, 200);
    assert_denied(&browser.ask(&silent).await, "consent_required", Some("st"));
}

#[tokio::test]
async fn whoever_may_not_be_asked_is_answered_also_while_consent_is_taken_back() {
    let Some(given) = given().await else { return };
    let (mut silent, mut account) = (given.browser(), given.browser());
    given.code(&mut silent, &Given::asking("shop")).await;
    given.code(&mut account, &Given::asking("shop")).await;
    let none = Given::asking("shop").with("prompt", "none");
    for _ in 0..12 {
        let csrf = account.get("/account").await.field("csrf");
        let form = [("csrf", csrf.as_str()), ("client", "shop")];
        let (reply, _) = tokio::join!(silent.ask(&none), account.post("/account/consents", &form));
        let answer = reply.answer_at(CALLBACK);
        assert!(answer.contains_key("code") || answer["error"] == "consent_required", "{answer:?}");
        assert_denied(&silent.ask(&none).await, "consent_required", Some("st"));
        let page = silent.ask(&Given::asking("shop")).await;
        silent.decide(&page, "allow").await.answer_at(CALLBACK);
    }
}

#[tokio::test]
async fn c055_nobody_agrees_who_is_not_the_user_any_more_and_to_nothing_that_is_no_client() {
    let Some(given) = given().await else { return };
    let disabled = json!({"status": "disabled"});
    let roles = json!({"roles": ["admin"]});
    let password = json!({"password": "another good password"});
    for (method, what, change) in [
        (Method::POST, "/password", password),
        (Method::PUT, "/roles", roles),
        (Method::PATCH, "", disabled),
    ] {
        let mut browser = given.browser();
        let page = browser.ask(&Given::asking("shop")).await;
        let now = if what == "/password" { PASSWORD } else { "another good password" };
        let page = browser.sign_in(&page, "anna", now).await;
        assert!(asks(&page), "{what}: {page:?}");
        given.change_anna(method, what, &change).await;
        let before = given.rows().await;
        let reply = browser.decide(&page, "allow").await;
        if what == "/roles" {
            // Other roles are the same user.
            assert!(reply.answer_at(CALLBACK).contains_key("code"), "{reply:?}");
            let consents = json!({"skips_consent": false});
            given.change_client("shop", &consents).await;
            given.server.raw().await.run("DELETE FROM consent").await;
        } else {
            // He signs in again first, if he can.
            assert!(reply.location().contains("/signin?i="), "{what}: {reply:?}");
            assert_eq!(given.rows().await, before, "{what}");
        }
    }
    given.change_anna(Method::PATCH, "", &json!({"status": "active"})).await;
    let mut browser = given.browser();
    let page = browser.ask(&Given::asking("shop")).await;
    let page = browser.sign_in(&page, "anna", "another good password").await;
    for (change, status) in [
        (json!({"redirect_uris": ["https://shop.example/other"]}), 400),
        (json!({"redirect_uris": [CALLBACK], "scopes": ["openid"]}), 200),
        (json!({"scopes": ["openid", "profile"], "status": "disabled"}), 400),
    ] {
        given.change_client("shop", &change).await;
        let before = given.rows().await;
        let reply = browser.decide(&page, "allow").await;
        assert_eq!(reply.status, status, "{change} {reply:?}");
        if status == 200 {
            assert_denied(&reply, "invalid_scope", Some("st"));
        }
        assert_eq!(given.rows().await, before, "{change}");
    }
}

#[tokio::test]
async fn c046_the_yes_is_to_what_was_shown_and_to_nothing_that_was_added_since() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let page = browser.ask(&Given::asking("shop").without("scope")).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    let more = json!({"scopes": ["openid", "profile", "email", "offline_access", "address"]});
    given.change_client("shop", &more).await;
    let before = given.rows().await;
    let again = browser.decide(&page, "allow").await;
    assert!(asks(&again), "{again:?}");
    assert_eq!(given.rows().await, before);
    let code = browser.decide(&again, "allow").await.answer_at(CALLBACK)["code"].clone();
    assert!(given.exchange(&code).await.json()["scope"].as_str().unwrap().contains("address"));
}

#[tokio::test]
async fn c057_whoever_answers_twice_gives_one_code_and_after_its_exchange_none() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let page = browser.ask(&Given::asking("shop")).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    let code = browser.decide(&page, "allow").await.answer_at(CALLBACK)["code"].clone();
    given.server.advance(59);
    let again = browser.decide(&page, "allow").await.answer_at(CALLBACK)["code"].clone();
    assert_eq!(again, code);
    let by_link = browser.get(&format!("/signin?i={}", page.field("i"))).await;
    assert_eq!(by_link.answer_at(CALLBACK)["code"], code);
    let codes = given.server.raw().await.number("SELECT COUNT(*) FROM authorization_code").await;
    assert_eq!(codes, 1);
    given.exchange(&code).await.tokens();
    for reply in [
        browser.decide(&page, "allow").await,
        browser.get(&format!("/signin?i={}", page.field("i"))).await,
        browser.get(&format!("/consent?i={}", page.field("i"))).await,
    ] {
        reply.assert_page(400);
        assert!(reply.body.contains("too long"), "{reply:?}");
    }
    // A code that nobody fetched in time is not made anew.
    let page = browser.ask(&Given::asking("spa")).await;
    browser.decide(&page, "allow").await.answer_at(CALLBACK);
    given.server.advance(60);
    browser.decide(&page, "allow").await.assert_page(400);
    // No after yes takes nothing back from the client, and tells it so; nor is there another code.
    let page = browser.ask(&Given::asking("spa")).await;
    let code = browser.decide(&page, "allow").await.answer_at(CALLBACK)["code"].clone();
    assert_denied(&browser.decide(&page, "deny").await, "access_denied", Some("st"));
    let again = browser.decide(&page, "allow").await.answer_at(CALLBACK)["code"].clone();
    assert_eq!(again, code);
}

#[tokio::test]
async fn each_step_is_written_down_once_with_who_where_and_through_which_client() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    browser.headers.push(("user-agent", "A Browser".to_owned()));
    let page = browser.ask(&Given::asking("shop")).await;
    browser.sign_in(&page, "anna", "wrong").await;
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    given.exchange(&code).await.tokens();
    given.exchange(&code).await.assert_invalid_grant();
    let list = given.server.admin(Method::GET, "/audit?limit=100", &json!(null)).await.json();
    for (kind, actor, client) in [
        ("login_failed", "anonymous", true),
        ("sign_in", "user", false),
        ("consent_given", "user", true),
        ("login", "user", true),
        ("code_replayed", "client", true),
    ] {
        let of_kind =
            list["items"].as_array().unwrap().iter().filter(|one| {
                one["kind"] == kind && (kind != "login" || one["client_id"] == "shop")
            });
        let [event] = of_kind.collect::<Vec<_>>()[..] else { panic!("{kind}: {list}") };
        assert_eq!(event["actor_kind"], actor, "{event}");
        assert_eq!(event["client_id"] == "shop", client, "{event}");
        assert!(event["request_id"].is_string() && event["target"].is_string(), "{event}");
        if actor == "user" && kind != "login" {
            assert_eq!(event["user_agent"], "A Browser", "{event}");
        }
    }
}
