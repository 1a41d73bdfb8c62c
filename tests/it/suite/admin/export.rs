//! The export of the audit log: all of it, or visibly not.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use chancery::http::serve::{Limits, bind, serve};
use chancery::protocol::audit::{Actor, AuditEvent, AuditKind};
use chancery::storage::ops::audit::Append;
use http::{Method, Request, Version};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::BACKEND;
use crate::support::TestServer;

/// More than two batches of the export and two pages of the list.
const EVENTS: usize = 450;

/// A server with a long log, and an access token that reads it.
async fn start() -> Option<(TestServer, String)> {
    let server = TestServer::start(BACKEND).await?;
    let token = server.admin_token().await;
    for number in 0..EVENTS {
        let now = server.server.now();
        let random = server.server.world.entropy.bytes();
        let mut event = AuditEvent::new(AuditKind::RefreshRisk, Actor::System, (now, random));
        event.target = Some(["even", "odd"][number % 2].to_owned());
        server.server.store.write(Append(event)).await.unwrap();
    }
    Some((server, token))
}

fn request(query: &str, token: &str) -> Request<Body> {
    Request::get(format!("/admin/v1/audit?{query}"))
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "application/x-ndjson")
        .body(Body::empty())
        .unwrap()
}

fn parsed(lines: &str) -> Vec<Value> {
    assert!(lines.is_empty() || lines.ends_with('\n'));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn export(server: &TestServer, query: &str, token: &str) -> Vec<Value> {
    let reply = server.send(request(query, token)).await;
    assert_eq!(reply.status, 200, "{query}: {reply:?}");
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    assert_eq!(reply.header("cache-control"), "no-store");
    parsed(&reply.body)
}

/// What the pages of the list join to.
async fn listed(server: &TestServer, query: &str, token: &str) -> Vec<Value> {
    let (mut joined, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/admin/v1/audit?limit=200&{query}{after}");
        let page = server.call(Method::GET, &path, token, &Value::Null).await.json();
        joined.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return joined };
        after = format!("&after={next}");
    }
}

/// The answer, its body not read yet.
async fn open(server: &TestServer, query: &str, token: &str) -> Response {
    let mut request = request(query, token);
    let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
    request.extensions_mut().insert(ConnectInfo(peer));
    server.app.clone().oneshot(request).await.unwrap()
}

/// Makes the oldest event one that cannot be read.
async fn spoil_the_oldest(server: &TestServer) {
    let oldest = "SELECT id FROM audit ORDER BY id LIMIT 1";
    let spoil = format!("UPDATE audit SET kind = 'odd' WHERE id = ({oldest})");
    server.raw().await.run(&spoil).await;
}

#[tokio::test]
async fn the_export_has_everything_that_the_filter_finds_however_much_it_is() {
    let Some((server, token)) = start().await else { return };
    for query in ["", "kind=refresh_risk", "kind=refresh_risk&target=odd", "target=nothing"] {
        let expected = listed(&server, query, &token).await;
        assert_eq!(export(&server, query, &token).await, expected, "{query}");
    }
    assert!(export(&server, "", &token).await.len() > EVENTS);
    let all = export(&server, "kind=refresh_risk", &token).await;
    assert_eq!(all.len(), EVENTS);
    let after = all[9]["id"].as_str().unwrap();
    let query = format!("kind=refresh_risk&after={after}");
    assert_eq!(export(&server, &query, &token).await, all[10..]);
    // The last batch is full, and nothing follows it.
    let until = all[400]["id"].as_str().unwrap();
    let mut raw = server.raw().await;
    let bytes = raw.bytes(&bytes_of(until));
    raw.run(&format!("DELETE FROM audit WHERE id <= {bytes}")).await;
    assert_eq!(export(&server, "kind=refresh_risk", &token).await, all[..400]);
}

fn bytes_of(id: &str) -> Vec<u8> {
    chancery::protocol::ids::AuditId::parse(id).unwrap().as_bytes().to_vec()
}

#[tokio::test]
async fn a_limit_caps_the_lines_of_the_export() {
    let Some((server, token)) = start().await else { return };
    let all = export(&server, "", &token).await;
    for limit in [1, 199, 200] {
        let capped = export(&server, &format!("limit={limit}"), &token).await;
        assert_eq!(capped, all[..limit], "{limit}");
    }
    let reply = server.send(request("limit=201", &token)).await;
    reply.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn the_export_reads_on_only_when_what_it_read_was_taken() {
    let Some((server, token)) = start().await else { return };
    let response = open(&server, "", &token).await;
    let mut raw = server.raw().await;
    // What is read from here on cannot be.
    raw.run("UPDATE audit SET kind = 'odd'").await;
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(parsed(std::str::from_utf8(&first).unwrap()).len(), 200);
    assert!(body.frame().await.unwrap().is_err());
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_fault_before_the_first_line_has_its_status() {
    let Some((server, token)) = start().await else { return };
    server.raw().await.run("UPDATE audit SET kind = 'odd'").await;
    server.send(request("", &token)).await.assert_error(500, "server_error");
    server.send(request("kind=nonsense", &token)).await.assert_error(400, "invalid_request");
    server.send(request("", "x")).await.assert_error(401, "invalid_token");
}

#[tokio::test]
async fn an_export_without_a_limit_is_refused_where_its_end_could_not_be_told() {
    let Some((server, token)) = start().await else { return };
    let old = |query: &str| {
        let mut request = request(query, &token);
        *request.version_mut() = Version::HTTP_10;
        request
    };
    server.send(old("")).await.assert_error(400, "invalid_request");
    assert_eq!(parsed(&server.send(old("limit=7")).await.body).len(), 7);
}

#[tokio::test]
async fn an_export_that_is_broken_off_does_not_look_complete() {
    let Some((server, token)) = start().await else { return };
    let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
    let address = listeners[0].local_addr().unwrap();
    let limits = Limits::default();
    let app = server.app.clone();
    let serving = tokio::spawn(serve(listeners, app, limits, std::future::pending()));
    let head = format!(
        "GET /admin/v1/audit HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nAccept: application/x-ndjson\r\n\r\n"
    );
    let answer = async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        // Whether the connection ends or is reset is not what tells it.
        let _ = timeout(std::time::Duration::from_secs(30), read).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    let is_complete = |answer: &str| {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("transfer-encoding: chunked"));
        answer.ends_with("\r\n0\r\n\r\n")
    };
    assert!(is_complete(&answer().await));
    spoil_the_oldest(&server).await;
    let broken = answer().await;
    assert!(!is_complete(&broken));
    assert!(broken.lines().filter(|line| line.starts_with('{')).count() >= 200);
    serving.abort();
}
