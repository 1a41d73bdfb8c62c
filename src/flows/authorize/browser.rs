//! Browser sessions: who is signed in, and signing in.

use super::super::ending::count_ended;
use super::super::error::FlowError;
use super::super::login::failure::note_failure;
use super::super::login::password::{authenticate_user, reward};
use super::super::server::Server;
use crate::audit;
use crate::protocol::audit::{Actor, AuditKind, Origin};
use crate::protocol::browser_session::{BrowserCookie, BrowserLife, BrowserSession};
use crate::protocol::client::ClientId;
use crate::protocol::error::Refusal;
use crate::protocol::ids::BrowserSessionId;
use crate::protocol::reason::Reason;
use crate::protocol::secret::SecretHash;
use crate::protocol::session::{Authentication, EndReason, SessionStatus};
use crate::protocol::time::Timestamp;
use crate::protocol::token_request::Credentials;
use crate::protocol::user::User;
use crate::storage::StorageError;
use crate::storage::ops::browser_sessions::{
    BeginBrowserSession, BrowserSessions, EndedBrowserSessions, FindBrowserSession,
    FoundBrowserSession, TouchBrowserSession,
};

/// A browser in which somebody is signed in.
#[derive(Clone)]
pub struct Present {
    /// The browser session, which is alive.
    pub session: BrowserSession,
    /// Its user, as he is.
    pub user: User,
}

/// A browser session that has just begun.
pub struct NewBrowser {
    /// Its id.
    pub id: BrowserSessionId,
    /// What its cookie holds.
    pub cookie: BrowserCookie,
}

/// Who is signed in in the browser with this cookie. A browser session that is used lives on.
pub async fn present(
    server: &Server,
    cookie: Option<&SecretHash>,
    origin: &Origin,
) -> Result<Option<Present>, FlowError> {
    let Some(found) = find(server, cookie).await? else {
        return Ok(None);
    };
    let (now, FoundBrowserSession { session, user }) = (server.now(), found);
    let stands = session.standing(user.as_ref()).check(now).is_ok();
    let Some(user) = user.filter(|_| stands) else {
        return Ok(None);
    };
    touch(server, &session, (now, origin)).await;
    Ok(Some(Present { session, user }))
}

/// Signs a user in, in a new browser session. The one that the browser had
/// before is over (SES-01, C045).
pub async fn sign_in(
    server: &Server,
    credentials: &Credentials,
    (old, client): (Option<&SecretHash>, Option<&ClientId>),
    origin: &Origin,
) -> Result<NewBrowser, FlowError> {
    match attempt(server, credentials, old, origin).await {
        Ok(new) => {
            metrics::counter!("chancery_login_total", "outcome" => "ok").increment(1);
            Ok(new)
        }
        Err(error) => Err(note_failure(server, error, credentials, (client, origin)).await),
    }
}

async fn attempt(
    server: &Server,
    credentials: &Credentials,
    old: Option<&SecretHash>,
    origin: &Origin,
) -> Result<NewBrowser, FlowError> {
    let proven = authenticate_user(server, credentials, origin).await?;
    let old = find(server, old).await?.map(|found| found.session);
    let user = &proven.user;
    let replaces = match old {
        Some(old) if old.user_id != user.id => {
            end_other(server, &old, (user, origin)).await?;
            None
        }
        old => old.map(|old| old.id),
    };
    let new = begin(server, user, replaces, origin).await?;
    reward(server, &proven.attempt, proven.rehash).await;
    Ok(new)
}

/// Begins a browser session for a user who has just proved who he is, in the place of the one that
/// he had in this browser.
pub(in crate::flows) async fn begin(
    server: &Server,
    user: &User,
    replaces: Option<BrowserSessionId>,
    origin: &Origin,
) -> Result<NewBrowser, FlowError> {
    let entropy = server.world.entropy.as_ref();
    let cookie = BrowserCookie::from_bytes(entropy.bytes());
    let id = BrowserSessionId::from_bytes(entropy.bytes());
    let (now, lifetimes) = (server.now(), &server.settings.browser_sessions);
    let max_expires_at = now + lifetimes.max;
    let session = BrowserSession {
        id,
        secret: cookie.hash(),
        user_id: user.id,
        user_version: user.version,
        authentication: Authentication { at: now, acr: None, amr: vec!["pwd".to_owned()] },
        created_at: now,
        last_seen: now,
        life: BrowserLife {
            idle_expires_at: lifetimes.idle_expiry(now, max_expires_at),
            max_expires_at,
            status: SessionStatus::Active,
        },
        user_agent: origin.user_agent.clone(),
        address: origin.address,
    };
    store(server, session, replaces, origin).await?;
    Ok(NewBrowser { id, cookie })
}

