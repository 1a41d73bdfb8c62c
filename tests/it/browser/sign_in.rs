//! Signing in and out, as people do.

use fantoccini::key::Key;
use http::Method;
use serde_json::json;

use super::stage::{PASSWORD, Stage};
use crate::support::{Backend, RunsScripts, VERIFIER, encode};

#[tokio::test]
async fn people_sign_in_agree_and_come_back_on_sqlite() {
    people_sign_in_agree_and_come_back(Backend::Sqlite).await;
}

#[tokio::test]
async fn people_sign_in_agree_and_come_back_on_postgres() {
    people_sign_in_agree_and_come_back(Backend::Postgres).await;
}

async fn people_sign_in_agree_and_come_back(backend: Backend) {
    let Some(stage) = Stage::with(backend, RunsScripts::Yes).await else { return };
    let browser = &stage.browser;
    stage.ask(&stage.asking()).await;
    stage.sign_in().await;

    browser.find("button[name=decision][value=allow]").await;
    assert!(browser.text("h1").await.contains("Paper Boats"));
    let said = browser.text("main").await;
    assert!(said.contains("ada") && said.contains("this device"), "{said}");
    browser.click("button[value=deny]").await;
    browser.arrives("arrived").await;
    let denied = stage.site.got("/callback").remove(0).params();
    assert_eq!((&*denied["error"], &*denied["state"]), ("access_denied", "st"));

    stage.ask(&stage.asking()).await;
    browser.click("button[value=allow]").await;
    browser.arrives("arrived").await;
    let answer = stage.site.got("/callback").remove(1).params();
    assert_eq!((&*answer["state"], &answer["iss"]), ("st", &stage.wire.issuer()));
    let callback = stage.site.at("/callback");
    let form = encode([
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("redirect_uri", &callback),
        ("code", &answer["code"]),
        ("code_verifier", VERIFIER),
    ]);
    let content = ("application/x-www-form-urlencoded", form.as_str());
    let reply = stage.wire.send(Method::POST, "/oauth/token", "", content).await.unwrap();
    assert!(reply.json()["id_token"].is_string(), "{reply:?}");
    stage.assert_quiet().await;
}

#[tokio::test]
async fn a_wrong_password_is_said_so_that_everybody_notices() {
    let Some(stage) = Stage::start().await else { return };
    let browser = &stage.browser;
    stage.ask(&stage.asking()).await;
    browser.fill("username", "ada").await;
    browser.fill("password", "not the engine").await;
    browser.press(&Key::Enter.to_string()).await;
    let error = browser.find("[role=alert]").await;
    assert!(error.is_displayed().await.unwrap());
    assert!(!error.text().await.unwrap().is_empty());
    assert_eq!(error.attr("aria-live").await.unwrap().as_deref(), Some("assertive"));
    // Where one goes on typing; the field points at what is said.
    let focus = "const it = document.activeElement; return [it.name, it.value, \
                 it.getAttribute('aria-invalid'), it.getAttribute('aria-describedby')]";
    let id = error.attr("id").await.unwrap().unwrap();
    assert_eq!(browser.eval(focus).await, json!(["password", "", "true", id]));
    assert_eq!(browser.eval("return document.forms[0].username.value").await, "ada");
    browser.press(PASSWORD).await;
    browser.press(&Key::Enter.to_string()).await;
    browser.find("button[value=allow]").await;
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    let Some(stage) = Stage::start().await else { return };
    let browser = &stage.browser;
    stage.ask(&stage.asking()).await;
    browser.arrives("Sign in").await;
    let (tab, enter) = (Key::Tab.to_string(), Key::Enter.to_string());
    browser.press(&tab).await;
    browser.press("ada").await;
    browser.press(&tab).await;
    browser.press(PASSWORD).await;
    browser.press(&enter).await;
    browser.find("button[value=allow]").await;
    let focused = "const it = document.activeElement; \
                   return [it.value ?? null, getComputedStyle(it).outlineStyle]";
    for _ in 0..10 {
        browser.press(&tab).await;
        let shown = browser.eval(focused).await;
        assert_ne!(shown[1], "none", "the focus is not to be seen");
        if shown[0] == "allow" {
            break;
        }
    }
    browser.press(&enter).await;
    browser.arrives("arrived").await;
    assert!(stage.site.got("/callback")[0].params().contains_key("code"));
}

#[tokio::test]
async fn no_script_is_needed() {
    let Some(stage) = Stage::with(Backend::Sqlite, RunsScripts::No).await else { return };
    let browser = &stage.browser;
    stage.ask(&stage.asking()).await;
    stage.sign_in().await;
    browser.click("button[value=allow]").await;
    browser.find("body").await;
    browser.until("answer", async || !stage.site.got("/callback").is_empty()).await;
    assert!(stage.site.got("/callback")[0].params().contains_key("code"));
}

#[tokio::test]
async fn whoever_signs_out_is_asked_again() {
    let Some(stage) = Stage::start().await else { return };
    let browser = &stage.browser;
    browser.open(&stage.at("/signin")).await;
    stage.sign_in().await;
    browser.find("#browsers").await;
    assert_eq!(browser.url().await.path(), "/account");
    let said = browser.text("main").await;
    assert!(said.contains("Ada Lovelace") && said.contains("Chrom"), "{said}");

    // From the account, where it is plain who wants it.
    browser.click("header form button[type=submit]").await;
    browser.until("signed out", async || browser.url().await.path() != "/account").await;
    browser.open(&stage.at("/account")).await;
    browser.arrives("Sign in").await;
    stage.assert_quiet().await;
}

#[tokio::test]
async fn a_client_that_sends_somebody_to_sign_out_gets_him_back() {
    let Some(stage) = Stage::start().await else { return };
    let browser = &stage.browser;
    browser.open(&stage.at("/signin")).await;
    stage.sign_in().await;
    browser.find("#browsers").await;
    let asked = encode([
        ("client_id", "app"),
        ("post_logout_redirect_uri", &stage.site.at("/bye")),
        ("state", "so long"),
    ]);
    browser.open(&stage.at(&format!("/oauth/logout?{asked}"))).await;
    // Nothing proves who has sent him: so he is asked.
    browser.click("main form button[type=submit].main").await;
    browser.until("way back", async || !stage.site.got("/bye").is_empty()).await;
    assert_eq!(stage.site.got("/bye")[0].params()["state"], "so long");
    stage.assert_quiet().await;
}

#[tokio::test]
async fn the_password_is_changed_on_the_account_page() {
    let Some(stage) = Stage::start().await else { return };
    let browser = &stage.browser;
    browser.open(&stage.at("/signin")).await;
    stage.sign_in().await;
    browser.find("#password").await;
    let new = "a difference engine 1822";
    browser.fill("current_password", "something else").await;
    browser.fill("new_password", new).await;
    browser.fill("repeat", new).await;
    browser.click("[aria-labelledby=password] button").await;
    browser.find("[role=alert]").await;
    let focus = "return document.activeElement.name";
    assert_eq!(browser.eval(focus).await, "current_password");
    browser.fill("current_password", PASSWORD).await;
    browser.fill("new_password", new).await;
    browser.fill("repeat", new).await;
    browser.click("[aria-labelledby=password] button").await;
    browser.find("[role=status]").await;
    stage.assert_quiet().await;
}
