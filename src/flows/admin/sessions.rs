//! Administering sessions.

use super::By;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::audit::AuditKind;
use crate::protocol::ids::{SessionId, UserId};
use crate::protocol::revocation::EffectiveBy;
use crate::protocol::session::{EndReason, Session};
use crate::storage::ops::sessions::{FindSession, FoundSession, ListSessions, Sessions};

/// Lists the active sessions of a user, or of everybody, in the order of their ids.
pub async fn list(
    server: &Server,
    user: Option<UserId>,
    (after, limit): (Option<SessionId>, u32),
) -> Result<Vec<Session>, FlowError> {
    let list = ListSessions { user, after, now: server.now(), limit };
    Ok(server.store.read(list).await?)
}

/// Finds a session, over or not, until the janitor has removed it.
pub async fn find(server: &Server, id: SessionId) -> Result<Session, FlowError> {
    let found = server.store.read(FindSession(id)).await?;
    found.map(FoundSession::shown).ok_or_else(FlowError::not_found)
}

/// Ends a session. One that is over already is as good.
pub async fn end(server: &Server, by: &By, id: SessionId) -> Result<EffectiveBy, FlowError> {
    find(server, id).await?;
    let known = server.memory.current().await?;
    let reason = EndReason::EndedByAdmin;
    let event = by.event(server, AuditKind::SessionEnded).about(id).because(reason.as_str());
    server.end_sessions(Sessions::One(id), reason, Some(event), &known).await?;
    server.obey_now().await;
    Ok(server.effective_by(&known))
}
