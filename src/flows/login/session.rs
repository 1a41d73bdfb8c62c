//! The session that a login begins, and those that make room for it.

use super::super::error::FlowError;
use super::super::issue::{Admitted, RefreshResponse};
use super::super::known::Known;
use super::super::server::Server;
use crate::audit;
use crate::protocol::audit::{Actor, AuditKind, Origin};
use crate::protocol::browser_session::BrowserLife;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::error::Refusal;
use crate::protocol::ids::{BrowserSessionId, SessionId};
use crate::protocol::reason::Reason;
use crate::protocol::refresh_token::RefreshToken;
use crate::protocol::rotation::{RetryStreak, Rotation};
use crate::protocol::scope::Scope;
use crate::protocol::secret::Secret;
use crate::protocol::session::{Authentication, EndReason, Grant, Session, SessionStatus};
use crate::protocol::user::User;
use crate::storage::ops::Swap;
use crate::storage::ops::sessions::{CountSessions, CreateSession, Sessions};

/// What a session begins with.
pub(in crate::flows) struct Beginning<'a> {
    pub(in crate::flows) user: &'a User,
    pub(in crate::flows) grant: Grant,
    /// When and how he proved who he is.
    pub(in crate::flows) authentication: Authentication,
    /// The `claims` parameter of the request.
    pub(in crate::flows) claims: Option<String>,
    /// The browser session in which it was granted, and until when that lives.
    pub(in crate::flows) browser: Option<(BrowserSessionId, BrowserLife)>,
}

/// A new session, with what the answer says of its first refresh token if the client may refresh. It
/// is not stored yet.
pub(in crate::flows) fn begin_session(
    server: &Server,
    beginning: Beginning<'_>,
    (admitted, origin): (&Admitted, &Origin),
) -> Result<(Session, Option<RefreshResponse>), FlowError> {
    let Beginning { user, grant, authentication, claims, browser } = beginning;
    let (client, now) = (&admitted.client, admitted.at);
    let entropy = server.world.entropy.as_ref();
    let secret = Secret::from_bytes(entropy.bytes());
    let refreshes = client.may_use(GrantType::RefreshToken);
    let wants_offline = refreshes && grant.scope.contains(Scope::OFFLINE_ACCESS);
    let offline = browser.is_none() || wants_offline;
    let longest = now + server.settings.sessions.max;
    let max_expires_at = match &browser {
        Some((_, life)) if !offline => longest.min(life.max_expires_at),
        _ => longest,
    };
    let idle_expires_at = match &browser {
        _ if refreshes => server.settings.sessions.idle_expiry(now, max_expires_at),
        // Nothing will move it on: it lasts while its browser session does, so that its client is told
        // of the end of that, or while its one access token may.
        Some(_) => max_expires_at,
        None => (now + server.settings.tokens.max_life).min(max_expires_at),
    };
    let session = Session {
        id: SessionId::from_bytes(entropy.bytes()),
        user_id: user.id,
        user_version: user.version,
        client_id: client.id.clone(),
        browser_session_id: browser.map(|(id, _)| id),
        offline,
        grant,
        authentication,
        claims,
        created_at: now,
        idle_expires_at,
        max_expires_at,
        status: SessionStatus::Active,
        rotation: Rotation {
            generation: 0,
            leaves: vec![secret.hash()],
            parent: None,
            rotated_at: now,
            reissued_at: now,
            successor_sealed: None,
            retries: RetryStreak::default(),
        },
        last_seen: now,
        user_agent: origin.user_agent.clone(),
        address: origin.address,
    };
    if !refreshes {
        return Ok((session, None));
    }
    let text = encode(&admitted.known, &session, secret)?;
    let refresh = RefreshResponse::new(text, &session, session.idle_expires_at, now);
    Ok((session, Some(refresh)))
}

fn encode(
    known: &Known,
    session: &Session,
    secret: Secret,
) -> Result<zeroize::Zeroizing<String>, FlowError> {
    let keys = known.ring.tokens();
    let key_number = keys.active_number().ok_or(FlowError::Unavailable)?;
    let token = RefreshToken { key_number, session: session.id, generation: 0, secret };
    keys.encode(&token).ok_or(FlowError::Unavailable)
}

pub(super) async fn store_session(
    server: &Server,
    session: &Session,
    client: &Client,
    origin: &Origin,
) -> Result<(), FlowError> {
    let event = server
        .event(AuditKind::Login, Actor::User(session.user_id.to_string()))
        .about(session.id)
        .through(&client.id)
        .from(origin);
    let operation = CreateSession { session: session.clone(), audit: event.clone() };
    match server.store.write(operation).await? {
        Swap::Won => {
            metrics::counter!("chancery_login_total", "outcome" => "ok").increment(1);
            audit::log(&event);
            Ok(())
        }
        // The user or the client was changed while the password was being compared.
        Swap::Lost => Err(Refusal::wrong_credentials(Reason::UserChanged).into()),
    }
}

/// Ends what a user has beyond the cap, beside the session that has just begun.
pub(in crate::flows) async fn end_surplus(server: &Server, begun: &Session, known: &Known) {
    let cap = server.settings.sessions_per_user;
    let ended = async {
        if server.store.read(CountSessions(begun.user_id)).await? > cap {
            let surplus = Sessions::Surplus(begun.user_id, begun.id, cap);
            server.end_sessions(surplus, EndReason::TooMany, None, known).await?;
            server.obey_now().await;
        }
        Ok::<_, FlowError>(())
    };
    if let Err(error) = ended.await {
        // The next login tries again.
        tracing::warn!(%error, "surplus sessions could not be ended");
    }
}
