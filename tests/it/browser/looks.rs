//! How the pages look, in every state that people meet: axe-core finds nothing serious, nothing has to
//! be scrolled sideways on a narrow window or at 200 % zoom. With [`WRITE`] set in the environment
//! their pictures in docs/images are made anew.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::stage::{PASSWORD, Stage};
use crate::support::postgres::skip_or_fail;
use crate::support::{Backend, RunsScripts, VERIFIER, Visitor, encode, installed};

/// The variable that makes the pictures be written.
const WRITE: &str = "CHANCERY_WRITE_IMAGES";

/// A window, by its width in CSS pixels, the pixels of the screen for each, and the colours.
const WINDOWS: [(&str, u32, u32, &str); 5] = [
    ("light", 1000, 1, "light"),
    ("dark", 1000, 1, "dark"),
    ("narrow", 320, 1, "light"),
    ("narrow-dark", 320, 1, "dark"),
    ("zoomed", 640, 2, "light"),
];

/// Where the client is on the web, as most are.
const HOSTED: &str = "https://boats.example/callback";

/// Where it is on a telephone.
const INSTALLED: &str = "com.example.boats:/callback";

struct Looks {
    stage: Stage,
    axe: String,
    images: Option<PathBuf>,
    faults: Vec<String>,
}

#[tokio::test]
async fn every_page_is_for_everybody() {
    let Ok(axe) = std::fs::read_to_string(installed("node_modules/axe-core/axe.min.js")) else {
        let reason = "axe-core is not installed: run tests/interop/install";
        return skip_or_fail("every_page_is_for_everybody", reason);
    };
    let Some(stage) = Stage::with(Backend::Sqlite, RunsScripts::Yes).await else { return };
    let mut looks = Looks { stage, axe, images: images(), faults: Vec::new() };
    looks.furnish().await;
    looks.see_all().await;
    assert!(looks.faults.is_empty(), "{:#?}", looks.faults);
}

#[expect(clippy::disallowed_methods, reason = "whether to write is the caller's to say")]
fn images() -> Option<PathBuf> {
    std::env::var_os(WRITE)?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    std::fs::create_dir_all(&folder).unwrap();
    Some(folder)
}

impl Looks {
    /// Clients and sessions, as a user has them after some time.
    async fn furnish(&self) {
        let Stage { home, .. } = &self.stage;
        let logo = home.path("logo.png");
        std::fs::write(&logo, include_bytes!("logo.png")).unwrap();
        let changes = [
            "--redirect-uri",
            HOSTED,
            "--redirect-uri",
            INSTALLED,
            "--redirect-uri",
            &self.stage.site.at("/callback"),
            "--client-uri",
            "https://boats.example",
            "--policy-uri",
            "https://boats.example/privacy",
            "--tos-uri",
            "https://boats.example/terms",
        ];
        home.succeed(&[&["client", "update", "app"][..], &changes].concat());
        home.succeed(&["client", "logo", "app", &logo.display().to_string()]);
        let claims = [
            "email=ada@example.org",
            "email_verified=true",
            "locale=en-GB",
            "phone_number=+442079460958",
        ];
        let claims: Vec<_> = claims.iter().flat_map(|claim| ["--claim", claim]).collect();
        home.succeed(&[&["user", "claims", "ada"][..], &claims].concat());
        // Another browser of hers.
        let mut visitor = Visitor::default();
        let page = visitor.open(&self.stage.at("/signin")).await;
        let account = [("username", "ada"), ("password", PASSWORD)];
        assert_eq!(visitor.submit(&page, &account).await.url.path(), "/account");
    }

    async fn see_all(&mut self) {
        let here = self.stage.asking().set("scope", "openid profile email offline_access");
        let asking = here.clone().set("redirect_uri", HOSTED);
        self.go("/signin").await;
        self.see("sign-in-alone").await;
        self.stage.ask(&asking).await;
        self.see("sign-in").await;
        self.stage.browser.fill("username", "ada").await;
        self.stage.browser.fill("password", "not the engine").await;
        self.stage.browser.click("main form button[type=submit]").await;
        self.stage.browser.find("[role=alert]").await;
        self.see("sign-in-wrong").await;
        self.stage.sign_in().await;
        self.stage.browser.find("button[value=allow]").await;
        self.see("consent").await;
        self.stage.ask(&asking.clone().with("ui_locales", "de")).await;
        self.see("consent-german").await;
        self.stage.ask(&here).await;
        self.see("consent-device").await;
        self.stage.ask(&here.set("redirect_uri", INSTALLED)).await;
        self.see("consent-app").await;
        self.stage.ask(&asking.clone().with("prompt", "login")).await;
        self.see("sign-in-again").await;
        self.see_form_post().await;
        self.sign_in_to_client().await;
        self.go("/account").await;
        self.see("account").await;
        self.stage.browser.click("[aria-labelledby=browsers] button[name=session]").await;
        self.stage.browser.find("[role=status]").await;
        self.see("account-done").await;
        self.stage.browser.fill("current_password", "something else").await;
        self.stage.browser.fill("new_password", "a difference engine 1822").await;
        self.stage.browser.fill("repeat", "a difference engine 1822").await;
        self.stage.browser.click("[aria-labelledby=password] button").await;
        self.stage.browser.find("#password-error").await;
        self.see("account-wrong").await;
        self.stage.ask(&asking.set("client_id", "nobody")).await;
        self.see("error").await;
        let out = encode([
            ("client_id", "app"),
            ("post_logout_redirect_uri", &self.stage.site.at("/bye")),
        ]);
        self.go(&format!("/oauth/logout?{out}")).await;
        self.see("sign-out").await;
        self.go(&format!("/oauth/logout?{out}&ui_locales=de")).await;
        self.see("sign-out-german").await;
        self.go("/oauth/logout?client_id=app").await;
        self.stage.browser.click("main form button[type=submit].main").await;
        self.stage
            .browser
            .until("signed out", async || {
                self.stage.browser.client.find(fantoccini::Locator::Css("main form")).await.is_err()
            })
            .await;
        self.see("signed-out").await;
    }

