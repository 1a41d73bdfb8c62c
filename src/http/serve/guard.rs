//! What stands between the wire and the router: the deadline, and what the wire refused.
//! Must not import anything of the crate but its sibling modules.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::refusal::Refusal;
use super::tied::Tied;

/// Lets `app` answer within `deadline`, and answers in its place what [`super::serve`] refuses. A
/// layer around the result sees both like any other answer.
pub fn guard(app: Router, deadline: Duration) -> Router {
    app.layer(from_fn_with_state(deadline, watch))
}

async fn watch(State(deadline): State<Duration>, request: Request, next: Next) -> Response {
    match request.extensions().get::<Refusal>() {
        Some(refusal) => refusal.into_response(),
        None => within(deadline, request, next).await,
    }
}

/// Whether the body was read to its end when the time is up decides whose fault it is: the peer's
/// (408) or ours (503).
async fn within(deadline: Duration, request: Request, next: Next) -> Response {
    let awaited = Arc::new(());
    let request = request.map(|body| Body::new(Tied::new(body, awaited.clone())));
    let mut handling = pin!(next.run(request));
    match timeout(deadline, handling.as_mut()).await {
        Ok(response) => response,
        Err(_) if Arc::strong_count(&awaited) > 1 => Refusal::SlowBody.into_response(),
        Err(_) => Refusal::Overdue.into_response(),
    }
}
