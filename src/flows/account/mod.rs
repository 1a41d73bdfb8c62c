//! A user's own account, in a browser in which he is signed in: what he sees of it, and what he ends.

mod password;

use std::collections::HashMap;
use std::sync::Arc;

pub use self::password::{NotChanged, change_password};
use super::authorize::browser::Present;
use super::ending::count_ended;
use super::error::FlowError;
use super::known::Known;
use super::server::Server;
use crate::audit;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind, Origin};
use crate::protocol::browser_session::BrowserSession;
use crate::protocol::client::{Client, ClientId};
use crate::protocol::consent::Consent;
use crate::protocol::ids::{BrowserSessionId, SessionId};
use crate::protocol::session::{EndReason, Session};
use crate::storage::ops::browser_sessions::{
    BrowserSessions, FindBrowserSession, RecentBrowserSessions,
};
use crate::storage::ops::consents::{ListConsents, WithdrawConsent};
use crate::storage::ops::sessions::{FindSession, RecentSessions, Sessions};

/// What a user sees of his account beside himself.
pub struct Overview {
    /// The browsers in which he is signed in, the one that looks first, then the last used.
    pub browsers: Vec<BrowserSession>,
    /// Whether there are more.
    pub more_browsers: bool,
    /// The sessions of applications, the last used first.
    pub applications: Vec<Session>,
    /// Whether there are more.
    pub more_applications: bool,
    /// What he allows.
    pub consents: Vec<Consent>,
    /// The clients of all of them, but for those that are gone.
    pub clients: HashMap<ClientId, Arc<Client>>,
    /// What is known of resources.
    pub known: Arc<Known>,
}

/// Reads what `present` sees of his account.
pub async fn overview(server: &Server, present: &Present) -> Result<Overview, FlowError> {
    let (user, now) = (present.user.id, server.now());
    let known = server.memory.current().await?;
    let list = RecentBrowserSessions { user, now, limit: SHOWN + 1 };
    let (mut browsers, more_browsers) = shown(server.store.read(list).await?);
    browsers.sort_by_key(|one| one.id != present.session.id);
    let list = RecentSessions { user, now, limit: SHOWN + 1 };
    let (applications, more_applications) = shown(server.store.read(list).await?);
    let consents = server.store.read(ListConsents(user)).await?;
    let ids = applications.iter().map(|one| &one.client_id);
    let clients = known.all_clients(ids.chain(consents.iter().map(|one| &one.client_id))).await?;
    Ok(Overview {
        browsers,
        more_browsers,
        applications,
        more_applications,
        consents,
        clients,
        known,
    })
}

/// The first of a list that was read one beyond what is shown, and whether there are more.
fn shown<T>(mut list: Vec<T>) -> (Vec<T>, bool) {
    let more = list.len() > SHOWN as usize;
    list.truncate(SHOWN as usize);
    (list, more)
}

/// Ends another browser session of the user, with what lies under it.
pub async fn end_browser(
    server: &Server,
    present: &Present,
    id: BrowserSessionId,
    origin: &Origin,
) -> Result<(), FlowError> {
    let found = server.store.read(FindBrowserSession::Id(id)).await?;
    let own = found.filter(|found| found.session.user_id == present.user.id);
    own.filter(|found| found.session.standing(found.user.as_ref()).check(server.now()).is_ok())
        .ok_or_else(FlowError::not_found)?;
    let event = event(server, present, AuditKind::BrowserSessionEnded, origin).about(id);
    end_browsers(server, BrowserSessions::One(id), (EndReason::EndedByUser, event)).await
}

/// Ends every other browser session of the user, with what lies under them.
pub async fn end_other_browsers(
    server: &Server,
    present: &Present,
    origin: &Origin,
) -> Result<(), FlowError> {
    let user = present.user.id;
    let event = event(server, present, AuditKind::BrowserSessionsEnded, origin).about(user);
    let others = BrowserSessions::OfUser(user, Some(present.session.id));
    end_browsers(server, others, (EndReason::EndedByUser, event)).await
}

/// Signs the user out in this browser.
pub async fn sign_out(
    server: &Server,
    present: &Present,
    origin: &Origin,
) -> Result<(), FlowError> {
    let id = present.session.id;
    let event = event(server, present, AuditKind::BrowserSessionEnded, origin).about(id);
    end_browsers(server, BrowserSessions::One(id), (EndReason::Logout, event)).await
}

/// Ends a session of an application.
pub async fn end_application(
    server: &Server,
    present: &Present,
    id: SessionId,
    origin: &Origin,
) -> Result<(), FlowError> {
    let found = server.store.read(FindSession(id)).await?;
    let own = found.filter(|found| found.session.user_id == present.user.id);
    own.filter(|found| found.check_alive(server.now()).is_ok()).ok_or_else(FlowError::not_found)?;
    let reason = EndReason::EndedByUser;
    let event = event(server, present, AuditKind::SessionEnded, origin);
    let event = event.about(id).because(reason.as_str());
    let known = server.memory.current().await?;
    server.end_sessions(Sessions::One(id), reason, Some(event), &known).await?;
    server.obey_now().await;
    Ok(())
}

/// Takes back what the user allowed a client, and ends what it got of him.
pub async fn withdraw(
    server: &Server,
    present: &Present,
    client: &ClientId,
    origin: &Origin,
) -> Result<(), FlowError> {
    let known = server.memory.current().await?;
    let event = event(server, present, AuditKind::ConsentWithdrawn, origin).about(client);
    let (mut event, mut found) = (Some(event), false);
    loop {
        let withdraw = WithdrawConsent {
            user: present.user.id,
            client: client.clone(),
            revoking: server.revoking_user(&known),
            audit: event.clone(),
        };
        let withdrawn = server.store.write(withdraw).await?;
        count_ended(&withdrawn.sessions);
        if withdrawn.found || !withdrawn.sessions.sessions.is_empty() {
            event.take().iter().for_each(audit::log);
            found = true;
        }
        if !withdrawn.sessions.is_full() {
            break;
        }
    }
    server.obey_now().await;
    if found { Ok(()) } else { Err(FlowError::not_found()) }
}

async fn end_browsers(
    server: &Server,
    which: BrowserSessions,
    (reason, event): (EndReason, AuditEvent),
) -> Result<(), FlowError> {
    let known = server.memory.current().await?;
    let event = event.because(reason.as_str());
    server.end_browser_sessions(which, reason, Some(event), &known).await?;
    server.obey_now().await;
    Ok(())
}

fn event(server: &Server, present: &Present, kind: AuditKind, origin: &Origin) -> AuditEvent {
    server.event(kind, Actor::User(present.user.id.to_string())).from(origin)
}

/// The most browsers and applications that a page shows; what is ended makes room for others.
const SHOWN: u32 = 200;
