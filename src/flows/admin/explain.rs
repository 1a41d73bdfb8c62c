//! Explaining a refusal: what would be answered now, and what was written down. Nothing is changed.

use zeroize::Zeroizing;

use super::audit::{Filter, list};
use crate::flows::error::FlowError;
use crate::flows::login::attempt::delay_of;
use crate::flows::refresh::recognise;
use crate::flows::server::Server;
use crate::protocol::audit::{AuditEvent, AuditKind};
use crate::protocol::browser_session::BrowserSession;
use crate::protocol::error::Refusal;
use crate::protocol::ids::{BrowserSessionId, SessionId};
use crate::protocol::password::UserName;
use crate::protocol::reason::Reason;
use crate::protocol::refresh_token::{RefreshToken, UnverifiedRefreshToken};
use crate::protocol::rotation::Verdict;
use crate::protocol::session::{Session, SessionStatus};
use crate::protocol::standing::check_client;
use crate::protocol::time::Timestamp;
use crate::protocol::user::UserStatus;
use crate::storage::ops::browser_sessions::FindBrowserSession;
use crate::storage::ops::sessions::{FindSession, FoundSession};
use crate::storage::ops::users::FindUser;

/// What is to be explained.
pub enum Question {
    /// A refresh token or an access token.
    Token(Zeroizing<String>),
    /// A session, or a browser session of this id.
    Session(SessionId),
    /// The logins of a user name.
    User(String),
}

/// The explanation.
pub struct Explanation {
    /// What would be answered now: `ok`, `rotate`, `echo`, `retry`, or the reason of a refusal. For
    /// a user, what the right password would be answered.
    pub outcome: &'static str,
    /// Until when it is answered so, if that is known.
    pub until: Option<Timestamp>,
    /// Why the user's last refused login was refused, if that was written down.
    pub last_refusal: Option<String>,
    /// The session, where there is one.
    pub session: Option<Session>,
    /// The browser session, where there is one.
    pub browser_session: Option<BrowserSession>,
    /// What was written down about it, the newest first.
    pub events: Vec<AuditEvent>,
}

/// Explains.
pub async fn explain(server: &Server, question: Question) -> Result<Explanation, FlowError> {
    match question {
        Question::Session(id) => session(server, id, None).await,
        Question::User(name) => {
            let name = UserName::parse(&name)
                .map_err(|_| Refusal::invalid_request("user is not a user name"))?;
            user(server, &name).await
        }
        Question::Token(text) => match UnverifiedRefreshToken::parse(&text) {
            None => access_token(server, &text).await,
            Some(unverified) => {
                let known = server.memory.current().await?;
                match recognise(&known, Some(unverified)) {
                    Ok(token) => session(server, token.session, Some(&token)).await,
                    Err(FlowError::Refused(refusal)) => {
                        Ok(Explanation::of(refusal.reason.as_str(), Vec::new()))
                    }
                    Err(error) => Err(error),
                }
            }
        },
    }
}

async fn access_token(server: &Server, text: &str) -> Result<Explanation, FlowError> {
    let known = server.memory.current().await?;
    let signed = known.ring.verify(text, &server.settings.issuer, server.now());
    let accepted = server.accept(text, known).await?;
    let outcome = accepted.as_ref().err().map_or("ok", |reason| reason.as_str());
    // Whose signature holds has names that mean something, revoked or not.
    let Some((claims, _)) = signed else {
        return Ok(Explanation::of(outcome, Vec::new()));
    };
    let mut told = events(server, &claims.jti).await?;
    let id = claims.sid.as_deref().and_then(SessionId::parse);
    let mut session = None;
    if let Some(id) = id {
        told.extend(events(server, &id.to_string()).await?);
        session = server.store.read(FindSession(id)).await?.map(|found| found.session);
    }
    // An event may be about both; an id begins with its time.
    told.sort_by_key(|event| std::cmp::Reverse(event.id));
    told.dedup_by_key(|event| event.id);
    told.truncate(usize::try_from(EVENTS).unwrap_or(usize::MAX));
    Ok(Explanation { session, ..Explanation::of(outcome, told) })
}

