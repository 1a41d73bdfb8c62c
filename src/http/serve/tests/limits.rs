//! Time limits, the connection cap, accept errors, the peer's address.

use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_response;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use hyper::body::Frame;
use tokio::sync::mpsc;

use super::super::alarm::sleep;
use super::*;

/// A body of what is sent to it, or endless; dropping it closes the other end.
pub(super) enum Feed {
    Sent(mpsc::Receiver<Bytes>),
    Endless(#[expect(dead_code, reason = "held to be dropped")] mpsc::Sender<Bytes>),
}

impl hyper::body::Body for Feed {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut *self {
            Self::Sent(feed) => {
                feed.poll_recv(cx).map(|next| next.map(|data| Ok(Frame::data(data))))
            }
            Self::Endless(_) => {
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 4096])))))
            }
        }
    }
}

/// An app that answers its only request with `feed`.
fn feeding(feed: Feed) -> Router {
    let feed = std::sync::Mutex::new(Some(feed));
    let handler = async move || Body::new(feed.lock().unwrap().take().unwrap());
    let handler = std::sync::Arc::new(handler);
    Router::new().route(
        "/",
        get(move || {
            let handler = handler.clone();
            async move { handler().await }
        }),
    )
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_off_however_many_bytes_come() {
    let limits = Limits { header_timeout: SHORT, ..ample() };
    let server = Server::start(app(), limits).await;
    let mut client = server.connect().await;
    let start = Stopwatch::start();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
    loop {
        assert!(start.elapsed() < BOUND, "still open");
        // Whether the server resets or closes depends on what was on its way.
        if client.stream.write_all(b"x").await.is_err() {
            break;
        }
        match timeout(SHORT / 8, client.stream.read_buf(&mut client.read)).await {
            Err(_) => {}
            Ok(closed) => {
                assert_eq!(closed.unwrap_or(0), 0);
                break;
            }
        }
    }
    assert!(start.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_at_the_header_timeout() {
    let limits = Limits { header_timeout: SHORT, ..ample() };
    let server = Server::start(app(), limits).await;
    let start = Stopwatch::start();
    assert_eq!(server.talk("").await, "");
    assert!(start.elapsed() >= SHORT);
}

#[tokio::test]
async fn an_idle_connection_outlives_the_header_timeout_but_a_next_head_does_not() {
    let limits = Limits { header_timeout: SHORT, ..ample() };
    let server = Server::start(app(), limits).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(statuses(&client.answer().await), ["200"]);
        client.quiet(SHORT * 2).await;
    }
    client.send("GET / HTTP/1.1\r\n").await;
    let start = Stopwatch::start();
    assert_eq!(client.rest().await, "");
    assert!(start.elapsed() < BOUND / 2);
}

#[tokio::test]
async fn an_idle_connection_is_closed_at_the_idle_limit_of_each_answer() {
    let limits = Limits { keep_alive_idle: SHORT * 2, ..ample() };
    let server = Server::start(app(), limits).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.quiet(SHORT).await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(statuses(&client.answer().await), ["200"]);
    }
    let start = Stopwatch::start();
    assert_eq!(client.rest().await, "");
    assert!(start.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_body_that_stalls_gets_408_and_the_connection_closes() {
    let limits = Limits { request_timeout: SHORT, ..ample() };
    let server = Server::start(app(), limits).await;
    for body in ["Content-Length: 9\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n9\r\nabc"] {
        let start = Stopwatch::start();
        let request = format!("POST /echo HTTP/1.1\r\nHost: a\r\n{body}");
        let answer = server.talk(request).await;
        assert_eq!(statuses(&answer), ["408"]);
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(start.elapsed() >= SHORT);
    }
}

#[tokio::test]
async fn a_handler_that_stalls_gets_503_with_retry_after() {
    let limits = Limits { request_timeout: SHORT, ..ample() };
    let stuck = Router::new()
        .route("/", get(async |_: Request| pending::<()>().await))
        .route("/", post(async |_: String| pending::<()>().await));
    let server = Server::start(stuck, limits).await;
    for request in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    ] {
        let answer = server.talk(request).await;
        assert_eq!(statuses(&answer), ["503"]);
        assert!(answer.contains("\r\nretry-after: "), "{answer}");
    }
}

#[tokio::test]
async fn an_event_stream_outlives_every_limit() {
    let limits =
        Limits { header_timeout: SHORT, request_timeout: SHORT, keep_alive_idle: SHORT, ..ample() };
    let (events, feed) = mpsc::channel(1);
    let server = Server::start(feeding(Feed::Sent(feed)), limits).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    events.send("first".into()).await.unwrap();
    while !client.read.ends_with(b"first\r\n") {
        assert!(client.more().await > 0);
    }
    client.quiet(SHORT * 4).await;
    events.send("second".into()).await.unwrap();
    drop(events);
    assert!(client.rest().await.contains("second"));
}

#[tokio::test]
async fn an_event_stream_does_not_hold_up_the_stop_however_slowly_it_is_read() {
    let (open, _closed) = mpsc::channel(1);
    let events = async |body: Response| ([(CONTENT_TYPE, "text/event-stream")], body);
    let app = feeding(Feed::Endless(open)).layer(map_response(events));
    let server = Server::start(app, ample()).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.more().await;
    server.stop.send(()).unwrap();
    let drained = timeout(BOUND, server.serving).await.expect("does not stop").unwrap();
    assert!(drained.completed);
}

#[tokio::test]
async fn a_peer_that_takes_nothing_of_an_answer_loses_the_connection() {
    let limits = Limits { request_timeout: SHORT, ..ample() };
    let (open, mut closed) = mpsc::channel(1);
    let server = Server::start(feeding(Feed::Endless(open)), limits).await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(timeout(BOUND, closed.recv()).await.expect("still open").is_none());
}

/// Longer than this process is held up where much runs beside it: who takes little at a time must not
/// look like one who takes nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// A server and a client of it between whom little is under way, and `feed`'s other end.
async fn narrow() -> (Client, mpsc::Sender<Bytes>) {
    let limits = Limits { request_timeout: PAUSE, ..ample() };
    let (events, feed) = mpsc::channel(1);
    let listening = tokio::net::TcpSocket::new_v4().unwrap();
    listening.set_send_buffer_size(4096).unwrap();
    listening.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let server =
        Server::start_on(vec![listening.listen(8).unwrap()], feeding(Feed::Sent(feed)), limits);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(server.address).await.unwrap();
    let mut client = Client { stream, read: Vec::with_capacity(512) };
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    (client, events)
}

#[tokio::test]
async fn a_peer_that_takes_little_at_a_time_of_a_large_answer_loses_the_connection() {
    let (mut client, events) = narrow().await;
    let start = Stopwatch::start();
    events.send(vec![b'x'; 64 << 20].into()).await.unwrap();
    let (mut few, mut taken) = ([0; 1024], 0);
    while let Ok(1..) = client.stream.read(&mut few).await.inspect(|read| taken += read) {
        sleep(Duration::from_millis(2)).await;
        assert!(start.elapsed() < BOUND, "still open");
    }
    assert!(taken > 10 * few.len(), "{taken}");
}

#[tokio::test]
async fn a_peer_that_catches_up_is_never_too_late() {
    let (mut client, events) = narrow().await;
    let start = Stopwatch::start();
    let some = Bytes::from(vec![b'x'; 100_000]);
    while start.elapsed() < PAUSE * 5 {
        // There is no room for all of it, so the second waits until the first was taken.
        for _ in 0..2 {
            events.send(some.clone()).await.unwrap();
        }
        let mut taken = 0;
        while taken < 2 * some.len() {
            client.read.clear();
            let more = client.more().await;
            assert!(more > 0, "cut off");
            taken += more;
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// The wire sees each write succeed: what is not taken stands in the buffers of the kernel.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_peer_that_takes_no_small_events_loses_the_connection_too() {
    let limits = Limits { request_timeout: SHORT, ..ample() };
    let (events, feed) = mpsc::channel(1);
    let server = Server::start(feeding(Feed::Sent(feed)), limits).await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut told = 0;
    let telling = async {
        while events.send(Bytes::from_static(&[b'x'; 1000])).await.is_ok() {
            told += 1;
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(BOUND, telling).await.expect("still open");
    assert!(told < 500, "{told} events");
}

#[tokio::test]
async fn a_connection_over_the_cap_waits_and_is_served() {
    let limits = Limits { connections: 1, ..ample() };
    let server = Server::start(app(), limits).await;
    let mut first = server.connect().await;
    first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(statuses(&first.answer().await), ["200"]);

    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut client = server.connect().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        client.quiet(SHORT / 2).await;
        waiting.push(client);
    }
    drop(first);
    for mut client in waiting {
        assert_eq!(statuses(&client.rest().await), ["200"]);
    }
}

#[tokio::test]
async fn the_cap_is_shared_by_the_listeners_and_starves_none() {
    let limits = Limits { connections: 1, ..ample() };
    let any = "127.0.0.1:0".parse().unwrap();
    let listeners = bind(&[any, any]).await.unwrap();
    let first = listeners[0].local_addr().unwrap();
    let server = Server::start_on(listeners, app(), limits);
    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(statuses(&idle.answer().await), ["200"]);

    let mut other = Client { stream: TcpStream::connect(first).await.unwrap(), read: Vec::new() };
    other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    other.quiet(SHORT / 2).await;
    drop(idle);
    assert_eq!(statuses(&other.answer().await), ["200"]);
}

#[tokio::test]
async fn handlers_see_the_address_of_the_peer() {
    let who = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
    let server = Server::start(Router::new().route("/", get(who)), ample()).await;
    let mut client = server.connect().await;
    let here = client.stream.local_addr().unwrap();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.answer().await.ends_with(&format!("\r\n\r\n{here}")));
}
