//! Signing in with a browser: the authorization endpoint, its pages, and what a code gives.

use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{
    Asking, Browser, Options, PASSWORD, Reply, TestServer, VERIFIER, basic, encode,
};

mod consent;
mod exchange;
mod forgery;
mod guessing;
mod headers;
mod lifetimes;
mod outage;
mod prompts;
mod redirects;
mod requests;
mod walk;

/// Where the test clients are answered.
pub(super) const CALLBACK: &str = "https://shop.example/cb";

/// A server with a user `anna` and two clients: `shop`, which has a secret, and `spa`, which has
/// none.
pub(super) struct Given {
    pub(super) server: TestServer,
    /// The Basic credentials of `shop`.
    pub(super) shop: String,
}

/// What both clients may ask for.
pub(super) const SCOPE: &str = "openid profile email offline_access";

pub(super) async fn given() -> Option<Given> {
    given_with(Options::default()).await
}

pub(super) async fn given_with(options: Options) -> Option<Given> {
    let server = TestServer::start_with(BACKEND, options).await?;
    Some(Given { shop: register(&server, "shop", false).await, server: furnish(server).await })
}

async fn furnish(server: TestServer) -> TestServer {
    register(&server, "spa", true).await;
    let profile = json!({"name": "Anna Muster", "email": "anna@mail.example"});
    let anna = json!({"name": "anna", "password": PASSWORD, "profile": profile});
    let made = server.admin(http::Method::POST, "/users", &anna).await;
    assert_eq!(made.status, 201, "{made:?}");
    server
}

/// Registers a client for the code grant; answers its Basic credentials if it has a secret.
pub(super) async fn register(server: &TestServer, id: &str, public: bool) -> String {
    let settings = json!({
        "client_id": id,
        "name": format!("The {id}"),
        "public": public,
        "grants": ["authorization_code", "refresh_token"],
        "scopes": SCOPE.split(' ').collect::<Vec<_>>(),
        "redirect_uris": [CALLBACK],
    });
    let made = server.create_client(&settings).await;
    made["client_secret"].as_str().map(|secret| basic(id, secret)).unwrap_or_default()
}

/// Asserts that the client is told of an error at its redirect URI, with nothing beside it, and with
/// the state if there is one.
#[track_caller]
pub(super) fn assert_denied(reply: &Reply, error: &str, state: Option<&str>) {
    let answer = reply.answer_at(CALLBACK);
    assert_eq!(answer["error"], error, "{answer:?}");
    assert_eq!(answer.get("state").map(String::as_str), state, "{answer:?}");
    assert_eq!(answer.len(), 3 + usize::from(state.is_some()), "{answer:?}");
    let pairs = reply.location().matches(['?', '&']).count();
    assert_eq!(pairs, answer.len(), "none is repeated: {answer:?}");
}

impl Given {
    /// How many rows signing in with a browser has left so far, and events.
    pub(super) async fn rows(&self) -> i64 {
        let tables = ["browser_session", "consent", "authorization_code", "session", "audit"];
        let counts = tables.map(|table| format!("(SELECT COUNT(*) FROM {table})"));
        self.server.raw().await.number(&format!("SELECT {}", counts.join(" + "))).await
    }

    /// The id of `anna`.
    pub(super) async fn anna(&self) -> String {
        let list = self.server.admin(http::Method::GET, "/users", &Value::Null).await.json();
        let mut users = list["items"].as_array().unwrap().iter();
        users.find(|user| user["name"] == "anna").unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Changes `anna`, as an administrator.
    pub(super) async fn change_anna(&self, method: http::Method, what: &str, body: &Value) {
        let path = format!("/users/{}{what}", self.anna().await);
        let changed = self.server.admin(method, &path, body).await;
        assert!(changed.status.is_success(), "{changed:?}");
    }

    /// Changes a client, as an administrator.
    pub(super) async fn change_client(&self, id: &str, body: &Value) {
        let path = format!("/clients/{}", self.server.client_key(id).await);
        let changed = self.server.admin(http::Method::PATCH, &path, body).await;
        assert_eq!(changed.status, 200, "{changed:?}");
    }

    pub(super) fn browser(&self) -> Browser<'_> {
        Browser::at(&self.server)
    }

    pub(super) fn asking(client: &str) -> Asking {
        Asking::of(client, CALLBACK, "openid profile")
    }

    /// The code that `anna` gives a client, from the beginning.
    pub(super) async fn code(&self, browser: &mut Browser<'_>, asking: &Asking) -> String {
        let mut reply = browser.ask(asking).await;
        if reply.body.contains("name=\"password\"") {
            reply = browser.sign_in(&reply, "anna", PASSWORD).await;
        }
        if reply.body.contains("name=\"decision\"") {
            reply = browser.decide(&reply, "allow").await;
        }
        reply.answer_at(CALLBACK)["code"].clone()
    }

    /// Asks userinfo.
    pub(super) async fn userinfo(&self, access: &str) -> Reply {
        self.server.call(http::Method::GET, "/oauth/userinfo", access, &Value::Null).await
    }

    /// Whether an access token is good for userinfo.
    pub(super) async fn is_good(&self, access: &str) -> bool {
        self.userinfo(access).await.status == 200
    }

    /// Refreshes as `shop`.
    pub(super) async fn refresh(&self, token: &str) -> Reply {
        let form = format!("grant_type=refresh_token&refresh_token={token}");
        self.server.form("/oauth/token", &self.shop, &form).await
    }

    /// Exchanges a code for tokens, as `shop`.
    pub(super) async fn exchange(&self, code: &str) -> Reply {
        self.exchange_as(&self.shop, &[("code", code)]).await
    }

    /// Exchanges a code; what is given takes the place of what is usual.
    pub(super) async fn exchange_as(&self, basic: &str, given: &[(&str, &str)]) -> Reply {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        form.retain(|(name, _)| !given.iter().any(|(other, _)| name == other));
        form.extend(given.iter().filter(|(_, value)| !value.is_empty()));
        self.server.form("/oauth/token", basic, &encode(form)).await
    }
}
