//! The single-page application of docs/guides/single-page-application.md, with oidc-client-ts.

use http::Method;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::postgres::skip_or_fail;
use crate::support::{Backend, RunsScripts, block, installed};

#[tokio::test]
async fn the_single_page_is_used_across_origins_on_sqlite() {
    use_it(Backend::Sqlite, "the_single_page_is_used_across_origins_on_sqlite").await;
}

#[tokio::test]
async fn the_single_page_is_used_across_origins_on_postgres() {
    use_it(Backend::Postgres, "the_single_page_is_used_across_origins_on_postgres").await;
}

/// Signs in, refreshes in good times and in bad, and signs out.
async fn use_it(backend: Backend, test: &str) {
    let library = installed("node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js");
    let Ok(library) = std::fs::read_to_string(library) else {
        let reason = "oidc-client-ts is not installed: run tests/interop/install";
        return skip_or_fail(test, reason);
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
    site.serves("/oidc-client-ts.min.js", "text/javascript", format!("{FAULTY}{library}"));

    browser.open(&here).await;
    browser.click("#in:not([hidden])").await;
    stage.sign_in().await;
    browser.click("button[value=allow]").await;
    let shows = async |text| browser.eval(WHO).await == text;
    let greets = async || shows("Hello Ada Lovelace").await;
    let asks = async || shows("Who are you?").await;
    browser.until("greeting", greets).await;
    assert_eq!(browser.url().await.as_str(), here);

    // What the page does a minute before the access token expires.
    let tokens =
        "const user = await users.getUser(); return [user.access_token, user.refresh_token]";
    let before = page(&stage, tokens).await;
    page(&stage, "await users.signinSilent()").await;
    let after = page(&stage, tokens).await;
    assert!(before[0] != after[0] && before[1] != after[1], "{before} {after}");
    // Loaded anew it knows its user still.
    browser.open(&here).await;
    browser.until("greeting", greets).await;

    // And so it does when the access token has expired meanwhile, or is about to: with a new one.
    for seconds in [0, 30] {
        let before = page(&stage, tokens).await;
        page(&stage, &expires_in(seconds)).await;
        browser.open(&here).await;
        browser.until("greeting", greets).await;
        browser.until("new token", async || page(&stage, tokens).await != before).await;
    }
    stage.assert_quiet().await;
    // Also while there is no new one to be had; and then it asks again.
    let before = page(&stage, tokens).await;
    page(&stage, &format!("sessionStorage.fault = ''; {}", expires_in(0))).await;
    browser.open(&here).await;
    let failed = async || browser.eval("return Number(sessionStorage.fault) > 2").await == true;
    browser.until("third attempt", failed).await;
    assert!(greets().await);
    assert_eq!(page(&stage, tokens).await, before);
    browser.eval("delete sessionStorage.fault").await;
    browser.until("new token", async || page(&stage, tokens).await != before).await;
    assert!(greets().await);
    // A link of any page, with an answer that was not asked for, takes nothing from it.
    browser.open(&format!("{here}?code=x&state=x")).await;
    browser.until("greeting", greets).await;
    let log = browser.log().await;
    assert!(log.iter().all(|line| line.contains("signing in has failed")), "{log:?}");

    browser.eval("window.leaves = true").await;
    browser.click("#out").await;
    browser.until("question", asks).await;
    stage.assert_quiet().await;
    // At the server, too.
    browser.click("#in:not([hidden])").await;
    stage.sign_in().await;
    browser.click("button[value=allow]").await;
    browser.until("greeting", greets).await;

    // A session that is over is forgotten as soon as that is known.
    let listed = stage.admin(Method::GET, "/sessions", &Value::Null).await;
    for session in listed["items"].as_array().unwrap().iter().filter(|it| it["client_id"] == "spa")
    {
        let path = format!("/sessions/{}", session["sid"].as_str().unwrap());
        stage.admin(Method::DELETE, &path, &Value::Null).await;
    }
    page(&stage, &expires_in(0)).await;
    browser.open(&here).await;
    browser.until("question", asks).await;
    assert_eq!(page(&stage, "return await users.getUser()").await, Value::Null);
}

/// Runs a script with what the module of the page keeps to itself: an object like its own, on the
/// same storage.
async fn page(stage: &Stage, script: &str) -> Value {
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

/// A script after which the access token of who is signed in expires in so many seconds.
fn expires_in(seconds: u32) -> String {
    format!(
        "const user = await users.getUser(); user.expires_in = {seconds}; await users.storeUser(user); \
         return null"
    )
}

/// What a page says that stays.
const WHO: &str = "return window.leaves ? null : document.querySelector('#who')?.textContent";
/// While there is `sessionStorage.fault`, which counts them, refreshes find a server that cannot serve
/// now, and what waits waits shorter.
const FAULTY: &str = "{ const [send, wait] = [fetch, setTimeout]; \
     window.fetch = (url, how) => { \
         if (sessionStorage.fault === undefined || !url.endsWith('/oauth/token')) return send(url, how); \
         sessionStorage.fault++; return Promise.resolve(new Response('{}', {status: 503})); }; \
     window.setTimeout = (call, ms) => wait(call, 'fault' in sessionStorage ? ms / 100 : ms); }\n";
const PAGE: &str = "docs/guides/single-page-application.md";
