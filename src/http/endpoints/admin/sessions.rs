//! `/admin/v1/sessions`.

use axum::response::Response;

use super::{authorize, bad};
use crate::flows::admin::sessions;
use crate::flows::admin::views::{Effective, List, OwnedSession};
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::ids::{SessionId, UserId};

const SCOPE: &str = "admin:sessions";

pub(in crate::http) async fn list(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let params = exchange.query()?;
    let page = respond::Page::read(&params, SessionId::parse)?;
    let user = params.value("user");
    let user = user.map(|text| UserId::parse(text).ok_or(bad("user is the id of a user")));
    let part = (page.after, page.limit);
    let sessions = sessions::list(&exchange.app.server, user.transpose()?, part).await?;
    let next = page.next(&sessions, |session| session.id.to_string());
    Ok(respond::private(List::of(&sessions, OwnedSession::of, next)))
}

pub(in crate::http) async fn show(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let id = exchange.path_id(SessionId::parse)?;
    let session = sessions::find(&exchange.server(), id).await?;
    Ok(respond::private(OwnedSession::of(&session)))
}

pub(in crate::http) async fn end(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let id = exchange.path_id(SessionId::parse)?;
    let server = exchange.server();
    let ended = detached(async move { sessions::end(&server, &by, id).await });
    Ok(respond::private(Effective::of(&ended.await?)))
}
