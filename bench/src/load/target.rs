//! A server with all that a load needs: a client, its API, and what else it is to know.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::line::Filling;
use super::user::Caller;
use crate::figures::Failure;
use crate::stage::Node;
use crate::stage::http::{Http, Request, authorized, http, json_request, member, send};

/// A server, its administrator, and the client that all virtual users have.
pub(super) struct Target {
    http: Http,
    pub(super) url: String,
    access: String,
    pub(super) secret: String,
    /// How many users there are.
    pub(super) users: AtomicU32,
}

impl Target {
    /// Registers the client and an API whose tokens are signed with `algorithm`.
    pub(super) async fn prepare(node: &Node, algorithm: &str) -> Result<Self, Failure> {
        let mut target = Self {
            http: http(),
            url: node.url.clone(),
            access: String::new(),
            secret: String::new(),
            users: AtomicU32::new(0),
        };
        let login = json!({
            "username": node.secret("USERNAME")?,
            "password": node.secret("PASSWORD")?,
            "client_id": "chancery-admin",
        });
        let login = send(&target.http, json_request(&format!("{}/login", node.url), &login)?);
        target.access = member(&login.await?, "access_token")?;
        let resource = json!({
            "uri": RESOURCE,
            "scopes": ["read", "write"],
            "algorithm": algorithm,
            // Tokens that are made before a measurement are good until its end.
            "access_token_ttl": 3600,
        });
        target.create("resources", &resource).await?;
        let client = json!({
            "client_id": CLIENT,
            "first_party": true,
            "grants": ["client_credentials", "refresh_token"],
            "scopes": ["read", "write"],
            "resources": [RESOURCE],
            "serves": RESOURCE,
        });
        target.secret = member(&target.create("clients", &client).await?, "client_secret")?;
        Ok(target)
    }

    /// Adds clients and revocations for which nobody asks.
    pub(super) async fn fill(&self, filling: Filling) -> Result<(), Failure> {
        let Filling { clients, revocations } = filling;
        let mut work = Vec::new();
        for client in 0..clients {
            work.push(("clients", json!({"client_id": format!("client-{client}")})));
        }
        for revoked in 0..revocations {
            work.push(("revocations", json!({"kind": "jti", "value": format!("token-{revoked}")})));
        }
        let requests = work.iter().map(|(kind, body)| self.creation(kind, body));
        timeout(LONGEST, self.send_all(requests)).await??;
        Ok(())
    }

    /// Where the server listens.
    pub(super) fn address(&self) -> Result<SocketAddr, Failure> {
        Ok(self.host().parse()?)
    }

    /// The client, as virtual users have it.
    pub(super) fn caller(&self) -> Rc<Caller> {
        Rc::new(Caller::new(self.host(), (CLIENT, &self.secret)))
    }

    /// The answers to all requests, some of which are on their way at once.
    pub(super) async fn send_all(
        &self,
        requests: impl Iterator<Item = Result<Request, Failure>>,
    ) -> Result<Vec<Value>, Failure> {
        let (mut coming, mut answers) = (JoinSet::new(), Vec::new());
        for request in requests {
            if coming.len() == AT_ONCE {
                answers.extend(coming.join_next().await.transpose()?.transpose()?);
            }
            let (http, request) = (self.http.clone(), request?);
            coming.spawn(async move { send(&http, request).await });
        }
        while let Some(answer) = coming.join_next().await {
            answers.push(answer??);
        }
        Ok(answers)
    }

    /// The answer to one request.
    pub(super) async fn send(&self, request: Request) -> Result<Value, Failure> {
        send(&self.http, request).await
    }

    pub(super) async fn create(&self, kind: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.creation(kind, body)?).await
    }

    fn creation(&self, kind: &str, body: &Value) -> Result<Request, Failure> {
        let request = json_request(&format!("{}/admin/v1/{kind}", self.url), body)?;
        authorized(request, &self.access)
    }

    fn host(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

pub(super) const CLIENT: &str = "load";
const RESOURCE: &str = "https://load.example";
/// So many requests are on their way at once.
pub(super) const AT_ONCE: usize = 8;
/// What is made may not take longer.
pub(super) const LONGEST: Duration = Duration::from_mins(2);
