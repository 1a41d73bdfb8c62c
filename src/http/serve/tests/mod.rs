//! The server over real sockets.

mod heads;
mod limits;
mod stop;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

/// A limit that a test waits for.
const SHORT: Duration = Duration::from_millis(200);

/// No test waits longer for anything: reaching it is a failure.
const BOUND: Duration = Duration::from_secs(10);

/// How long something took.
pub(super) struct Stopwatch(Instant);

#[expect(clippy::disallowed_methods, reason = "sockets are waited for in real time")]
impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Limits that no test reaches; tests shorten one.
fn ample() -> Limits {
    Limits {
        header_timeout: BOUND * 3,
        request_timeout: BOUND * 3,
        keep_alive_idle: BOUND * 3,
        drain: BOUND * 3,
        ..Limits::default()
    }
}

/// `GET /` answers `hello`, `POST /echo` its body.
fn app() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/echo", post(|body: String| async { body }))
}

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Drained>,
}

impl Server {
    async fn start(app: Router, limits: Limits) -> Self {
        let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        Self::start_on(listeners, app, limits)
    }

    /// Reached at the address of the last listener.
    fn start_on(listeners: Vec<TcpListener>, app: Router, limits: Limits) -> Self {
        let address = listeners.last().unwrap().local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let app = guard(app, limits.request_timeout);
        let serving = tokio::spawn(serve(listeners, app, limits, async {
            let _ = stopped.await;
        }));
        Self { address, stop, serving }
    }

    async fn connect(&self) -> Client {
        Client { stream: TcpStream::connect(self.address).await.unwrap(), read: Vec::new() }
    }

    /// Everything that one connection answers to `request` until the server closes it.
    async fn talk(&self, request: impl AsRef<str>) -> String {
        let mut client = self.connect().await;
        client.send(request).await;
        client.rest().await
    }
}

struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    async fn send(&mut self, bytes: impl AsRef<str>) {
        let write = self.stream.write_all(bytes.as_ref().as_bytes());
        timeout(BOUND, write).await.unwrap().unwrap();
    }

    /// The next answer, which must carry a Content-Length.
    async fn answer(&mut self) -> String {
        loop {
            if let Some(end) = answer_end(&self.read) {
                let answer = self.read.drain(..end).collect();
                return String::from_utf8(answer).unwrap();
            }
            assert!(self.more().await > 0, "closed without an answer");
        }
    }

    /// What comes until the server closes; a reset is a failure.
    async fn rest(&mut self) -> String {
        while self.more().await > 0 {}
        String::from_utf8(std::mem::take(&mut self.read)).unwrap()
    }

    async fn more(&mut self) -> usize {
        let read = self.stream.read_buf(&mut self.read);
        timeout(BOUND, read).await.expect("server is silent").unwrap()
    }

    /// Requires that the server neither sends nor closes for so long.
    async fn quiet(&mut self, time: Duration) {
        let read = timeout(time, self.stream.read_buf(&mut self.read)).await;
        assert!(read.is_err(), "{:?}", String::from_utf8_lossy(&self.read));
    }
}

fn answer_end(read: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(read).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: "));
    let length = length.expect("an answer with a length").parse::<usize>().unwrap();
    (body.len() >= length).then_some(head.len() + 4 + length)
}

/// The status codes of a series of answers.
fn statuses(answers: &str) -> Vec<&str> {
    let status = |part: &'_ str| part.find(' ').map_or(0, |space| space + 1);
    let parts = answers.split("HTTP/1.").skip(1);
    parts.map(|part| &part[status(part)..status(part) + 3]).collect()
}
