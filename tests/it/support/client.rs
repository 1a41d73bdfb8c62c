//! Requests to the server, and what comes back.

use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chancery::storage::ops::audit::ListAudit;
use chancery::storage::ops::feed::ReadRevocations;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::contract::contract;
use super::server::TestServer;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The tokens of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Reply {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The value of a header, empty if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The tokens of a successful answer.
    pub(crate) fn tokens(&self) -> Tokens {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        let json = self.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token") }
    }

    /// Asserts an error of this status and code, with the headers that every error has.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.json()["error"], code, "{self:?}");
        assert!(self.json()["error_description"].is_string(), "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store", "{self:?}");
    }

    /// Asserts that a refresh token does not work.
    #[track_caller]
    pub(crate) fn assert_invalid_grant(&self) {
        self.assert_error(400, "invalid_grant");
    }
}

impl TestServer {
    /// Sends any request, and checks that its answer is one that `openapi.yaml` has.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (mut parts, body) = request.into_parts();
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
        if parts.extensions.get::<ConnectInfo<SocketAddr>>().is_none() {
            parts.extensions.insert(ConnectInfo(peer));
        }
        let response = self.app.clone().oneshot(Request::from_parts(parts, body)).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let reply = Reply { status: parts.status, headers: parts.headers, body };
        if let Err(error) = contract().check(&method, &self.described_path(&path), &reply) {
            panic!("{method} {path}: {error}\n{reply:?}");
        }
        reply
    }

    /// The path as `openapi.yaml` has it: without the issuer's own.
    fn described_path(&self, path: &str) -> String {
        let own = self.server.settings.issuer.path();
        let at_root = |path: &str| matches!(path, "/healthz" | "/readyz");
        let metadata = "/.well-known/oauth-authorization-server";
        let bare = if at_root(path) {
            Some(path)
        } else if path.contains(metadata) {
            path.strip_suffix(&own).filter(|path| *path == metadata)
        } else {
            path.strip_prefix(&own).filter(|path| !at_root(path))
        };
        bare.unwrap_or("/not/below/the/issuer").to_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form; `authorization` is left out if it is empty.
    pub(crate) async fn form(&self, path: &str, authorization: &str, form: &str) -> Reply {
        let mut request =
            Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Sends a request with an access token and, unless it is null, a JSON body.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"));
        let request = if body.is_null() {
            request.body(Body::empty())
        } else {
            request.header("content-type", "application/json").body(Body::from(body.to_string()))
        };
        self.send(request.unwrap()).await
    }

    /// The body of a login of the administrator through the demo client.
    pub(crate) fn login_body(&self) -> Value {
        json!({
            "username": self.secrets.username,
            "password": self.secrets.password,
            "client_id": self.secrets.client_id,
            "client_secret": self.secrets.client_secret,
        })
    }

    /// Logs the administrator in through the demo client.
    pub(crate) async fn login(&self) -> Tokens {
        self.login_as_administrator().await.tokens()
    }

    /// Tries to log the administrator in through the demo client.
    pub(crate) async fn login_as_administrator(&self) -> Reply {
        self.post_json("/login", &self.login_body()).await
    }

    /// The demo client's Basic credentials.
    pub(crate) fn basic(&self) -> String {
        basic(&self.secrets.client_id, &self.secrets.client_secret)
    }

    /// Refreshes as the demo client.
    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        self.refresh_with(token, "").await
    }

    /// Refreshes as the demo client with further parameters.
    pub(crate) async fn refresh_with(&self, token: &str, more: &str) -> Reply {
        let form = format!("grant_type=refresh_token&refresh_token={token}{more}");
        self.form("/oauth/token", &self.basic(), &form).await
    }

    /// Revokes a token as the demo client.
    pub(crate) async fn revoke(&self, token: &str) {
        let reply = self.form("/oauth/revoke", &self.basic(), &format!("token={token}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    }

    /// Asks the demo client's introspection about a token.
    pub(crate) async fn introspect(&self, token: &str) -> Value {
        let reply = self.form("/oauth/introspect", &self.basic(), &format!("token={token}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        reply.json()
    }

    /// An access token of the administrator for the admin API.
    pub(crate) async fn admin_token(&self) -> String {
        let body = json!({
            "username": self.secrets.username,
            "password": self.secrets.password,
            "client_id": "chancery-admin",
        });
        self.post_json("/login", &body).await.tokens().access
    }

    /// The same with nothing but `scope`.
    pub(crate) async fn admin_token_with(&self, scope: &str) -> String {
        let body = json!({
            "username": self.secrets.username,
            "password": self.secrets.password,
            "client_id": "chancery-admin",
            "scope": scope,
        });
        self.post_json("/login", &body).await.tokens().access
    }

    /// Calls the admin API as the administrator.
    pub(crate) async fn admin(&self, method: Method, path: &str, body: &Value) -> Reply {
        let token = self.admin_token().await;
        self.call(method, &format!("/admin/v1{path}"), &token, body).await
    }

    /// Creates a user and answers his id; his password is [`PASSWORD`].
    pub(crate) async fn create_user(&self, name: &str, roles: &[&str]) -> String {
        let body = json!({"name": name, "password": PASSWORD, "roles": roles});
        let reply = self.admin(Method::POST, "/users", &body).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    /// Logs a user in through the demo client.
    pub(crate) async fn login_as(&self, name: &str) -> Reply {
        let mut body = self.login_body();
        body["username"] = json!(name);
        body["password"] = json!(PASSWORD);
        self.post_json("/login", &body).await
    }

    /// Creates a client and answers it with its secret, if it has one.
    pub(crate) async fn create_client(&self, settings: &Value) -> Value {
        let reply = self.admin(Method::POST, "/clients", settings).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        reply.json()
    }

    /// The Basic credentials of a new client that serves `resource` and may get tokens for it.
    pub(crate) async fn create_service(&self, id: &str, resource: &str) -> String {
        let settings = json!({
            "client_id": id,
            "grants": ["client_credentials"],
            "resources": [resource],
            "serves": resource,
        });
        basic(id, self.create_client(&settings).await["client_secret"].as_str().unwrap())
    }

    /// An access token that a client gets for itself.
    pub(crate) async fn client_token(&self, basic: &str, more: &str) -> String {
        let form = format!("grant_type=client_credentials{more}");
        self.form("/oauth/token", basic, &form).await.tokens().access
    }

    /// The admin API's id of a client.
    pub(crate) async fn client_key(&self, client_id: &str) -> String {
        let list = self.admin(Method::GET, "/clients", &Value::Null).await.json();
        let items = list["items"].as_array().unwrap().iter();
        let mut found = items.filter(|item| item["client_id"] == client_id);
        found.next().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// How many rows the log of revocations and the audit log have, and where the log ends.
    pub(crate) async fn rows(&self) -> (usize, usize) {
        let from = ReadRevocations { from: 0, limit: 1_000_000 };
        let revocations = self.server.store.read(from).await.unwrap().len();
        let all = ListAudit { limit: 1_000_000, ..ListAudit::default() };
        (revocations, self.server.store.read(all).await.unwrap().len())
    }

    pub(crate) async fn is_active(&self, token: &str) -> bool {
        self.introspect(token).await["active"] == true
    }

    /// Like [`TestServer::is_active`], asked by another client with its id and secret.
    pub(crate) async fn is_active_for(&self, (id, secret): (&str, &str), token: &str) -> bool {
        let form = format!("token={token}");
        let reply = self.form("/oauth/introspect", &basic(id, secret), &form).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        reply.json()["active"] == true
    }
}

/// The claims of a token, not verified.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The password of the users that tests create.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Basic credentials (RFC 6749 §2.3.1) for an id and a secret that need no encoding.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")))
}
