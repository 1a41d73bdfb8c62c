//! The ways of an answer to its client: by redirects after a form, and by a form.

use serde_json::json;

use super::stage::Stage;
use crate::support::{Backend, RunsScripts, Site};

#[tokio::test]
async fn after_a_form_the_answer_arrives_wherever_the_client_sends_people_on() {
    // Chromium applies `form-action` to every redirect that follows a form.
    let Some(stage) = Stage::start().await else { return };
    let browser = &stage.browser;
    let beyond = Site::start().await;
    stage.site.redirects("/callback", beyond.at("/home"));
    stage.ask(&stage.asking()).await;
    stage.sign_in().await;
    browser.click("button[value=allow]").await;
    browser.arrives("arrived").await;
    assert_eq!(browser.url().await.as_str(), beyond.at("/home"));
    assert_eq!(stage.site.got("/callback").len(), 1);
    stage.assert_quiet().await;
}

#[tokio::test]
async fn an_answer_by_form_needs_no_hand() {
    let Some(stage) = Stage::start().await else { return };
    let browser = &stage.browser;
    stage.ask(&stage.asking().with("response_mode", "form_post")).await;
    stage.sign_in().await;
    browser.click("button[value=allow]").await;
    browser.arrives("arrived").await;
    let got = stage.site.got("/callback").remove(0);
    assert_eq!((got.method.as_str(), got.uri.query()), ("POST", None));
    assert!(got.params().contains_key("code") && got.params()["state"] == "st", "{got:?}");
    stage.assert_quiet().await;
}

#[tokio::test]
async fn an_answer_by_form_is_sent_by_hand_without_scripts() {
    let Some(stage) = Stage::with(Backend::Sqlite, RunsScripts::No).await else { return };
    let browser = &stage.browser;
    let beyond = Site::start().await;
    stage.site.redirects("/callback", beyond.at("/home"));
    stage.ask(&stage.asking().with("response_mode", "form_post")).await;
    stage.sign_in().await;
    browser.click("button[value=allow]").await;
    browser
        .until("page with a button", async || {
            browser.text("main").await.contains("Paper Boats")
                && !browser.client.source().await.unwrap().contains("decision")
        })
        .await;
    browser.click("main form button[type=submit]").await;
    browser.until("answer", async || !beyond.got("/home").is_empty()).await;
    assert!(stage.site.got("/callback")[0].params().contains_key("code"));
}

#[tokio::test]
async fn a_client_of_the_house_is_answered_without_a_question() {
    let Some(stage) = Stage::start().await else { return };
    let beyond = Site::start().await;
    stage.site.redirects("/own", beyond.at("/home"));
    let house =
        json!({"first_party": true, "public": false, "redirect_uris": [stage.site.at("/own")]});
    stage.add_client("own", &house).await;
    let asking = stage.asking().set("client_id", "own");
    stage.ask(&asking.set("redirect_uri", &stage.site.at("/own"))).await;
    stage.sign_in().await;
    // The form was that of the sign-in page.
    stage.browser.arrives("arrived").await;
    assert_eq!(stage.browser.url().await.as_str(), beyond.at("/home"));
    assert!(stage.site.got("/own")[0].params().contains_key("code"));
    stage.assert_quiet().await;
}
