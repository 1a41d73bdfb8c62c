//! An API behind a proxy that answers each request with what reached it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::client::Reply;

/// An API that answers until this is dropped.
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = requests.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, counted.clone()));
            }
        });
        Self { address, requests, task }
    }

    /// How many requests have reached it.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// The values that reached the API under any spelling of a name which it may take for this one, as
    /// CGI does: case and underscores make no difference there.
    pub(crate) fn received(reply: &Reply, name: &str) -> Vec<String> {
        let heads = reply.body.lines().skip(1).filter_map(|line| line.split_once(':'));
        let same = |found: &str| found.replace('_', "-").eq_ignore_ascii_case(name);
        heads.filter(|(found, _)| same(found)).map(|(_, value)| value.trim().to_owned()).collect()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers one request, which has no body, with its head.
async fn answer(mut stream: TcpStream, requests: Arc<AtomicUsize>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            // A proxy that only looked whether the port is open.
            Err(_) => return,
        }
    }
    requests.fetch_add(1, Ordering::Relaxed);
    let answer =
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", head.len());
    let _ = stream.write_all(&[answer.as_bytes(), &head].concat()).await;
}
