//! The people of a server: users and their sessions.

use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::target::{AT_ONCE, CLIENT, LONGEST, Target};
use crate::figures::Failure;
use crate::stage::http::{Request, form_request, json_request, member};

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

    /// So many access tokens of the client itself.
    pub(super) async fn service_tokens(&self, number: usize) -> Result<Vec<String>, Failure> {
        let request = |_| self.token_request(&[("grant_type", "client_credentials")]);
        let answers = timeout(LONGEST, self.send_all((0..number).map(request))).await??;
        answers.iter().map(|answer| member(answer, "access_token")).collect()
    }

    /// The next token of a session.
    pub(super) async fn refresh(&self, token: &str) -> Result<String, Failure> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        member(&self.send(self.token_request(&form)?).await?, "refresh_token")
    }

    fn token_request(&self, form: &[(&str, &str)]) -> Result<Request, Failure> {
        let client = [("client_id", CLIENT), ("client_secret", self.secret.as_str())];
        form_request(&format!("{}/oauth/token", self.url), &[form, &client[..]].concat())
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
}

impl Session {
    fn of(answer: &Value) -> Result<Self, Failure> {
        Ok(Self {
            access: member(answer, "access_token")?,
            refresh: member(answer, "refresh_token")?,
        })
    }
}

const PASSWORD: &str = "a password that is long enough";
/// 198.18.0.0, where addresses for measurements begin (RFC 2544 §C.2.2).
const ADDRESSES: u32 = 0xc612_0000;
/// A user may have twice as many before the oldest ends.
const SESSIONS_OF_ONE: usize = 100;
