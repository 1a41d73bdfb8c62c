//! What a test in the browser stands on: a server, a user, a client and its site, a browser.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Asking, Backend, Chromium, Home, RunsScripts, Serving, Site, Wire};

/// All of them. The site is the client's, and on another host than the server.
pub(super) struct Stage {
    pub(super) browser: Chromium,
    pub(super) site: Site,
    pub(super) home: Home,
    pub(super) wire: Wire,
    admin: String,
    _serving: Serving,
}

impl Stage {
    /// With a server on SQLite, and scripts that run.
    pub(super) async fn start() -> Option<Self> {
        Self::with(Backend::Sqlite, RunsScripts::Yes).await
    }

    /// `None` if the browser or the database is not to be had, which was said.
    pub(super) async fn with(backend: Backend, scripts: RunsScripts) -> Option<Self> {
        let browser = Chromium::start(scripts).await?;
        let mut home = Home::new(backend)?;
        home.set("CHANCERY_PAGES__HELP_URI", "https://help.example");
        let serving = home.serve();
        let wire = home.wire(&serving);
        let admin = wire.admin_token().await;
        let add = ["user", "create", "ada", "--password-stdin", "--claim", "name=Ada Lovelace"];
        let ran = home.run_with_input(&add, PASSWORD);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let site = Site::start().await;
        let it = Self { browser, site, home, wire, admin, _serving: serving };
        it.add_client("app", &json!({})).await;
        Some(it)
    }

    /// Makes a public client whose answers go to the site, but for what `changes` say.
    pub(super) async fn add_client(&self, id: &str, changes: &Value) -> Value {
        let mut client = json!({"client_id": id, "name": "Paper Boats", "public": true,
            "grants": ["authorization_code", "refresh_token"],
            "redirect_uris": [self.site.at("/callback")],
            "post_logout_redirect_uris": [self.site.at("/bye")],
            "scopes": ["openid", "profile", "email", "offline_access"]});
        for (name, value) in changes.as_object().unwrap() {
            client[name] = value.clone();
        }
        self.admin(Method::POST, "/clients", &client).await
    }

    pub(super) async fn admin(&self, method: Method, path: &str, body: &Value) -> Value {
        self.wire.admin(&self.admin, method, path, body).await.json()
    }

    /// A URL of the server.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.wire.issuer())
    }

    /// A request of the client.
    pub(super) fn asking(&self) -> Asking {
        Asking::of("app", &self.site.at("/callback"), "openid profile")
    }

    /// Opens the authorization endpoint.
    pub(super) async fn ask(&self, asking: &Asking) {
        self.browser.open(&self.at(&format!("/oauth/authorize?{}", asking.query()))).await;
    }

    /// Fills in the sign-in page and sends it.
    pub(super) async fn sign_in(&self) {
        self.browser.fill("username", "ada").await;
        self.browser.fill("password", PASSWORD).await;
        self.browser.click("main form button[type=submit]").await;
    }

    /// Asserts that nothing was refused by a policy, nor failed otherwise, since this was asked last.
    pub(super) async fn assert_quiet(&self) {
        let log = self.browser.log().await;
        // What is refused with a page is said there, and hints about forms are no failures.
        let fails =
            |line: &&String| !line.contains("with a status of 4") && !line.contains("[DOM]");
        let log: Vec<_> = log.iter().filter(fails).collect();
        assert!(log.is_empty(), "{log:#?}");
    }
}

pub(super) const PASSWORD: &str = "an analytical engine 1843";
