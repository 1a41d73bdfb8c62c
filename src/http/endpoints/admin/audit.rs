//! `/admin/v1/audit` and `/admin/v1/explain`.

use axum::response::Response;
use http::Version;
use http::header::ACCEPT;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{authorize, bad, export};
use crate::flows::admin::audit::{self, Export, Filter};
use crate::flows::admin::explain::{Question, explain};
use crate::flows::admin::views::{BrowserSession, List, Session};
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::audit::{AuditEvent, AuditKind};
use crate::protocol::form::Params;
use crate::protocol::ids::{AuditId, SessionId};
use crate::protocol::text::is_plain;
use crate::protocol::time::Timestamp;

const SCOPE: &str = "admin:audit";

#[derive(Serialize)]
pub(super) struct Item {
    id: String,
    at: String,
    kind: &'static str,
    actor_kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize)]
struct Explanation {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
    #[serde(skip_serializing_if = "Option::is_none")]
    browser_session: Option<BrowserSession>,
    events: Vec<Item>,
}

pub(in crate::http) async fn list(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let params = exchange.query()?;
    let page = respond::Page::read(&params, AuditId::parse)?;
    let filter = filter(&params, &page)?;
    if !accepts_lines(&exchange) {
        let events = audit::list(&exchange.app.server, filter).await?;
        let next = page.next(&events, |event| event.id.to_string());
        return Ok(respond::private(List::of(&events, Item::of, next)));
    }
    if params.value("limit").is_some() {
        return export::of_events(&audit::list(&exchange.app.server, filter).await?);
    }
    if exchange.parts.version < Version::HTTP_11 {
        // There the end of the connection ends the answer, so one that was broken off would look
        // complete (RFC 9112 §6.3).
        return Err(bad("before HTTP/1.1 an export needs a limit"));
    }
    export::of_all(Export::new(&exchange.app.server, filter)).await
}

pub(in crate::http) async fn explain_one(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let question = question(&exchange.query()?)?;
    let explanation = explain(&exchange.server(), question).await?;
    let session = explanation.session.as_ref();
    let browser_session = explanation.browser_session.as_ref();
    Ok(respond::private(Explanation {
        outcome: explanation.outcome,
        until: explanation.until.map(Timestamp::rfc3339),
        last_refusal: explanation.last_refusal,
        user_id: session.map(|session| session.user_id.to_string()),
        session: session.map(Session::of),
        browser_session: browser_session.map(BrowserSession::of),
        events: explanation.events.iter().map(Item::of).collect(),
    }))
}

fn accepts_lines(exchange: &Exchange) -> bool {
    let accept = exchange.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains(export::NDJSON))
}

fn filter(params: &Params<'_>, page: &respond::Page<AuditId>) -> Result<Filter, HttpError> {
    let kind = params.value("kind");
    let kind = kind.map(|name| AuditKind::parse(name).ok_or(bad("kind is unknown")));
    let time = |name: &str| {
        let text = params.value(name)?;
        Some(Timestamp::parse_rfc3339(text).ok_or(bad("a time is written as in RFC 3339")))
    };
    let name = |name: &str| match params.value(name) {
        Some(text) if !is_plain(text, MAX_FILTER) => Err(bad("actor or target names nothing")),
        text => Ok(text.map(str::to_owned)),
    };
    Ok(Filter {
        kind: kind.transpose()?,
        actor: name("actor")?,
        target: name("target")?,
        since: time("since").transpose()?,
        before: time("before").transpose()?,
        after: page.after,
        limit: page.limit,
    })
}

fn question(params: &Params<'_>) -> Result<Question, HttpError> {
    let asked = (params.value("token"), params.value("session"), params.value("user"));
    match asked {
        (Some(token), None, None) => Ok(Question::Token(Zeroizing::new(token.to_owned()))),
        (None, Some(session), None) => SessionId::parse(session)
            .map(Question::Session)
            .ok_or(bad("session is the id of a session or browser session")),
        (None, None, Some(user)) => Ok(Question::User(user.to_owned())),
        _ => Err(bad("one of token, session and user is needed")),
    }
}

impl Item {
    pub(super) fn of(event: &AuditEvent) -> Self {
        let (actor_kind, actor) = event.actor.parts();
        Self {
            id: event.id.to_string(),
            at: event.at.rfc3339(),
            kind: event.kind.as_str(),
            actor_kind,
            actor: actor.map(str::to_owned),
            target: event.target.clone(),
            client_id: event.client_id.clone(),
            address: event.origin.address.map(|address| address.to_string()),
            user_agent: event.origin.user_agent.clone(),
            request_id: event.origin.request_id.clone(),
            reason: event.reason.as_deref().map(str::to_owned),
            note: event.note.as_ref().map(|note| note.as_str().to_owned()),
        }
    }
}

/// The longest of what events are about is a URI.
const MAX_FILTER: usize = 2048;
