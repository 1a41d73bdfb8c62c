//! `/healthz` and `/readyz`, for whatever watches over the process.

use axum::response::Response;
use serde::Serialize;

use crate::flows::error::FlowError;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

/// The process runs.
pub(in crate::http) async fn live(_: Exchange) -> Result<Response, HttpError> {
    Ok(respond::private(Status { status: "ok" }))
}

/// The node can answer: the database does and takes writes, the keys are here, and the clock is right. That
/// its tables are those of this version is made sure of at the start.
pub(in crate::http) async fn ready(exchange: Exchange) -> Result<Response, HttpError> {
    exchange.app.server.ready().await.map_err(|_| FlowError::Unavailable)?;
    Ok(respond::private(Status { status: "ready" }))
}