async fn store(
    server: &Server,
    session: BrowserSession,
    replaces: Option<BrowserSessionId>,
    origin: &Origin,
) -> Result<(), FlowError> {
    let known = server.memory.current().await?;
    let keep = server.settings.sessions_per_user;
    let surplus = BrowserSessions::Surplus(session.user_id, session.id, keep);
    let audit = server
        .event(AuditKind::SignIn, Actor::User(session.user_id.to_string()))
        .about(session.id)
        .from(origin);
    let (id, revoking) = (session.id, server.revoking_user(&known));
    let begin = BeginBrowserSession { session, replaces, keep, revoking, audit: audit.clone() };
    let stored = match server.store.write(begin).await {
        // Whether it was stored is found by its own row.
        Err(StorageError::OutcomeUnknown(_)) => find_outcome(server, id).await?,
        stored => stored?,
    };
    // The user was changed while his password was being compared.
    let ended = stored.ok_or(Refusal::wrong_credentials(Reason::UserChanged))?;
    audit::log(&audit);
    if !ended.is_empty() {
        count_ended(&ended.sessions);
        if ended.is_full() {
            let rest = server.end_browser_sessions(surplus, EndReason::TooMany, None, &known);
            if let Err(error) = rest.await {
                // The next sign-in tries again.
                tracing::warn!(%error, "surplus browser sessions could not be ended");
            }
        }
        server.obey_now().await;
    }
    Ok(())
}

async fn find_outcome(
    server: &Server,
    id: BrowserSessionId,
) -> Result<Option<EndedBrowserSessions>, FlowError> {
    let found = server.store.read(FindBrowserSession::Id(id)).await?;
    // What it has ended is obeyed, though nobody counts it.
    server.obey_now().await;
    found.map(|_| Some(EndedBrowserSessions::default())).ok_or(FlowError::Unavailable)
}

async fn find(
    server: &Server,
    cookie: Option<&SecretHash>,
) -> Result<Option<FoundBrowserSession>, FlowError> {
    let Some(cookie) = cookie else {
        return Ok(None);
    };
    Ok(server.store.read(FindBrowserSession::Secret(cookie.clone())).await?)
}

/// Somebody else signs in in this browser: what the one before him had there ends first.
async fn end_other(
    server: &Server,
    old: &BrowserSession,
    (user, origin): (&User, &Origin),
) -> Result<(), FlowError> {
    let (known, reason) = (server.memory.current().await?, EndReason::Replaced);
    let event = server
        .event(AuditKind::BrowserSessionEnded, Actor::User(user.id.to_string()))
        .about(old.id)
        .from(origin)
        .because(reason.as_str());
    server.end_browser_sessions(BrowserSessions::One(old.id), reason, Some(event), &known).await?;
    server.obey_now().await;
    Ok(())
}

/// Notes that a browser session was used, but not each time.
async fn touch(server: &Server, session: &BrowserSession, (now, origin): (Timestamp, &Origin)) {
    if now.since(session.last_seen) < TOUCH_EVERY {
        return;
    }
    let lifetimes = &server.settings.browser_sessions;
    let touch = TouchBrowserSession {
        id: session.id,
        at: now,
        idle_expires_at: lifetimes.idle_expiry(now, session.life.max_expires_at),
        address: origin.address,
    };
    if let Err(error) = server.store.write(touch).await {
        tracing::warn!(%error, "the use of a browser session could not be noted");
    }
}

/// Short against every idle lifetime that makes sense.
const TOUCH_EVERY: std::time::Duration = std::time::Duration::from_mins(1);
