//! A user's own sessions: who is logged in as him, from where, and ending them.

use super::ending::count_changed;
use super::error::FlowError;
use super::gate::Principal;
use super::server::Server;
use crate::audit;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind, Origin};
use crate::protocol::error::Refusal;
use crate::protocol::ids::{SessionId, UserId};
use crate::protocol::reason::Reason;
use crate::protocol::revocation::EffectiveBy;
use crate::protocol::session::{EndReason, Session};
use crate::protocol::user::Roles;
use crate::storage::ops::sessions::{FindSession, ListSessions, Sessions};
use crate::storage::ops::users::{ChangeUser, UserChange};

/// A page of the user's sessions and the id of the one that asks.
pub struct OwnSessions {
    /// The sessions, in the order of their ids.
    pub sessions: Vec<Session>,
    /// The one that the access token belongs to.
    pub current: SessionId,
}

/// Which of the user's own sessions are to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OwnEnd {
    /// This one.
    One(SessionId),
    /// All but the one that asks.
    Others,
    /// All, and everything that is under way.
    All,
}

/// Lists the active sessions of the user with this access token.
pub async fn list_own(
    server: &Server,
    token: &str,
    (after, limit): (Option<SessionId>, u32),
) -> Result<OwnSessions, FlowError> {
    let (_, (user, current)) = authorize_user(server, token).await?;
    let list = ListSessions { user: Some(user), after, now: server.now(), limit };
    Ok(OwnSessions { sessions: server.store.read(list).await?, current })
}

/// Ends sessions of the user with this access token.
pub async fn end_some(
    server: &Server,
    token: &str,
    which: OwnEnd,
    origin: &Origin,
) -> Result<EffectiveBy, FlowError> {
    let (principal, (user, current)) = authorize_user(server, token).await?;
    let known = principal.known.as_ref();
    match which {
        OwnEnd::One(session) => {
            let found = server.store.read(FindSession(session)).await?;
            found.filter(|found| found.session.user_id == user).ok_or_else(FlowError::not_found)?;
            let reason =
                if session == current { EndReason::Logout } else { EndReason::EndedByUser };
            end_own(server, (user, session), &principal, (reason, origin)).await?;
        }
        OwnEnd::Others => {
            let which = Sessions::OfUser(user, Some(current));
            let event = event(server, user, &principal, origin).because("ended_by_user");
            server.end_sessions(which, EndReason::EndedByUser, Some(event), known).await?;
        }
        OwnEnd::All => {
            let event = event(server, user, &principal, origin).because("logout_everywhere");
            let change = ChangeUser {
                id: user,
                change: UserChange::LogoutEverywhere,
                spares: Roles::default(),
                declared: false,
                revoking: server.revoking_user(known),
                audit: event.clone(),
            };
            let changed = server.store.write(change).await?;
            let changed = changed.map_err(|_| FlowError::not_found())?;
            count_changed(&changed);
            audit::log(&event);
            if changed.ended.is_full() {
                // Not those of a login since.
                let rest = Sessions::OfUserBefore(user, changed.user.version);
                server.end_sessions(rest, EndReason::LogoutEverywhere, None, known).await?;
            }
        }
    }
    server.obey_now().await;
    Ok(server.effective_by(known))
}

/// Ends one session of the user himself.
pub(super) async fn end_own(
    server: &Server,
    (user, session): (UserId, SessionId),
    principal: &Principal,
    (reason, origin): (EndReason, &Origin),
) -> Result<(), FlowError> {
    let event = server
        .event(AuditKind::SessionEnded, Actor::User(user.to_string()))
        .about(session)
        .through(&principal.claims.client_id)
        .from(origin)
        .because(reason.as_str());
    server.end_sessions(Sessions::One(session), reason, Some(event), &principal.known).await?;
    server.obey_now().await;
    Ok(())
}

async fn authorize_user(
    server: &Server,
    token: &str,
) -> Result<(Principal, (UserId, SessionId)), FlowError> {
    let own = server.settings.issuer.own_resource();
    let principal = server.authorize_for(token, &own).await?;
    let user = principal.user().ok_or(Refusal::invalid_token(Reason::TokenInvalid))?;
    Ok((principal, user))
}

fn event(server: &Server, user: UserId, principal: &Principal, origin: &Origin) -> AuditEvent {
    server
        .event(AuditKind::SessionsEnded, Actor::User(user.to_string()))
        .about(user)
        .through(&principal.claims.client_id)
        .from(origin)
}
