//! A server with all that a load needs: a client and its API, users, sessions.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::user::Caller;
use crate::figures::Failure;
use crate::stage::Node;
use crate::stage::http::{Http, Request, authorized, http, json_request, member, send};

/// A server, its administrator, and the client that all virtual users have.
pub(super) struct Target {
    http: Http,
    url: String,
    access: String,
    secret: String,
    /// How many users there are.
    users: AtomicU32,
}

/// A user who can log in, at an address of his own: few logins of one network may wait at once.
pub(super) struct Visitor {
    pub(super) address: String,
    /// What he sends to log in.
    pub(super) body: Value,
}

/// What a login has given.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) access: String,
    pub(super) refresh: String,
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
    pub(super) async fn fill(&self, clients: usize, revocations: usize) -> Result<(), Failure> {
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

    /// So many sessions, at most [`SESSIONS_OF_ONE`] of them of one user.
    pub(super) async fn sessions(&self, number: usize) -> Result<Vec<Session>, Failure> {
        timeout(LONGEST, self.log_in(number)).await?
    }

    async fn log_in(&self, number: usize) -> Result<Vec<Session>, Failure> {
        let visitors = self.visitors(number.div_ceil(SESSIONS_OF_ONE).max(AT_ONCE)).await?;
        let login = |session| {
            let Visitor { address, body } = &visitors[session % visitors.len()];
            let mut request = json_request(&format!("{}/login", self.url), body)?;
            request.headers_mut().insert("x-forwarded-for", address.parse()?);
            Ok(request)
        };
        let answers = self.send_all((0..number).map(login)).await?;
        answers.iter().map(Session::of).collect()
    }

    /// The answers to all requests, some of which are on their way at once.
    async fn send_all(
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

    /// So many new users without sessions.
    pub(super) async fn visitors(&self, number: usize) -> Result<Vec<Visitor>, Failure> {
        let mut visitors = Vec::new();
        for _ in 0..number {
            let user = self.users.fetch_add(1, Ordering::Relaxed);
            let name = format!("user-{user}");
            self.create("users", &json!({"name": name, "password": PASSWORD})).await?;
            visitors.push(self.visitor(&name, user));
        }
        Ok(visitors)
    }

    /// A user who is there, at the address of this number.
    pub(super) fn visitor(&self, name: &str, number: u32) -> Visitor {
        let body = json!({
            "username": name,
            "password": PASSWORD,
            "client_id": CLIENT,
            "client_secret": self.secret,
        });
        Visitor { address: Ipv4Addr::from_bits(ADDRESSES + number).to_string(), body }
    }

    async fn create(&self, kind: &str, body: &Value) -> Result<Value, Failure> {
        send(&self.http, self.creation(kind, body)?).await
    }

    fn creation(&self, kind: &str, body: &Value) -> Result<Request, Failure> {
        let request = json_request(&format!("{}/admin/v1/{kind}", self.url), body)?;
        authorized(request, &self.access)
    }

    fn host(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

impl Session {
    fn of(answer: &Value) -> Result<Self, Failure> {
        Ok(Self {
            access: member(answer, "access_token")?,
            refresh: member(answer, "refresh_token")?,
        })
    }
}

const CLIENT: &str = "load";
const RESOURCE: &str = "https://load.example";
const PASSWORD: &str = "a password that is long enough";
/// 198.18.0.0, where addresses for measurements begin (RFC 2544 §C.2.2).
const ADDRESSES: u32 = 0xc612_0000;
/// A user may have twice as many before the oldest ends.
const SESSIONS_OF_ONE: usize = 100;
const AT_ONCE: usize = 8;
const LONGEST: Duration = Duration::from_mins(2);
