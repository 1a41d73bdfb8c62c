//! As many readers of the feed at once as a node has connections by default, at a server that is a process.

use std::fs;
use std::process::Command;
use std::time::Duration;

use chancery::protocol::revocation::Kind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::BACKEND;
use crate::support::postgres::skip_or_fail;
use crate::support::{Follower, Home, Wire, claims};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c139_ten_thousand_readers_are_told_of_a_revocation_and_take_little_memory() {
    let name = "c139_ten_thousand_readers_are_told_of_a_revocation_and_take_little_memory";
    let Some(descriptors) = raise_limit() else {
        return skip_or_fail(name, "there is no prlimit");
    };
    let Some(mut home) = Home::new(BACKEND) else { return };
    let count = READERS.min(descriptors - OTHERS);
    home.set("CHANCERY_TRUSTED_PROXIES", "127.0.0.1");
    home.set("CHANCERY_FEED__STREAMS", "0");
    home.set("CHANCERY_FEED__ANONYMOUS_STREAMS", &count.to_string());
    home.set("CHANCERY_HTTP__CONNECTIONS", &(2 * count).to_string());
    // What they are told is the revocation.
    home.set("CHANCERY_FEED__HEARTBEAT", "1m");
    let serving = home.serve();
    let wire = home.wire(&serving);
    let tokens = wire.login().await;
    let mut first = wire.stream("").await;
    let mut follower = Follower::default();
    follower.take(&first.told().await);
    let before = serving.peak_kib();
    let mut readers = Vec::new();
    for number in 1..count {
        readers.push(open(&wire, number).await.unwrap());
    }
    let answer = open(&wire, 0).await.unwrap_err();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");

    // Whoever wants something else is served as ever.
    let next = wire.refresh(&tokens.refresh).await.unwrap().tokens();
    assert_eq!(wire.revoke(&next.refresh).await.unwrap().status, 200);
    let session = claims(&next.access)["sid"].as_str().unwrap().to_owned();
    first.until_refused(&mut follower, Kind::Session, &session).await;
    for reader in &mut readers {
        // The same document, which was signed once.
        read_until(reader, &format!("id: {}\n", follower.cursor)).await;
    }
    let each = (serving.peak_kib() - before) / count as u64;
    assert!(each < 64, "{each} KiB for each of {count}");

    drop(readers.split_off(count / 2));
    timeout(PATIENCE, async { while open(&wire, 0).await.is_err() {} }).await.unwrap();
    serving.terminate();
    let status = timeout(PATIENCE, serving.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{status}");
}

/// Opens a stream as a reader behind one of some addresses, or answers what was said instead.
async fn open(wire: &Wire, number: usize) -> Result<TcpStream, String> {
    let mut stream = TcpStream::connect(wire.address).await.unwrap();
    let from = number % 20;
    let request = format!(
        "GET /revocations/stream HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.{from}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    if answer.starts_with("HTTP/1.1 200 ") { Ok(stream) } else { Err(answer) }
}

/// What is read until these words are there.
async fn read_until(stream: &mut TcpStream, words: &str) -> String {
    let mut text = String::new();
    let reading = async {
        while !text.contains(words) {
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).await.unwrap();
            assert!(length > 0, "it hung up: {text}");
            text.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
        }
    };
    timeout(PATIENCE, reading).await.unwrap();
    text
}

/// Lets this process, and whoever it starts, have as many files open as it takes, or as the machine allows.
/// `None` where that cannot be asked for.
fn raise_limit() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let mut words = line.split_whitespace().skip(3).map(|word| word.parse::<usize>().unwrap());
    let (now, most) = (words.next().unwrap(), words.next().unwrap());
    let wanted = most.min(READERS + OTHERS);
    if now < wanted {
        let this = std::process::id().to_string();
        let limit = format!("--nofile={wanted}:{most}");
        let raised = Command::new("prlimit").args(["--pid", &this, &limit]).status().ok()?;
        assert!(raised.success());
    }
    Some(now.max(wanted))
}

const READERS: usize = 10_000;
/// Room for the files of all other tests.
const OTHERS: usize = 2_000;
const PATIENCE: Duration = Duration::from_secs(30);
