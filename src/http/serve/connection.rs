//! One connection: hyper's HTTP/1 engine over a [`Wire`], until the peer, a limit or the stop
//! signal ends it.
//! Must not import anything of the crate but its sibling modules.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::alarm::Alarm;
use super::exchange::{self, Link};
use super::wire::Wire;
use super::{App, Limits, Stage};

/// hyper's smallest buffer; it panics below.
const MIN_BUFFER: usize = 8 * 1024;

/// How long the reader of an event stream has for the end of it when the server stops. He goes on
/// elsewhere; one who reads slowly must not hold up the stop.
pub(super) const END_OF_STREAM: Duration = Duration::from_secs(1);

/// What all connections share.
pub(super) struct Site<A> {
    app: A,
    limits: Limits,
    http: http1::Builder,
}

impl<A> Site<A> {
    pub(super) fn new(app: A, limits: Limits) -> Self {
        let http = engine(&limits);
        Self { app, limits, http }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// hyper starts its header timer as soon as it waits for a head, so an idle connection runs under
/// it too: at `header_timeout` it would cut every keep-alive short. The wire tells idleness from a
/// slow head; hyper's timer is the outer bound, and being set makes hyper read on (and so start
/// the wire's) after each answer.
fn engine(limits: &Limits) -> http1::Builder {
    let header_bytes = limits.header_bytes.max(MIN_BUFFER);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.keep_alive_idle.saturating_add(limits.header_timeout))
        .max_header_size(header_bytes)
        .max_buf_size(header_bytes);
    http
}

/// Serves one connection to its end.
pub(super) async fn run<A: App>(
    stream: TcpStream,
    peer: SocketAddr,
    site: Arc<Site<A>>,
    mut stages: watch::Receiver<Stage>,
) {
    let link = Arc::new(Link::default());
    let wire = Wire::new(stream, link.clone(), &site.limits);
    let service = exchange::service(site.app.clone(), peer, link.clone());
    let mut connection = pin!(site.http.serve_connection(TokioIo::new(wire), service));
    let mut stopping = None;
    loop {
        tokio::select! {
            // The connection comes first, so that what it answers with is known to what follows.
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "connection failed");
                }
                return;
            }
            stage = next(&mut stages) => match stage {
                Stage::Serving => {}
                Stage::Draining => {
                    connection.as_mut().graceful_shutdown();
                    stopping = Some(Alarm::default());
                }
                Stage::Aborting => return,
            },
            () = poll_fn(|cx| overstays(&link, stopping.as_mut(), cx)) => return,
        }
    }
}

/// Resolves where a stream goes on after the stop. Whether there is one may show only later.
fn overstays(link: &Link, stopping: Option<&mut Alarm>, cx: &mut Context<'_>) -> Poll<()> {
    let stopping = stopping.filter(|_| link.is_streaming());
    if stopping.is_some_and(|patience| patience.is_due(END_OF_STREAM, cx)) {
        Poll::Ready(())
    } else {
        Poll::Pending
    }
}

/// The next stage; a server that was dropped aborts.
async fn next(stages: &mut watch::Receiver<Stage>) -> Stage {
    match stages.changed().await {
        Ok(()) => *stages.borrow_and_update(),
        Err(_) => Stage::Aborting,
    }
}
