//! The accept loops: one a listener, one connection cap over all, back-off on errors.
//! Must not import anything of the crate but its sibling modules.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::alarm::sleep;
use super::connection::{self, Site};
use super::{App, Stage};

/// The pause after an error that the next attempt would meet again, such as EMFILE: long enough
/// not to spin, short enough that a freed descriptor is used.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Starts one loop a listener. Ending a loop closes its listener and leaves its connections.
pub(super) fn spawn<A: App>(
    listeners: Vec<TcpListener>,
    site: &Arc<Site<A>>,
    stages: &watch::Receiver<Stage>,
) -> JoinSet<()> {
    let cap = Cap::new(site.limits().connections);
    let mut loops = JoinSet::new();
    for listener in listeners {
        loops.spawn(run(listener, site.clone(), cap.clone(), stages.clone()));
    }
    loops
}

async fn run<A: App>(
    listener: TcpListener,
    site: Arc<Site<A>>,
    mut cap: Cap,
    stages: watch::Receiver<Stage>,
) {
    loop {
        let (stream, peer) = next(|| listener.accept()).await;
        // Accepted first, admitted second: a permit that waits in `accept` would be lost to the
        // other listeners.
        let Some(permit) = cap.admit().await else {
            return;
        };
        no_delay(&stream);
        give_up_after(&stream, site.limits().request_timeout);
        let serving = connection::run(stream, canonical(peer), site.clone(), stages.clone());
        tokio::spawn(async move {
            serving.await;
            drop(permit);
        });
    }
}

/// The next connection, whatever fails before it.
async fn next<T, F>(mut accept: impl FnMut() -> F) -> T
where
    F: Future<Output = io::Result<T>>,
{
    let mut failing = false;
    loop {
        match accept().await {
            Ok(accepted) => return accepted,
            Err(error) => back_off(&error, &mut failing).await,
        }
    }
}

/// Warns at the first failure of a row only: the loop meets the same one ten times a second.
async fn back_off(error: &io::Error, failing: &mut bool) {
    if concerns_one_peer(error) {
        tracing::debug!(%error, "a peer left before its connection was accepted");
        return;
    }
    if !*failing {
        tracing::warn!(%error, "cannot accept connections");
        *failing = true;
    }
    sleep(BACK_OFF).await;
}

/// accept(2) also reports errors that were pending on the new connection.
fn concerns_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

/// Answers are written whole: waiting for more (Nagle) only delays them.
fn no_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY refused");
    }
}

/// What is written is for the kernel to deliver. A peer that vanished, or that reads no more, takes
/// the small events of a stream for hours, as far as the wire can see: the kernel's buffers have
/// room for them. So the kernel gives up too.
fn give_up_after(stream: &TcpStream, limit: Duration) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(limit)) {
        tracing::debug!(%error, "TCP_USER_TIMEOUT refused");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, limit);
}

/// `::ffff:192.0.2.1` is 192.0.2.1: rules about addresses must not depend on the socket's family.
fn canonical(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

/// The connection cap.
#[derive(Clone)]
struct Cap {
    permits: Arc<Semaphore>,
    full: bool,
}

impl Cap {
    fn new(connections: usize) -> Self {
        let connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        Self { permits: Arc::new(Semaphore::new(connections)), full: false }
    }

    /// Waits for room. `None` never comes, as the semaphore is never closed.
    async fn admit(&mut self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            self.full = false;
            return Some(permit);
        }
        if !self.full {
            tracing::warn!("connection limit reached: new connections wait");
            self.full = true;
        }
        self.permits.clone().acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::super::tests::Stopwatch;
    use super::*;

    #[test]
    fn an_ipv4_peer_of_an_ipv6_socket_is_an_ipv4_peer() {
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:5".parse().unwrap();
        assert_eq!(canonical(mapped), "192.0.2.1:5".parse().unwrap());
        let six: SocketAddr = "[2001:db8::1]:5".parse().unwrap();
        assert_eq!(canonical(six), six);
    }

    const BOUND: Duration = Duration::from_secs(10);

    /// What `next` makes of these outcomes, the last first, and how long it took.
    async fn after(mut outcomes: Vec<io::Result<u8>>) -> (u8, Duration) {
        let start = Stopwatch::start();
        let accepted = next(|| std::future::ready(outcomes.pop().unwrap()));
        let accepted = timeout(BOUND, accepted).await.unwrap();
        (accepted, start.elapsed())
    }

    #[tokio::test]
    async fn accept_errors_never_end_the_loop_and_only_lasting_ones_pause_it() {
        let full = || io::Error::from_raw_os_error(24);
        let left = || io::Error::from(ErrorKind::ConnectionAborted);
        let (accepted, time) = after(vec![Ok(7), Err(left()), Err(full()), Err(full())]).await;
        assert_eq!(accepted, 7);
        assert!(time >= BACK_OFF * 2);
        let (accepted, time) = after(vec![Ok(8), Err(left()), Err(left())]).await;
        assert_eq!(accepted, 8);
        assert!(time < BACK_OFF);
    }
}
