//! A client of a server that runs as a process: one connection for each request, and an answer that
//! counts only if it arrived whole.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{Reply, Tokens, basic};
use super::contract::contract;

/// Where requests go, and who sends them.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    pub(crate) secrets: Secrets,
}

/// What the first run wrote down.
#[derive(Clone)]
pub(crate) struct Secrets {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

impl Wire {
    /// Sends a request and reads its answer, which must be one that `openapi.yaml` has.
    ///
    /// # Errors
    /// As for [`exchange`].
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        authorization: &str,
        content: (&str, &str),
    ) -> io::Result<Reply> {
        let reply = exchange(self.address, (&method, path), authorization, content).await?;
        let described = path.split('?').next().unwrap_or(path);
        if let Err(error) = contract().check(&method, described, &reply) {
            panic!("{method} {path}: {error}\n{reply:?}");
        }
        Ok(reply)
    }

    /// Calls the admin API, where it must succeed.
    pub(crate) async fn admin(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Reply {
        let reply = self.try_admin(token, method, path, body).await.unwrap();
        assert!(reply.status.is_success(), "{path}: {reply:?}");
        reply
    }

    /// Calls the admin API, whatever it answers.
    ///
    /// # Errors
    /// As for [`exchange`].
    pub(crate) async fn try_admin(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> io::Result<Reply> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let content = if body.is_empty() { ("", "") } else { (JSON, body.as_str()) };
        let path = format!("/admin/v1{path}");
        self.send(method, &path, &format!("Bearer {token}"), content).await
    }

    /// The name of the server in its tokens, where none is configured.
    pub(crate) fn issuer(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    pub(crate) async fn get(&self, path: &str) -> io::Result<Reply> {
        self.send(Method::GET, path, "", ("", "")).await
    }

    /// Sends a form as the demo client.
    pub(crate) async fn form(&self, path: &str, form: &str) -> io::Result<Reply> {
        let basic = basic(&self.secrets.client_id, &self.secrets.client_secret);
        self.send(Method::POST, path, &basic, (FORM, form)).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> io::Result<Reply> {
        self.form("/oauth/token", &format!("grant_type=refresh_token&refresh_token={token}")).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> io::Result<Reply> {
        self.form("/oauth/revoke", &format!("token={token}")).await
    }

    pub(crate) async fn introspect(&self, token: &str) -> io::Result<Reply> {
        self.form("/oauth/introspect", &format!("token={token}")).await
    }

    /// Tries to log the administrator in through the demo client.
    pub(crate) async fn try_login(&self) -> io::Result<Reply> {
        let mut body = self.person();
        body["client_id"] = json!(self.secrets.client_id);
        body["client_secret"] = json!(self.secrets.client_secret);
        self.send(Method::POST, "/login", "", (JSON, &body.to_string())).await
    }

    /// Logs the administrator in through the demo client.
    pub(crate) async fn login(&self) -> Tokens {
        self.try_login().await.unwrap().tokens()
    }

    /// An access token for the admin API.
    pub(crate) async fn admin_token(&self) -> String {
        let mut body = self.person();
        body["client_id"] = json!("chancery-admin");
        let reply = self.send(Method::POST, "/login", "", (JSON, &body.to_string())).await;
        reply.unwrap().tokens().access
    }

    /// Creates a user, with an access token for the admin API.
    pub(crate) async fn create_user(&self, admin: &str, name: &str) -> io::Result<Reply> {
        let body = json!({"name": name}).to_string();
        let bearer = format!("Bearer {admin}");
        self.send(Method::POST, "/admin/v1/users", &bearer, (JSON, &body)).await
    }

    /// Looks a user up by his id.
    pub(crate) async fn user(&self, admin: &str, id: &str) -> io::Result<Reply> {
        let path = format!("/admin/v1/users/{id}");
        self.send(Method::GET, &path, &format!("Bearer {admin}"), ("", "")).await
    }

    fn person(&self) -> Value {
        json!({"username": self.secrets.username, "password": self.secrets.password})
    }
}

/// Sends a request to any server of a test, by a connection of its own, and reads the answer.
///
/// # Errors
/// If nobody listens or answers; `InvalidData` if the answer ends early.
pub(crate) async fn exchange(
    address: SocketAddr,
    (method, path): (&Method, &str),
    authorization: &str,
    (content_type, body): (&str, &str),
) -> io::Result<Reply> {
    let headers =
        [("Host", "localhost"), ("Authorization", authorization), ("Content-Type", content_type)];
    exchange_with(address, (method, path), &headers, body).await
}

/// The same with these headers alone, of which those that are empty are left out.
pub(crate) async fn exchange_with(
    address: SocketAddr,
    (method, path): (&Method, &str),
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Reply> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "Content-Length: {}\r\n\r\n", body.len());
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer).await;
        match parse(&answer) {
            Some(reply) => Ok(reply),
            None if answer.is_empty() => {
                Err(ended.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()))
            }
            None => Err(io::Error::from(io::ErrorKind::InvalidData)),
        }
    };
    timeout(PATIENCE, exchange).await.unwrap()
}

impl Secrets {
    /// Reads the file of the first run.
    pub(super) fn parse(text: &str) -> Self {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches('\'').to_owned()
        };
        Self {
            username: value("USERNAME"),
            password: value("PASSWORD"),
            client_id: value("CLIENT_ID"),
            client_secret: value("CLIENT_SECRET"),
        }
    }
}

/// The answer, if all of it is there. Every answer of this server says how long it is.
pub(super) fn parse(answer: &[u8]) -> Option<Reply> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        headers.append(name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?);
    }
    let reply = Reply {
        status: StatusCode::from_bytes(status.as_bytes()).ok()?,
        headers,
        body: body.to_owned(),
    };
    // Before HTTP/1.1 it is the connection's end that says so.
    let whole = text.starts_with("HTTP/1.0 ")
        || reply.header("content-length").parse().unwrap_or(0) == body.len();
    whole.then_some(reply)
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const PATIENCE: Duration = Duration::from_mins(1);
