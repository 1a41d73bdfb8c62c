//! `/admin/v1/browser-sessions`.

use axum::response::Response;

use super::{authorize, bad};
use crate::flows::admin::browser_sessions;
use crate::flows::admin::views::{BrowserSession, Effective, List};
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::ids::{BrowserSessionId, UserId};

const SCOPE: &str = "admin:sessions";

pub(in crate::http) async fn list(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let params = exchange.query()?;
    let page = respond::Page::read(&params, BrowserSessionId::parse)?;
    let user = params.value("user").and_then(UserId::parse);
    let user = user.ok_or(bad("user is needed, the id of a user"))?;
    let part = (page.after, page.limit);
    let sessions = browser_sessions::list(&exchange.app.server, user, part).await?;
    let next = page.next(&sessions, |session| session.id.to_string());
    Ok(respond::private(List::of(&sessions, BrowserSession::of, next)))
}

pub(in crate::http) async fn show(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let id = exchange.path_id(BrowserSessionId::parse)?;
    let session = browser_sessions::find(&exchange.server(), id).await?;
    Ok(respond::private(BrowserSession::of(&session)))
}

pub(in crate::http) async fn end(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let id = exchange.path_id(BrowserSessionId::parse)?;
    let server = exchange.server();
    let ended = detached(async move { browser_sessions::end(&server, &by, id).await });
    Ok(respond::private(Effective::of(&ended.await?)))
}