/// What a login would meet now. The failures that cost time are those of all nodes.
async fn user(server: &Server, name: &UserName) -> Result<Explanation, FlowError> {
    let found = server.store.read(FindUser::Named(name.canonical().to_owned())).await?;
    let delay = delay_of(server, name.canonical()).await?;
    let until = (!delay.is_zero()).then(|| server.now() + delay);
    let outcome = match &found {
        None => "unknown_user",
        Some(user) if user.status == UserStatus::Disabled => Reason::UserDisabled.as_str(),
        Some(user) if user.password_hash.is_none() => "no_password",
        Some(_) if until.is_some() => "throttled",
        Some(_) => "ok",
    };
    let events = events(server, name.canonical()).await?;
    let mut failures = events.iter().filter(|event| event.kind == AuditKind::LoginFailed);
    let last_refusal = failures.find_map(|event| event.reason.as_deref().map(str::to_owned));
    let until = until.filter(|_| outcome == "throttled");
    Ok(Explanation { until, last_refusal, ..Explanation::of(outcome, events) })
}

impl Explanation {
    fn of(outcome: &'static str, events: Vec<AuditEvent>) -> Self {
        Self {
            outcome,
            until: None,
            last_refusal: None,
            session: None,
            browser_session: None,
            events,
        }
    }
}

async fn session(
    server: &Server,
    id: SessionId,
    token: Option<&RefreshToken>,
) -> Result<Explanation, FlowError> {
    let events = events(server, &id.to_string()).await?;
    let Some(found) = server.store.read(FindSession(id)).await? else {
        return browser_session(server, BrowserSessionId::from_bytes(*id.as_bytes()), events).await;
    };
    let outcome = judge(server, &found, token).await?;
    Ok(Explanation { session: Some(found.session), ..Explanation::of(outcome, events) })
}

async fn browser_session(
    server: &Server,
    id: BrowserSessionId,
    events: Vec<AuditEvent>,
) -> Result<Explanation, FlowError> {
    let Some(found) = server.store.read(FindBrowserSession::Id(id)).await? else {
        return Ok(Explanation::of(Reason::UnknownSession.as_str(), events));
    };
    let session = found.shown();
    let (now, life) = (server.now(), session.life);
    let outcome = match life.status {
        SessionStatus::Ended(reason) => reason.as_str(),
        SessionStatus::Active if now >= life.max_expires_at => Reason::SessionMaxExpired.as_str(),
        SessionStatus::Active if !life.is_alive(now) => Reason::SessionIdleExpired.as_str(),
        SessionStatus::Active => "ok",
    };
    Ok(Explanation { browser_session: Some(session), ..Explanation::of(outcome, events) })
}

async fn judge(
    server: &Server,
    found: &FoundSession,
    token: Option<&RefreshToken>,
) -> Result<&'static str, FlowError> {
    if let Err(reason) = found.check_alive(server.now()) {
        return Ok(reason.as_str());
    }
    let session = &found.session;
    let known = server.memory.current().await?;
    let client = known.client(&session.client_id).await?;
    if let Err(reason) = check_client(client.as_deref()) {
        return Ok(reason.as_str());
    }
    let (Some(client), Some(token)) = (client, token) else {
        return Ok("ok");
    };
    let policy = server.rotation_policy(&client);
    let presented = (token.generation, &token.secret.hash());
    let leaves = session.rotation.leaves.len();
    let verdict = session.rotation.judge(presented, &policy, server.now(), |sealed| {
        known.ring.tokens().open_successor(sealed, token, leaves)
    });
    Ok(match verdict {
        Verdict::Keep => "ok",
        Verdict::Rotate => "rotate",
        Verdict::Echo(..) => "echo",
        Verdict::Branch(_) => "retry",
        Verdict::Reuse => Reason::Reuse.as_str(),
        Verdict::Regressed => Reason::StorageRegressed.as_str(),
    })
}

async fn events(server: &Server, target: &str) -> Result<Vec<AuditEvent>, FlowError> {
    let target = Some(target.to_owned());
    list(server, Filter { target, limit: EVENTS, ..Filter::default() }).await
}

/// How many events an explanation has at most.
const EVENTS: u32 = 20;
