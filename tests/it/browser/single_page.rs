//! The single-page application of docs/guides/single-page-application.md, with oidc-client-ts.

use serde_json::json;

use super::stage::Stage;
use crate::support::postgres::skip_or_fail;
use crate::support::{Backend, RunsScripts, block, installed};

#[tokio::test]
async fn it_signs_in_refreshes_and_signs_out_across_origins_on_sqlite() {
    the_single_page_is_used(Backend::Sqlite).await;
}

#[tokio::test]
async fn it_signs_in_refreshes_and_signs_out_across_origins_on_postgres() {
    the_single_page_is_used(Backend::Postgres).await;
}

async fn the_single_page_is_used(backend: Backend) {
    let library = installed("node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js");
    let Ok(library) = std::fs::read_to_string(library) else {
        let reason = "oidc-client-ts is not installed: run tests/interop/install";
        return skip_or_fail("the_single_page_is_used", reason);
    };
    let Some(stage) = Stage::with(backend, RunsScripts::Yes).await else { return };
    let (browser, site) = (&stage.browser, &stage.site);
    let here = site.at("/");
    let spa = json!({"name": "Single page", "redirect_uris": [here],
        "post_logout_redirect_uris": [here], "origins": [site.origin]});
    stage.add_client("spa", &spa).await;
    let served = |fence| block(PAGE, fence).replace("http://localhost:8080", &stage.wire.issuer());
    site.serves("/", "text/html", served("html index.html"));
    site.serves("/app.js", "text/javascript", served("js app.js"));
    site.serves("/oidc-client-ts.min.js", "text/javascript", library);

    browser.open(&here).await;
    browser.click("#in:not([hidden])").await;
    stage.sign_in().await;
    browser.click("button[value=allow]").await;
    let greets = async || browser.text("#who").await == "Hello Ada Lovelace";
    browser.until("greeting", greets).await;
    assert_eq!(browser.url().await.as_str(), here);

    // What the library does by itself a minute before the access token expires.
    let tokens =
        "const user = await users.getUser(); return [user.access_token, user.refresh_token]";
    let before = page(&stage, tokens).await;
    page(&stage, "await users.signinSilent()").await;
    let after = page(&stage, tokens).await;
    assert!(before[0] != after[0] && before[1] != after[1], "{before} {after}");
    // Loaded anew it knows its user still.
    browser.open(&here).await;
    browser.until("greeting", greets).await;

    // And so it does when the access token has expired meanwhile.
    page(&stage, &format!("{EXPIRE}; return null")).await;
    browser.open(&here).await;
    browser.until("greeting", greets).await;
    stage.assert_quiet().await;
    // A link of any page, with an answer that was not asked for, takes nothing from it.
    browser.open(&format!("{here}?code=x&state=x")).await;
    browser.until("greeting", greets).await;
    let log = browser.log().await;
    assert!(log.iter().all(|line| line.contains("signing in has failed")), "{log:?}");

    browser.click("#out").await;
    browser.until("question", async || browser.text("#who").await == "Who are you?").await;
    stage.assert_quiet().await;
    // At the server, too.
    browser.click("#in:not([hidden])").await;
    browser.arrives("Sign in").await;
}

/// Runs a script with what the module of the page keeps to itself: an object like its own, on the
/// same storage.
async fn page(stage: &Stage, script: &str) -> serde_json::Value {
    let issuer = stage.wire.issuer();
    let users = format!(
        "const users = new oidc.UserManager({{authority: '{issuer}', client_id: 'spa', \
         redirect_uri: location.href, automaticSilentRenew: false, loadUserInfo: true}});"
    );
    let script = format!(
        "const done = arguments[arguments.length - 1]; {users} \
         (async () => {{ {script} }})().then(done, error => done(String(error)));"
    );
    stage.browser.client.execute_async(&script, vec![]).await.unwrap()
}

const EXPIRE: &str = "const key = Object.keys(sessionStorage).find(it => it.startsWith('oidc.user:')); \
     sessionStorage[key] = JSON.stringify({...JSON.parse(sessionStorage[key]), expires_at: 1})";
const PAGE: &str = "docs/guides/single-page-application.md";
