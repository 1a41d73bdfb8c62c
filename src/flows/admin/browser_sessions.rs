//! Administering browser sessions.

use super::By;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::audit::AuditKind;
use crate::protocol::browser_session::BrowserSession;
use crate::protocol::ids::{BrowserSessionId, UserId};
use crate::protocol::revocation::EffectiveBy;
use crate::protocol::session::EndReason;
use crate::storage::ops::browser_sessions::{
    BrowserSessions, FindBrowserSession, FoundBrowserSession, ListBrowserSessions,
};

/// Lists the browser sessions of a user that are alive, in the order of their ids.
pub async fn list(
    server: &Server,
    user: UserId,
    (after, limit): (Option<BrowserSessionId>, u32),
) -> Result<Vec<BrowserSession>, FlowError> {
    let list = ListBrowserSessions { user, after, now: server.now(), limit };
    Ok(server.store.read(list).await?)
}

/// Finds a browser session, over or not, until the janitor has removed it.
pub async fn find(server: &Server, id: BrowserSessionId) -> Result<BrowserSession, FlowError> {
    let found = server.store.read(FindBrowserSession::Id(id)).await?;
    found.map(FoundBrowserSession::shown).ok_or_else(FlowError::not_found)
}

/// Ends a browser session and the sessions under it that do not outlive it. One that is over already
/// is as good.
pub async fn end(server: &Server, by: &By, id: BrowserSessionId) -> Result<EffectiveBy, FlowError> {
    find(server, id).await?;
    let known = server.memory.current().await?;
    let reason = EndReason::EndedByAdmin;
    let event = by.event(server, AuditKind::BrowserSessionEnded).about(id).because(reason.as_str());
    let which = BrowserSessions::One(id);
    server.end_browser_sessions(which, reason, Some(event), &known).await?;
    server.obey_now().await;
    Ok(server.effective_by(&known))
}
