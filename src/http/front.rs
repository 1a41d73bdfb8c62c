//! The way of every request: its id, its deadline, its path and method, its line in the log, its
//! metrics, the headers of its answer. Plain functions and no layers of a framework, since every
//! request of every path goes through here: a layer boxes what is within it, each time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use tower::Service;

use super::App;
use super::cors::{Shared, Sharing};
use super::error::{HttpError, ReasonOf};
use super::exchange::Exchange;
use super::headers::{RequestId, protect};
use super::meter::{Meter, method_name};
use super::paths::{Found, Path, Paths};
use super::routes::Listener;
use super::serve::within;
use crate::protocol::error::ErrorCode;

/// Answers the requests of one listener.
#[derive(Clone)]
pub struct Front(Arc<Site>);

struct Site {
    app: App,
    listener: Listener,
    paths: Paths,
    /// Of requests whose path is none.
    nowhere: Meter,
}

impl Front {
    pub(super) fn new(app: &App, listener: Listener) -> Self {
        let paths = Paths::of(listener, &app.server.settings.issuer);
        let nowhere = Meter::new("(none)".to_owned());
        Self(Arc::new(Site { app: app.clone(), listener, paths, nowhere }))
    }
}

impl<B> Service<Request<B>> for Front
where
    B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + Unpin + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let site = self.0.clone();
        Box::pin(async move { Ok(site.serve(request).await) })
    }
}

impl Site {
    async fn serve<B>(&self, mut request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + Unpin + 'static,
    {
        let world = &self.app.server.world;
        let started = world.clock.monotonic();
        let id = RequestId::new(self.app.server.now(), world.entropy.as_ref());
        request.extensions_mut().insert(id);
        let method = method_name(request.method());
        let found = self.paths.find(request.uri().path());
        let meter = found.as_ref().map_or(&self.nowhere, |found| &found.path.meter);
        let is_document = found.as_ref().is_some_and(|found| found.path.is_document);
        let deadline = self.app.settings.request_timeout;
        let mut response = within(deadline, request, |request| self.answer(found, request)).await;
        let took = world.clock.monotonic().saturating_sub(started);
        let line = Line { method, route: meter.route(), took, id, is_document };
        line.write(&response);
        meter.count(method, response.status(), took);
        protect(response.headers_mut(), id, self.app.server.settings.issuer.is_https());
        response
    }

    async fn answer(&self, found: Option<Found<'_>>, request: Request) -> Response {
        let Some(Found { path, parameter }) = found else {
            let text = "there is nothing here";
            return HttpError::plain(ErrorCode::NotFound, text).into_response();
        };
        if path.sharing == Sharing::None {
            return self.endpoint(path, parameter, request).await;
        }
        let asked = (request.method(), request.headers());
        let shared = match path.sharing.with(&self.app.server, asked).await {
            Ok(shared) => shared,
            Err(error) => return HttpError::from(error).into_response(),
        };
        let mut response = if shared.is_preflight() {
            Shared::preflight()
        } else {
            self.endpoint(path, parameter, request).await
        };
        shared.mark(response.headers_mut());
        response
    }

    async fn endpoint(&self, path: &Path, parameter: Option<String>, request: Request) -> Response {
        let is_head = request.method() == Method::HEAD;
        let Some(route) = path.route(request.method()) else {
            return not_allowed(path);
        };
        let exchange = Exchange::new(self.app.clone(), (route, self.listener), request, parameter);
        let answer = (route.handler)(exchange).await;
        let response = answer.unwrap_or_else(IntoResponse::into_response);
        if is_head { headless(response) } else { response }
    }
}

/// RFC 9110 §15.5.6.
fn not_allowed(path: &Path) -> Response {
    let text = "this path does not take this method";
    let mut response = HttpError::plain(ErrorCode::MethodNotAllowed, text).into_response();
    if let Ok(methods) = HeaderValue::from_str(&path.allowed) {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}

/// What GET is answered, without the body (RFC 9110 §9.3.2). Its length is told all the same.
fn headless(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        parts.headers.insert(http::header::CONTENT_LENGTH, length.into());
    }
    Response::from_parts(parts, Body::empty())
}

/// What the log says of a request. Never the URL: its query may hold what somebody put there by
/// mistake (C080).
struct Line<'a> {
    method: &'static str,
    route: &'a str,
    took: Duration,
    id: RequestId,
    is_document: bool,
}

impl Line<'_> {
    fn write(self, response: &Response) {
        let Self { method, route, took, id, is_document } = self;
        let routine = is_routine(is_document, response.status());
        let status = response.status().as_u16();
        let reason = response.extensions().get::<ReasonOf>().map(|reason| reason.0);
        // A number of 128 bits would be written as text.
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if routine {
            tracing::debug!(method, route, status, micros, request_id = %id, "request");
        } else {
            tracing::info!(method, route, status, micros, reason, request_id = %id, "request");
        }
    }
}

/// Documents that everybody may read, and the probes of whatever watches over the process, are asked for
/// all the time and say nothing of anybody: unless something was wrong, their lines are for debugging.
fn is_routine(is_document: bool, status: StatusCode) -> bool {
    is_document && !status.is_client_error() && !status.is_server_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_was_not_given_is_never_routine() {
        for status in [StatusCode::OK, StatusCode::NOT_MODIFIED, StatusCode::NO_CONTENT] {
            assert!(is_routine(true, status));
            assert!(!is_routine(false, status));
        }
        for status in [StatusCode::METHOD_NOT_ALLOWED, StatusCode::SERVICE_UNAVAILABLE] {
            assert!(!is_routine(true, status));
        }
    }
}
