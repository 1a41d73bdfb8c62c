//! The routes of the gate. What they answer is handed in; must not import the gate itself.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use super::serve::guard;

/// What answers a request by its head alone.
pub type Verify = dyn Fn(&Parts) -> Response<String> + Send + Sync;

/// What the routes answer.
pub struct Answers {
    /// To `/verify` and everything below it, whatever the method.
    pub verify: Box<Verify>,
    /// Whether `/readyz` says yes.
    pub is_ready: Box<dyn Fn() -> bool + Send + Sync>,
    /// To `/metrics`, in the text format of Prometheus.
    pub render_metrics: Box<dyn Fn() -> String + Send + Sync>,
}

/// The router of a gate that answers within `deadline`.
pub fn router(answers: Answers, deadline: Duration) -> Router {
    let router = Router::new()
        .route("/verify", any(verify))
        // Envoy puts the path of its client behind a prefix; no path is read or made normal here.
        .route("/verify/", any(verify))
        .route("/verify/{*path}", any(verify))
        .route("/healthz", get(|| async { word(StatusCode::OK, "ok") }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(|| async { word(StatusCode::NOT_FOUND, "there is nothing here") })
        .with_state(Arc::new(answers));
    guard(router, deadline)
}

async fn verify(State(answers): State<Arc<Answers>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    (answers.verify)(&parts).map(Body::from)
}

async fn ready(State(answers): State<Arc<Answers>>) -> Response {
    if (answers.is_ready)() {
        word(StatusCode::OK, "ready")
    } else {
        word(StatusCode::SERVICE_UNAVAILABLE, "not ready")
    }
}

async fn metrics(State(answers): State<Arc<Answers>>) -> Response {
    let text = (answers.render_metrics)();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn word(status: StatusCode, text: &'static str) -> Response {
    let mut response = (status, text).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use http::Method;
    use tower::ServiceExt as _;

    use super::*;

    /// The status of a request to a gate that lets nobody through and is not ready.
    async fn status(method: Method, path: &str) -> u16 {
        let refuse = |_: &Parts| Response::builder().status(401).body(String::new()).unwrap();
        let answers = Answers {
            verify: Box::new(refuse),
            is_ready: Box::new(|| false),
            render_metrics: Box::new(String::new),
        };
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        router(answers, Duration::from_secs(1)).oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn whatever_the_method_or_what_follows_is_judged() {
        // C124
        let invented = Method::from_bytes(b"INVENTED").unwrap();
        for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS, invented] {
            assert_eq!(status(method, "/verify").await, 401);
        }
        for path in [
            "/verify?scope=read",
            "/verify/",
            "/verify//",
            "/verify/../healthz",
            "/verify/%2e%2e/healthz",
            "/verify/%ff?%ff",
            "/verify/a/verify",
        ] {
            assert_eq!(status(Method::GET, path).await, 401, "{path}");
        }
    }

    #[tokio::test]
    async fn nothing_else_says_that_a_request_may_go_on() {
        for path in ["/", "/Verify", "/verifyx", "/%76erify", "//verify", "/healthz/", "/a/healthz"]
        {
            assert_eq!(status(Method::GET, path).await, 404, "{path}");
        }
        assert_eq!(status(Method::GET, "/readyz").await, 503);
        assert_eq!(status(Method::GET, "/healthz").await, 200);
        assert_eq!(status(Method::POST, "/healthz").await, 405);
    }
}
