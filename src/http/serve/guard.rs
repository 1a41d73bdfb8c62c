//! What stands between the wire and the router: the deadline, and what the wire refused.
//! Must not import anything of the crate but its sibling modules.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router};
use tokio::time::timeout;

use super::refusal::Refusal;
use super::tied::Tied;

/// Lets `app` answer within `deadline`, and answers in its place what [`super::serve`] refuses. A
/// layer around the result sees both like any other answer.
pub fn guard(app: Router, deadline: Duration) -> Router {
    app.layer(from_fn_with_state(deadline, watch))
}

async fn watch(State(deadline): State<Duration>, request: Request, next: Next) -> Response {
    within(deadline, request, |request| next.run(request)).await
}

/// What [`super::serve`] refuses is answered here, and what `answer` does not answer within
/// `deadline`. Whether the body was read to its end by then decides whose fault it is: the peer's
/// (408) or ours (503).
pub async fn within<B, F>(
    deadline: Duration,
    request: Request<B>,
    answer: impl FnOnce(Request) -> F,
) -> Response
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    F: Future<Output = Response>,
{
    if let Some(refusal) = request.extensions().get::<Refusal>() {
        return refusal.into_response();
    }
    let awaited = Arc::new(());
    let mut handling = pin!(answer(request.map(|body| tied(body, &awaited))));
    match timeout(deadline, handling.as_mut()).await {
        Ok(response) => response,
        Err(_) if Arc::strong_count(&awaited) > 1 => Refusal::SlowBody.into_response(),
        Err(_) => Refusal::Overdue.into_response(),
    }
}

/// A body that keeps `awaited` until it was read.
fn tied<B>(body: B, awaited: &Arc<()>) -> Body
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    if body.is_end_stream() { Body::empty() } else { Body::new(Tied::new(body, awaited.clone())) }
}
