//! Two nodes, and somebody who holds everything that there is to hold.

use http::Method;
use serde_json::{Value, json};

use super::super::BACKEND;
use super::super::authorize::CALLBACK;
use crate::support::{
    Asking, Browser, PASSWORD, Reply, TestServer, Tokens, VERIFIER, basic, claims, encode,
};

/// What `anna` and the client `shop` hold. What happens, happens `here`, and they come in `there`.
pub(super) struct World {
    pub(super) here: TestServer,
    pub(super) there: TestServer,
    /// The id of `anna`, who has the role of an administrator.
    pub(super) user: String,
    /// The id of `shop` in the admin API.
    pub(super) client: String,
    /// The secret of `shop`, and its Basic credentials.
    pub(super) secret: String,
    pub(super) shop: String,
    /// The cookies of the browser in which she is signed in.
    pub(super) cookies: std::collections::BTreeMap<String, String>,
    /// What a code was exchanged for.
    pub(super) granted: Held,
    /// What `/login` has given.
    pub(super) login: Held,
    /// What `shop` has got for itself.
    pub(super) own: String,
    /// A code that lies unused.
    pub(super) code: String,
    /// The fields of a question that lies unanswered.
    pub(super) question: (String, String),
    /// The field against forgery of the account page.
    pub(super) csrf: String,
}

/// The tokens of one session.
pub(super) struct Held {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Held {
    fn of(tokens: Tokens) -> Self {
        Self { access: tokens.access, refresh: tokens.refresh }
    }

    pub(super) fn session(&self) -> String {
        claims(&self.access)["sid"].as_str().unwrap().to_owned()
    }

    /// The id of the key that signed the access token.
    pub(super) fn kid(&self) -> String {
        use base64::Engine;
        let header = self.access.split('.').next().unwrap();
        let header = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(header).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        header["kid"].as_str().unwrap().to_owned()
    }
}

impl World {
    pub(super) async fn begin() -> Option<Self> {
        let here = TestServer::start(BACKEND).await?;
        let user = here.create_user("anna", &["admin"]).await;
        let secret = register(&here).await;
        let shop = basic("shop", &secret);
        let client = here.client_key("shop").await;
        let there = here.another(7).await;
        let login = Held::of(log_in(&here, &secret, "openid admin:users").await.tokens());
        let own = here.client_token(&shop, "&scope=admin:users").await;
        let mut browser = Browser::at(&here);
        let [first, code] = [code(&mut browser).await, code(&mut browser).await];
        let granted = Held::of(exchange(&here, &shop, &first).await.tokens());
        let page = browser.ask(&asking().with("prompt", "consent")).await;
        let question = (page.field("csrf"), page.field("i"));
        let csrf = browser.get("/account").await.field("csrf");
        let cookies = browser.cookies.clone();
        Some(Self {
            here,
            there,
            user,
            client,
            secret,
            shop,
            cookies,
            granted,
            login,
            own,
            code,
            question,
            csrf,
        })
    }

    /// The browser, at the other node.
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser { cookies: self.cookies.clone(), ..Browser::at(&self.there) }
    }

    pub(super) async fn admin(&self, method: Method, path: &str, body: Value) {
        let reply = self.here.admin(method, path, &body).await;
        assert!(reply.status.is_success(), "{path}: {reply:?}");
    }

    pub(super) async fn revoke(&self, kind: &str, value: &str) {
        self.admin(Method::POST, "/revocations", json!({"kind": kind, "value": value})).await;
    }

    /// By her own hand.
    pub(super) async fn log_out_everywhere(&self) {
        let token = log_in(&self.here, &self.secret, "openid").await.tokens().access;
        let reply =
            self.here.call(Method::DELETE, "/sessions?all=true", &token, &json!(null)).await;
        assert!(reply.status.is_success(), "{reply:?}");
    }

    /// Refreshes the session of the code, which is a use of the browser that it lies under.
    pub(super) async fn go_on_granted(&mut self) {
        self.granted = refreshed(&self.here, &self.shop, &self.granted).await;
    }

    /// Refreshes the session of `/login`.
    pub(super) async fn go_on_login(&mut self) {
        self.login = refreshed(&self.here, &self.shop, &self.login).await;
    }

    /// Makes rows vanish.
    pub(super) async fn run(&self, sql: &str) {
        self.here.raw().await.run(sql).await;
    }

    pub(super) async fn browser_id(&self) -> String {
        let list = format!("/browser-sessions?user={}", self.user);
        let list = self.here.admin(Method::GET, &list, &json!(null)).await.json();
        list["items"][0]["id"].as_str().unwrap().to_owned()
    }
}

async fn refreshed(server: &TestServer, shop: &str, held: &Held) -> Held {
    let form = [("grant_type", "refresh_token"), ("refresh_token", held.refresh.as_str())];
    Held::of(server.form("/oauth/token", shop, &encode(form)).await.tokens())
}

/// Registers `shop`, which may do everything; answers its secret.
async fn register(server: &TestServer) -> String {
    let settings = json!({
        "client_id": "shop",
        "name": "The shop",
        "first_party": true,
        "grants": ["authorization_code", "refresh_token", "client_credentials"],
        "scopes": ["openid", "profile", "admin:users"],
        "resources": ["http://localhost:8080/admin"],
        "serves": "http://localhost:8080/admin",
        "redirect_uris": [CALLBACK],
    });
    let made = server.create_client(&settings).await;
    made["client_secret"].as_str().unwrap().to_owned()
}

pub(super) fn asking() -> Asking {
    Asking::of("shop", CALLBACK, "openid profile")
}

/// A code for `shop`, from the beginning.
async fn code(browser: &mut Browser<'_>) -> String {
    let mut reply = browser.ask(&asking()).await;
    if reply.body.contains("name=\"password\"") {
        reply = browser.sign_in(&reply, "anna", PASSWORD).await;
    }
    if reply.body.contains("name=\"decision\"") {
        reply = browser.decide(&reply, "allow").await;
    }
    reply.answer_at(CALLBACK)["code"].clone()
}

pub(super) async fn exchange(server: &TestServer, shop: &str, code: &str) -> Reply {
    let form = [
        ("grant_type", "authorization_code"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("code", code),
    ];
    server.form("/oauth/token", shop, &encode(form)).await
}

/// Logs `anna` in through `shop`.
pub(super) async fn log_in(server: &TestServer, secret: &str, scope: &str) -> Reply {
    let body = json!({
        "username": "anna",
        "password": PASSWORD,
        "client_id": "shop",
        "client_secret": secret,
        "scope": scope,
    });
    server.post_json("/login", &body).await
}
