//! Signing in with a browser: the authorization endpoint, its pages, and what a code gives.

use serde_json::json;

use super::BACKEND;
use crate::support::{Asking, Browser, PASSWORD, Reply, TestServer, VERIFIER, basic, encode};

mod exchange;
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
    let server = TestServer::start(BACKEND).await?;
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

impl Given {
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
