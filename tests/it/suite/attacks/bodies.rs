//! Bodies without an end, at a server that runs as a process.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::BACKEND;
use crate::support::Home;

/// Bodies of 10 MiB by what their heads say of them, and what each is told.
const ENDLESS: [(&str, &str, &str); 5] = [
    (
        "/oauth/token",
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10485760",
        "413",
    ),
    (
        "/oauth/token",
        "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked",
        "413",
    ),
    ("/login", "Content-Type: application/json\r\nTransfer-Encoding: chunked", "413"),
    (
        "/oauth/token",
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\nContent-Length: 10485760",
        "415",
    ),
    ("/nowhere", "Transfer-Encoding: chunked", "404"),
];
const LENGTH: usize = 10 << 20;

/// Sends a head and a body that goes on as long as the server takes it, and answers what that said.
async fn pour(address: SocketAddr, path: &str, head: &str) -> String {
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n");
    let part = vec![b'a'; 1 << 14];
    let part =
        if head.contains("chunked") { [b"4000\r\n", &part[..], b"\r\n"].concat() } else { part };
    let pouring = async move {
        to.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..LENGTH >> 14 {
            // The server has had enough, and is gone.
            if to.write_all(&part).await.is_err() {
                break;
            }
        }
    };
    let reading = async move {
        let mut said = Vec::new();
        // It may end by a reset, since more was sent than was taken.
        let _ = from.read_to_end(&mut said).await;
        String::from_utf8(said).unwrap()
    };
    timeout(PATIENCE, async { tokio::join!(pouring, reading).1 }).await.unwrap()
}

/// The most memory that a process has had so far, in KiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c102_bodies_without_an_end_are_cut_off_and_take_no_memory() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    wire.login().await;
    let before = peak(serving.id());
    let all = (0..4).flat_map(|_| ENDLESS);
    let said = all.map(|(path, head, status)| async move {
        let said = pour(wire.address, path, head).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {head}: {said}");
    });
    join_all(said).await;
    // Together they were 200 MiB.
    let grown = peak(serving.id()) - before;
    assert!(grown < 32 << 10, "{grown} KiB");
    home.wire(&serving).login().await;
}

const PATIENCE: Duration = Duration::from_mins(1);
