//! `GET /metrics`, in the text format of Prometheus, for peers on this machine alone.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use crate::flows::error::FlowError;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::origin;

pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let here = origin::peer(&exchange.parts).is_some_and(|peer| peer.is_loopback());
    if !here {
        return Err(FlowError::not_found().into());
    }
    exchange.app.server.measure();
    let text = (exchange.app.render_metrics)();
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
