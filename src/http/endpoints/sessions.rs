//! `/sessions`: a user's own sessions.

use axum::response::Response;
use serde::Serialize;

use crate::flows::error::FlowError;
use crate::flows::server::detached;
use crate::flows::sessions::{OwnEnd, end_some, list_own};
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::error::Refusal;
use crate::protocol::ids::SessionId;
use crate::protocol::session::Session;

#[derive(Serialize)]
struct Page {
    items: Vec<Item>,
    next: Option<String>,
}

/// A session, as its user and administrators see it.
#[derive(Serialize)]
pub(super) struct Item {
    sid: String,
    client_id: String,
    scope: String,
    created_at: String,
    last_seen: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<bool>,
}

#[derive(Serialize)]
struct Ended<T> {
    effective_by: T,
}

pub(in crate::http) async fn list(exchange: Exchange) -> Result<Response, HttpError> {
    let token = exchange.bearer()?;
    let page = respond::Page::read(&exchange.query()?, SessionId::parse)?;
    let own = list_own(&exchange.app.server, &token, (page.after, page.limit)).await?;
    let next = page.next(&own.sessions, |session| session.id.to_string());
    let item =
        |session: &Session| Item { current: Some(session.id == own.current), ..Item::of(session) };
    let items = own.sessions.iter().map(item).collect();
    Ok(respond::private(Page { items, next }))
}

pub(in crate::http) async fn end_one(mut exchange: Exchange) -> Result<Response, HttpError> {
    let token = exchange.bearer()?;
    let sid = exchange.path_parameter().await.and_then(|text| SessionId::parse(&text));
    let sid = sid.ok_or_else(FlowError::not_found)?;
    end(exchange, token, OwnEnd::One(sid)).await
}

pub(in crate::http) async fn end_all(exchange: Exchange) -> Result<Response, HttpError> {
    let token = exchange.bearer()?;
    let which = match exchange.query()?.value("all") {
        None | Some("false") => OwnEnd::Others,
        Some("true") => OwnEnd::All,
        Some(_) => return Err(Refusal::invalid_request("all is true or false").into()),
    };
    end(exchange, token, which).await
}

async fn end(exchange: Exchange, token: String, which: OwnEnd) -> Result<Response, HttpError> {
    let (server, origin) = (exchange.server(), exchange.origin());
    let effective_by =
        detached(async move { end_some(&server, &token, which, &origin).await }).await?;
    Ok(respond::private(Ended { effective_by: effective_by.seconds() }))
}

impl Item {
    pub(super) fn of(session: &Session) -> Self {
        Self {
            sid: session.id.to_string(),
            client_id: session.client_id.to_string(),
            scope: session.grant.scope.to_string(),
            created_at: session.created_at.rfc3339(),
            last_seen: session.last_seen.rfc3339(),
            expires_at: session.idle_expires_at.rfc3339(),
            address: session.address.map(|address| address.to_string()),
            user_agent: session.user_agent.clone(),
            current: None,
        }
    }
}