    async fn go(&self, path: &str) {
        self.stage.browser.open(&self.stage.at(path)).await;
    }

    /// The page that goes on by itself where scripts run.
    async fn see_form_post(&mut self) {
        self.scripts(false).await;
        self.stage.ask(&self.stage.asking().with("response_mode", "form_post")).await;
        self.stage.browser.click("button[value=allow]").await;
        self.stage
            .browser
            .until("page with a button", async || {
                !self.stage.browser.client.source().await.unwrap().contains("decision")
            })
            .await;
        self.scripts(true).await;
        self.see("continue").await;
    }

    /// Completes a sign-in, so that the account page has an application to show.
    async fn sign_in_to_client(&self) {
        self.stage.ask(&self.stage.asking()).await;
        self.stage.browser.click("button[value=allow]").await;
        self.stage.browser.arrives("arrived").await;
        let (got, callback) = (self.stage.site.got("/callback"), self.stage.site.at("/callback"));
        let code = &got.last().unwrap().params()["code"];
        let form = encode([
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("redirect_uri", &callback),
            ("code", code),
            ("code_verifier", VERIFIER),
        ]);
        let content = ("application/x-www-form-urlencoded", form.as_str());
        let post = self.stage.wire.send(http::Method::POST, "/oauth/token", "", content);
        assert_eq!(post.await.unwrap().status, 200);
    }

    async fn scripts(&self, run: bool) {
        let params = json!({"value": !run});
        self.stage.browser.devtools("Emulation.setScriptExecutionDisabled", params).await;
    }

    /// Looks at the page that is shown, in every window.
    async fn see(&mut self, page: &str) {
        self.stage.browser.eval(&self.axe).await;
        for (name, width, scale, colours) in WINDOWS {
            let browser = &self.stage.browser;
            let window = json!({"width": width, "height": 720, "deviceScaleFactor": scale,
                "mobile": false});
            browser.devtools("Emulation.setDeviceMetricsOverride", window).await;
            let media = json!({"features": [{"name": "prefers-color-scheme", "value": colours}]});
            browser.devtools("Emulation.setEmulatedMedia", media).await;
            // Colours change by and by.
            browser.eval("document.getAnimations().forEach(it => it.finish())").await;
            let excess = browser.eval(EXCESS).await;
            if excess.as_i64() != Some(0) {
                self.faults.push(format!("{page}, {name}: {excess} pixels too wide"));
            }
            let found = browser.client.execute_async(AXE, vec![]).await.unwrap();
            for fault in found.as_array().unwrap() {
                self.faults.push(format!("{page}, {name}: {}", fault.as_str().unwrap()));
            }
            if let Some(folder) = &self.images
                && pictured(page, name)
            {
                let path = folder.join(format!("{page}-{name}.png"));
                std::fs::write(path, self.picture(page).await).unwrap();
            }
        }
        self.stage.browser.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await;
        self.stage.browser.devtools("Emulation.setEmulatedMedia", json!({})).await;
    }

    /// The whole page, but of the account after a form only what the window shows around the answer.
    async fn picture(&self, page: &str) -> Vec<u8> {
        let browser = &self.stage.browser;
        let mut how = json!({"format": "png", "optimizeForSpeed": false});
        if page.starts_with("account-") {
            browser.eval("document.querySelector('.note').scrollIntoView({block: 'center'})").await;
        } else {
            let size = browser.devtools("Page.getLayoutMetrics", json!({})).await;
            let size = &size["cssContentSize"];
            how["captureBeyondViewport"] = json!(true);
            how["clip"] = json!({"x": 0, "y": 0, "scale": 1, "width": size["width"],
                "height": size["height"]});
        }
        let taken: Value = browser.devtools("Page.captureScreenshot", how).await;
        BASE64_STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }
}

/// Whether a window has a picture of a page. What is only said otherwise than on another has one.
fn pictured(page: &str, window: &str) -> bool {
    match page {
        "account-done" | "consent-app" | "consent-device" | "sign-in-again" | "sign-out-german" => {
            window == "light"
        }
        _ => ["light", "dark", "narrow"].contains(&window),
    }
}

const EXCESS: &str =
    "const it = document.documentElement; return Math.max(0, it.scrollWidth - it.clientWidth)";
const AXE: &str = "const done = arguments[arguments.length - 1]; \
    axe.run(document, {resultTypes: ['violations']}).then(found => done(found.violations \
    .filter(it => ['serious', 'critical'].includes(it.impact)) \
    .map(it => it.impact + ' ' + it.id + ' ' + it.nodes.map(node => node.target.join(' ')).join(', '))), \
    error => done(['axe failed: ' + error]));";
