//! `/admin/v1/keys`.

use axum::response::Response;
use serde::Deserialize;

use super::authorize;
use crate::flows::admin::keys;
use crate::flows::admin::views::{Activated, Effective, Key, List};
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::key::Kid;

const SCOPE: &str = "admin:keys";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RotateBody {
    #[serde(default)]
    now: bool,
}

pub(in crate::http) async fn list(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let keys = keys::list(&exchange.server()).await?;
    Ok(respond::private(List::of(&keys, Key::of, None)))
}

pub(in crate::http) async fn rotate(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let body: RotateBody = exchange.json().await?;
    let server = exchange.server();
    let activated = detached(async move { keys::rotate(&server, &by, body.now).await }).await?;
    Ok(respond::private(Activated::of(&activated)))
}

pub(in crate::http) async fn compromise(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let kid = exchange.path_id(Kid::parse)?;
    let server = exchange.server();
    let removed = detached(async move { keys::compromise(&server, &by, &kid).await }).await?;
    Ok(respond::private(Effective::of(&removed)))
}
