//! `/sessions`: a user's own sessions.

use axum::response::Response;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::flows::admin::views::{self, List};
use crate::flows::server::detached;
use crate::flows::sessions::{OwnEnd, end_some, list_own};
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::error::Refusal;
use crate::protocol::ids::SessionId;
use crate::protocol::session::Session;

#[derive(Serialize)]
struct Ended<T> {
    effective_by: T,
}

pub(in crate::http) async fn list(exchange: Exchange) -> Result<Response, HttpError> {
    let token = exchange.bearer()?;
    let page = respond::Page::read(&exchange.query()?, SessionId::parse)?;
    let own = list_own(&exchange.app.server, &token, (page.after, page.limit)).await?;
    let next = page.next(&own.sessions, |session| session.id.to_string());
    let view = |session: &Session| views::Session::with_current(session, session.id == own.current);
    Ok(respond::private(List::of(&own.sessions, view, next)))
}

pub(in crate::http) async fn end_one(exchange: Exchange) -> Result<Response, HttpError> {
    let token = exchange.bearer()?;
    let sid = exchange.path_id(SessionId::parse)?;
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

async fn end(
    exchange: Exchange,
    token: Zeroizing<String>,
    which: OwnEnd,
) -> Result<Response, HttpError> {
    let (server, origin) = (exchange.server(), exchange.origin());
    let effective_by =
        detached(async move { end_some(&server, &token, which, &origin).await }).await?;
    Ok(respond::private(Ended { effective_by: effective_by.seconds() }))
}
