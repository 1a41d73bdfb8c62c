//! The process is asked to end under load.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::BACKEND;
use crate::support::{Home, Load, Serving, Wire, basic};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_under_way_is_finished_and_the_process_ends_well() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    home.set("CHANCERY_ISSUER", "http://localhost:8080");
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut load = Load::prepare(&wire).await;
    let mut working = load.start(&wire).await;
    working.acknowledged(20).await;
    assert_ends_well(serving).await;
    let tally = load.settle(working).await;
    assert_eq!((tally.refused, tally.torn), (0, 0), "{tally:?}");

    let serving = home.serve();
    load.verify(&home.wire(&serving), home.database()).await;
    load.verify_end(&home.wire(&serving)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_that_was_accepted_gets_its_whole_answer() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut accepted = Vec::new();
    for _ in 0..10 {
        let refresh = wire.login().await.refresh;
        accepted.push(Accepted::begin(&wire, &refresh).await);
    }
    serving.terminate();
    refused(&wire).await;
    for request in accepted {
        let answer = request.finish().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let length = format!("\r\ncontent-length: {}\r\n", body.len());
        assert!(format!("{head}\r\n").contains(&length), "{answer}");
        assert!(body.contains("\"refresh_token\""), "{answer}");
    }
    assert_ends_well(serving).await;
}

#[tokio::test]
async fn a_request_that_is_never_finished_does_not_keep_the_process() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    home.set("CHANCERY_HTTP__DRAIN", "200ms");
    let serving = home.serve();
    let wire = home.wire(&serving);
    let stuck = Accepted::begin(&wire, "a-token").await;
    assert_ends_well(serving).await;
    drop(stuck);
}

/// A request whose head the server has read, and whose body it waits for.
struct Accepted {
    stream: TcpStream,
    body: String,
}

impl Accepted {
    async fn begin(wire: &Wire, token: &str) -> Self {
        let body = format!("grant_type=refresh_token&refresh_token={token}");
        let head = format!(
            "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nAuthorization: {}\r\n\
             Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            basic(&wire.secrets.client_id, &wire.secrets.client_secret),
            body.len(),
        );
        let mut stream = TcpStream::connect(wire.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut interim = [0; CONTINUE.len()];
        timeout(PATIENCE, stream.read_exact(&mut interim)).await.unwrap().unwrap();
        assert_eq!(interim, CONTINUE);
        Self { stream, body }
    }

    async fn finish(mut self) -> String {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, self.stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    }
}

/// Waits until nobody is let in any more.
async fn refused(wire: &Wire) {
    let refusal = async {
        while TcpStream::connect(wire.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, refusal).await.unwrap();
}

/// Asks the process to end, and waits for that no longer than its deadline lasts, and some.
async fn assert_ends_well(serving: Serving) {
    serving.terminate();
    let status = timeout(PATIENCE, serving.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{status}");
}

const CONTINUE: [u8; 25] = *b"HTTP/1.1 100 Continue\r\n\r\n";
/// Longer than the server may take to end by default.
const PATIENCE: Duration = Duration::from_secs(15);
