//! Signing somebody out of his browser, and of what he opened from it, because a client asks for it
//! (OIDC RP-Initiated Logout). Must not know what a page looks like.

use std::sync::Arc;

use super::authorize::Stop;
use super::authorize::browser::{Present, present};
use super::error::FlowError;
use super::known::Known;
use super::server::Server;
use crate::protocol::audit::{Actor, AuditKind, Origin};
use crate::protocol::client::{Client, ClientId};
use crate::protocol::id_token::IdTokenHint;
use crate::protocol::ids::SessionId;
use crate::protocol::logout_request::{LogoutRequest, UNKNOWN, WayBack};
use crate::protocol::secret::SecretHash;
use crate::protocol::session::EndReason;
use crate::storage::ops::browser_sessions::BrowserSessions;
use crate::storage::ops::sessions::{FindSession, FoundSession, Sessions};

/// What comes of a request.
pub enum SignOut {
    /// The user is asked first, since nothing proves that it is his application that asks.
    Ask {
        /// The client, as far as it says who it is.
        client: Option<Arc<Client>>,
        /// The name of the user.
        username: String,
        /// Where he will go on.
        back: Option<WayBack>,
    },
    /// Nobody is signed in any more.
    Done {
        /// Where the browser goes on.
        back: Option<WayBack>,
    },
}

/// Signs out whoever is signed in in the browser with this cookie, if he has `confirmed` it or if the client
/// proves that he is its user.
pub async fn sign_out(
    server: &Server,
    request: &LogoutRequest,
    (cookie, confirmed): (Option<&SecretHash>, bool),
    origin: &Origin,
) -> Result<SignOut, Stop> {
    let asked = Asked::read(server, request).await?;
    let page = |error| Stop::Page { error, client: asked.client.clone() };
    let Some(present) = present(server, cookie, origin).await.map_err(page)? else {
        end_hinted(server, &asked, origin).await.map_err(page)?;
        // Whoever has neither a hint nor the user's word leads nobody anywhere (LGO-02).
        let may_go = confirmed || asked.hint.is_some();
        return Ok(SignOut::Done { back: asked.back.filter(|_| may_go) });
    };
    if !confirmed && !asked.is_about(server, &present).await.map_err(page)? {
        let username = present.user.name.as_str().to_owned();
        return Ok(SignOut::Ask { client: asked.client, username, back: asked.back });
    }
    end(server, &asked, &present, origin).await.map_err(page)?;
    Ok(SignOut::Done { back: asked.back })
}

/// The application that a request came from, for the page that says that it is done.
pub async fn asking(server: &Server, request: &LogoutRequest) -> Option<Arc<Client>> {
    Asked::read(server, request).await.ok()?.client
}

/// A request that is in order.
struct Asked {
    known: Arc<Known>,
    client: Option<Arc<Client>>,
    hint: Option<IdTokenHint>,
    back: Option<WayBack>,
}

impl Asked {
    async fn read(server: &Server, request: &LogoutRequest) -> Result<Self, Stop> {
        let unknown = |error| Stop::Page { error, client: None };
        let known = server.memory.current().await.map_err(unknown)?;
        // A hint that is not ours, or whose key is gone, hints at nothing: the user is asked.
        let hint = request.id_token_hint.as_deref();
        let hint = hint.and_then(|hint| known.ring.read_hint(hint, &server.settings.issuer));
        let id = request.client_id(hint.as_ref()).map_err(|refusal| unknown(refusal.into()))?;
        let client = match id {
            Some(id) => Some(find_active(&known, &id).await.map_err(unknown)?),
            None => None,
        };
        let registered = client
            .as_ref()
            .map(|client| client.settings.sign_in.post_logout_redirect_uris.as_slice());
        let back = request
            .way_back(registered.unwrap_or_default())
            .map_err(|refusal| Stop::Page { error: refusal.into(), client: client.clone() })?;
        Ok(Self { known, client, hint, back })
    }

    /// Whether the hint is of a session that began in this very browser session: then its client asks for
    /// its own user, here and now.
    async fn is_about(&self, server: &Server, present: &Present) -> Result<bool, FlowError> {
        let Some(hint) = self.hint.as_ref().filter(|hint| hint.sub == present.user.id.to_string())
        else {
            return Ok(false);
        };
        let found = self.hinted(server, hint).await?;
        let browser = found.and_then(|found| found.session.browser_session_id);
        Ok(browser == Some(present.session.id))
    }

    /// The session that the hint is of.
    async fn hinted(
        &self,
        server: &Server,
        hint: &IdTokenHint,
    ) -> Result<Option<FoundSession>, FlowError> {
        let Some(id) = hint.sid.as_deref().and_then(SessionId::parse) else {
            return Ok(None);
        };
        Ok(server.store.read(FindSession(id)).await?)
    }
}

async fn find_active(known: &Known, id: &ClientId) -> Result<Arc<Client>, FlowError> {
    Ok(known.active_client(id).await?.ok_or(UNKNOWN)?)
}

/// The browser has forgotten its session, but the application has not: the session that its hint is of ends
/// alone. One that was granted `offline_access` stays, as at every signing out.
async fn end_hinted(server: &Server, asked: &Asked, origin: &Origin) -> Result<(), FlowError> {
    let (Some(hint), Some(client)) = (&asked.hint, &asked.client) else {
        return Ok(());
    };
    let found = asked.hinted(server, hint).await?;
    let alive = |found: &FoundSession| found.check_alive(server.now()).is_ok();
    let Some(found) = found.filter(|found| !found.session.offline && alive(found)) else {
        return Ok(());
    };
    let (session, reason) = (found.session, EndReason::Logout);
    let event = server
        .event(AuditKind::SessionEnded, Actor::Client(client.id.to_string()))
        .about(session.id)
        .through(&client.id)
        .from(origin)
        .because(reason.as_str());
    server.end_sessions(Sessions::One(session.id), reason, Some(event), &asked.known).await?;
    server.obey_now().await;
    Ok(())
}

async fn end(
    server: &Server,
    asked: &Asked,
    present: &Present,
    origin: &Origin,
) -> Result<(), FlowError> {
    let reason = EndReason::Logout;
    let mut event = server
        .event(AuditKind::BrowserSessionEnded, Actor::User(present.user.id.to_string()))
        .about(present.session.id)
        .from(origin)
        .because(reason.as_str());
    if let Some(client) = &asked.client {
        event = event.through(&client.id);
    }
    let which = BrowserSessions::One(present.session.id);
    server.end_browser_sessions(which, reason, Some(event), &asked.known).await?;
    server.obey_now().await;
    Ok(())
}
