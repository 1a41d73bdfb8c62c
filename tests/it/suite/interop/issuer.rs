//! A server, and what its APIs get from it.

use std::net::SocketAddr;
use std::process::Command;

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Home, Program, Reply, Serving, Wire, basic, exchange, free_address};

/// A server that runs as a process, with its administrator.
pub(super) struct Issuer {
    pub(super) home: Home,
    pub(super) serving: Serving,
    pub(super) wire: Wire,
    admin: String,
}

/// An API that the server knows, and the credentials of a client that gets tokens for it.
pub(super) struct Resource {
    pub(super) uri: String,
    pub(super) algorithm: &'static str,
    basic: String,
}

impl Issuer {
    /// `None` if the database is not to be had, which was said.
    pub(super) async fn start() -> Option<Self> {
        let mut home = Home::new(BACKEND)?;
        let serving = home.serve();
        let wire = home.wire(&serving);
        let admin = wire.admin_token().await;
        Some(Self { home, serving, wire, admin })
    }

    /// The name of the server, by which it is reached.
    pub(super) fn name(&self) -> String {
        format!("http://localhost:{}", self.wire.address.port())
    }

    /// Makes an API whose tokens live for an hour.
    pub(super) async fn resource(&self, algorithm: &'static str) -> Resource {
        let id = format!("api-{}", algorithm.to_lowercase());
        let uri = format!("https://{id}.example");
        let resource = json!({"uri": uri, "scopes": ["read", "reading"], "algorithm": algorithm,
            "access_token_ttl": 3600});
        self.admin(Method::POST, "/resources", &resource).await;
        let client = json!({"client_id": id, "grants": ["client_credentials"],
            "scopes": ["read", "reading"], "resources": [uri], "serves": uri});
        let client = self.admin(Method::POST, "/clients", &client).await.json();
        let basic = basic(&id, client["client_secret"].as_str().unwrap());
        Resource { uri, algorithm, basic }
    }

    /// A token for an API, of this scope.
    pub(super) async fn token(&self, resource: &Resource, scope: &str) -> String {
        let form = format!("grant_type=client_credentials&scope={scope}");
        let reply = self.post(&resource.basic, "/oauth/token", &form).await;
        reply.tokens().access
    }

    /// Whether the server itself still knows a token as good.
    pub(super) async fn is_active(&self, resource: &Resource, token: &str) -> bool {
        let form = format!("token={token}");
        let reply = self.post(&resource.basic, "/oauth/introspect", &form).await;
        reply.json()["active"] == true
    }

    pub(super) async fn revoke(&self, resource: &Resource, token: &str) {
        let reply = self.post(&resource.basic, "/oauth/revoke", &format!("token={token}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    pub(super) async fn rotate_keys(&self) {
        self.admin(Method::POST, "/keys/rotate", &json!({"now": true})).await;
    }

    pub(super) async fn compromise(&self, kid: &str) {
        self.admin(Method::POST, &format!("/keys/{kid}/compromise"), &Value::Null).await;
    }

    /// How many refreshes have given new tokens so far.
    pub(super) async fn refreshes(&self) -> u64 {
        let text = self.wire.get("/metrics").await.unwrap().body;
        let line =
            text.lines().find_map(|it| it.strip_prefix("chancery_refresh_total{outcome=\"ok\"} "));
        line.map_or(0, |count| count.parse().unwrap())
    }

    /// Calls the admin API.
    pub(super) async fn admin(&self, method: Method, path: &str, body: &Value) -> Reply {
        self.wire.admin(&self.admin, method, path, body).await
    }

    async fn post(&self, basic: &str, path: &str, form: &str) -> Reply {
        let content = ("application/x-www-form-urlencoded", form);
        self.wire.send(Method::POST, path, basic, content).await.unwrap()
    }
}

/// An API that runs as a process: one of those that the page shows.
pub(super) struct Api {
    program: Program,
    address: SocketAddr,
}

impl Api {
    /// Starts it, and waits until it listens. `files` are the block of the page and what it runs in.
    pub(super) fn start(
        command: Command,
        files: &[(&str, String)],
        (issuer, audience, algorithm): (&str, &str, &str),
    ) -> Self {
        let address = free_address();
        let port = address.port().to_string();
        let variables =
            [("ISSUER", issuer), ("AUDIENCE", audience), ("ALGORITHM", algorithm), ("PORT", &port)];
        let program = Program::start(command, files, &variables);
        assert_eq!(program.hear(), "listening");
        Self { program, address }
    }

    /// Asks it with this header, empty for none.
    pub(super) async fn ask(&self, authorization: &str) -> Reply {
        exchange(self.address, (&Method::GET, "/"), authorization, ("", "")).await.unwrap()
    }

    /// Asks it with a token.
    pub(super) async fn call(&self, token: &str) -> Reply {
        self.ask(&format!("Bearer {token}")).await
    }

    /// Sets its clock, in Unix seconds. From then on it stands.
    pub(super) fn set_clock(&mut self, seconds: i64) {
        self.program.say(&seconds.to_string());
        assert_eq!(self.program.hear(), "set");
    }
}
