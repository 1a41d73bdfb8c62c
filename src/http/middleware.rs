//! Around every request: its id, its line in the log, its metrics, the headers of every answer.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method};
use std::sync::Arc;

use super::App;
use super::error::ReasonOf;
use crate::protocol::ids::AuditId;

/// The id of a request: in the log, in the audit log, and in the answer.
#[derive(Clone)]
pub(super) struct RequestId(pub(super) Arc<str>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps every request.
pub(super) async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let world = &app.server.world;
    let id = AuditId::at(app.server.now(), world.entropy.bytes()).to_string();
    let id: Arc<str> = id.into();
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "(none)".to_owned());
    let started = world.clock.monotonic();
    let mut response = next.run(request).await;
    let took = world.clock.monotonic().saturating_sub(started);
    let status = response.status().as_u16();
    let reason = response.extensions().get::<ReasonOf>().map(|reason| reason.0);
    // Never the URL: its query may hold what somebody put there by mistake (C080).
    tracing::info!(
        method,
        route,
        status,
        // A number of 128 bits would be written as text.
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        reason,
        request_id = &*id,
        "request"
    );
    let labels = [("route", route), ("method", method.to_owned()), ("status", status.to_string())];
    metrics::counter!("chancery_http_requests_total", &labels).increment(1);
    metrics::histogram!("chancery_http_request_seconds", &labels[..1]).record(took.as_secs_f64());
    protect(response.headers_mut(), app.server.settings.issuer.is_https());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The name of a method. Any token is one, so those that no route takes share a name: a label with a
/// value for each would grow without bound (C102).
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The headers of every answer (WEB-01, WEB-02). Nothing here is meant to be shown in a page.
fn protect(headers: &mut HeaderMap, https: bool) {
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
}
