//! The graceful stop and its deadline.

use std::sync::Arc;

use axum::body::Body;
use axum::middleware::map_response;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use tokio::sync::{Notify, mpsc};

use super::super::connection::END_OF_STREAM;
use super::limits::Feed;
use super::*;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// An app whose handler says when it was entered and answers when it is told to.
fn gated() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let app = Router::new().route(
        "/",
        get({
            let (entered, release) = (entered.clone(), release.clone());
            async move || {
                entered.notify_one();
                release.notified().await;
                "done"
            }
        }),
    );
    (app, entered, release)
}

async fn stopped(serving: JoinHandle<Drained>) -> Drained {
    timeout(BOUND, serving).await.expect("does not stop").unwrap()
}

#[tokio::test]
async fn a_request_in_flight_is_answered_and_new_connections_are_refused() {
    let (app, entered, release) = gated();
    let server = Server::start(app, ample()).await;
    let mut client = server.connect().await;
    client.send(REQUEST).await;
    entered.notified().await;

    server.stop.send(()).unwrap();
    refused(server.address).await;
    client.quiet(SHORT / 2).await;
    release.notify_one();
    let answer = client.rest().await;
    assert_eq!(statuses(&answer), ["200"]);
    assert!(answer.ends_with("\r\n\r\ndone"), "{answer}");
    assert_eq!(stopped(server.serving).await, Drained { completed: true });
}

/// The listener closes soon after the signal, not with it.
async fn refused(address: SocketAddr) {
    let refusal = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(BOUND, refusal).await.expect("still listening");
}

#[tokio::test]
async fn a_request_pipelined_behind_the_last_one_is_not_served() {
    let (app, entered, release) = gated();
    let server = Server::start(app, ample()).await;
    let mut client = server.connect().await;
    client.send(REQUEST.repeat(2)).await;
    entered.notified().await;
    server.stop.send(()).unwrap();
    refused(server.address).await;
    release.notify_one();
    assert_eq!(statuses(&client.rest().await), ["200"]);
    assert!(stopped(server.serving).await.completed);
}

#[tokio::test]
async fn idle_and_fresh_connections_end_at_once() {
    let server = Server::start(app(), ample()).await;
    let mut idle = server.connect().await;
    idle.send(REQUEST).await;
    assert_eq!(statuses(&idle.answer().await), ["200"]);
    let mut fresh = server.connect().await;
    fresh.quiet(SHORT / 2).await;
    server.stop.send(()).unwrap();
    assert_eq!(idle.rest().await, "");
    assert_eq!(fresh.rest().await, "");
    assert!(stopped(server.serving).await.completed);
}

#[tokio::test]
async fn a_stuck_request_is_aborted_at_the_drain_deadline() {
    let (app, entered, _) = gated();
    let limits = Limits { drain: SHORT, ..ample() };
    let server = Server::start(app, limits).await;
    let mut client = server.connect().await;
    client.send(REQUEST).await;
    entered.notified().await;
    let start = Stopwatch::start();
    server.stop.send(()).unwrap();
    assert_eq!(stopped(server.serving).await, Drained { completed: false });
    assert!(start.elapsed() >= SHORT);
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_request_behind_an_event_stream_on_its_connection_has_its_time_too() {
    let (app, entered, release) = gated();
    let app = app.route("/events", get(async || ([(CONTENT_TYPE, "text/event-stream")], "")));
    let server = Server::start(app, ample()).await;
    let mut client = server.connect().await;
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(statuses(&client.answer().await), ["200"]);
    client.send(REQUEST).await;
    entered.notified().await;
    server.stop.send(()).unwrap();
    client.quiet(END_OF_STREAM + SHORT).await;
    release.notify_one();
    assert!(client.rest().await.ends_with("\r\n\r\ndone"));
    assert!(stopped(server.serving).await.completed);
}

#[tokio::test]
async fn an_event_stream_that_begins_after_the_stop_does_not_hold_it_up() {
    let (app, entered, release) = gated();
    let events = async |_: Response| {
        let endless = Body::new(Feed::Endless(mpsc::channel(1).0));
        ([(CONTENT_TYPE, "text/event-stream")], endless)
    };
    let server = Server::start(app.layer(map_response(events)), ample()).await;
    let mut client = server.connect().await;
    client.send(REQUEST).await;
    entered.notified().await;
    server.stop.send(()).unwrap();
    refused(server.address).await;
    release.notify_one();
    assert!(stopped(server.serving).await.completed);
}

#[tokio::test]
async fn a_dropped_server_drops_its_connections() {
    let (app, entered, _) = gated();
    let server = Server::start(app, ample()).await;
    let mut client = server.connect().await;
    client.send(REQUEST).await;
    entered.notified().await;
    server.serving.abort();
    assert_eq!(client.rest().await, "");
    refused(server.address).await;
}
