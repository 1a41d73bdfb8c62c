//! `GET /metrics`, in the text format of Prometheus. On a listener that is for everything, only peers
//! on this machine see it.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use crate::flows::error::FlowError;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::origin;
use crate::http::routes::Listener;

pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    if exchange.listener == Listener::Only && !origin::is_local(&exchange.parts) {
        return Err(FlowError::not_found().into());
    }
    exchange.app.server.measure();
    let text = (exchange.app.render_metrics)();
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
