//! The HTTP/1.1 server: listeners, the accept loop, time and size limits, the graceful stop.
//! Must not import anything of the crate: it serves whatever [`App`] it is given.
//!
//! `axum::serve` has neither timers nor a connection cap, so connections are accepted and driven
//! here. One task drives one connection (`connection`), whose bytes pass through `wire`.

mod accept;
mod alarm;
mod bind;
mod connection;
mod exchange;
mod framing;
mod guard;
mod pace;
mod refusal;
mod tied;
mod wire;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tower::Service;

pub use bind::{BindError, bind};
pub use guard::{guard, within};

/// How long to wait for aborted connections to be gone. Only a handler that blocks its thread
/// takes longer than an instant, and that one must not keep the process.
const ABORT_GRACE: Duration = Duration::from_secs(1);

/// What a peer may take of time and room.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the accept, and later from the first byte of a head, to the end of that head. The
    /// connection is then closed without an answer.
    pub header_timeout: Duration,
    /// How long a peer may take nothing of an answer, or acknowledge nothing of it. He may be behind
    /// with it for four times as long: an event stream that he keeps up with may last for ever. From
    /// the end of the head to the answer's head the [`guard`] counts.
    pub request_timeout: Duration,
    /// Open connections over all listeners, at least 1. Beyond it each listener holds one more and
    /// leaves the rest to the kernel's backlog: they wait and are not dropped.
    pub connections: usize,
    /// Request line and header fields of one request, and the trailers of a chunked body, in
    /// bytes: 431 above it. At least 8,192.
    pub header_bytes: usize,
    /// From the stop signal to the abort of what still runs.
    pub drain: Duration,
    /// From the end of an answer to the first byte of the next request. It should be longer than
    /// the idle time of the proxy in front, or the proxy sends into a closing connection.
    pub keep_alive_idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            connections: 10_000,
            header_bytes: 16 * 1024,
            drain: Duration::from_secs(10),
            keep_alive_idle: Duration::from_secs(75),
        }
    }
}

/// What answers requests, such as a router of axum.
pub trait App:
    Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<A> App for A where
    A: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// How the server stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Drained {
    /// Every connection ended within [`Limits::drain`]. Nothing was aborted but event streams that
    /// were not at their end in a second.
    pub completed: bool,
}

/// What every connection is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serving,
    /// Finish the request in flight, take no further one.
    Draining,
    /// End at once.
    Aborting,
}

/// Serves `app` on all `listeners` until `shutdown` resolves, then stops gracefully.
///
/// `app` has a [`guard`] somewhere, or is [`within`] itself: that is what answers a request that is
/// refused here.
///
/// Handlers find the peer as `axum::extract::ConnectInfo<SocketAddr>`, an IPv4 peer of an IPv6
/// socket in its IPv4 form. On the stop signal the listeners close, idle connections end, requests
/// in flight are answered, and what still runs after [`Limits::drain`] is aborted. An open event
/// stream is a request in flight: end streams on the same signal. A second later they are aborted.
/// Dropping the future aborts everything at once.
pub async fn serve<A: App>(
    listeners: Vec<TcpListener>,
    app: A,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
) -> Drained {
    let (stage, stages) = watch::channel(Stage::Serving);
    let site = Arc::new(connection::Site::new(app, limits));
    let mut loops = accept::spawn(listeners, &site, &stages);
    // From here on only the loops and the connections own receivers.
    drop(stages);
    shutdown.await;
    loops.shutdown().await;
    drain(&stage, limits.drain).await
}

async fn drain(stage: &watch::Sender<Stage>, limit: Duration) -> Drained {
    stage.send_replace(Stage::Draining);
    // Every connection owns a receiver: the channel is closed when none is left.
    if timeout(limit, stage.closed()).await.is_ok() {
        return Drained { completed: true };
    }
    tracing::warn!(open = stage.receiver_count(), "connections aborted at the drain deadline");
    stage.send_replace(Stage::Aborting);
    if timeout(ABORT_GRACE, stage.closed()).await.is_err() {
        tracing::warn!(open = stage.receiver_count(), "connections left behind");
    }
    Drained { completed: false }
}
