//! One connection that is kept alive, with one request on its way at a time.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::{Answer, find};
use crate::figures::Failure;

/// A connection, and the room for what comes over it.
pub(super) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

impl Connection {
    /// A connection that is opened with its first request.
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, read: Vec::with_capacity(ROOM) }
    }

    /// Sends a request and waits for its answer. After a failure the next request opens the
    /// connection anew.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, Failure> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address).await?,
        };
        stream.write_all(request).await?;
        self.read.clear();
        let found = loop {
            if stream.read_buf(&mut self.read).await? == 0 {
                return Err("the connection was closed".into());
            }
            if let Some(found) = find(&self.read)? {
                break found;
            }
        };
        if !found.closes {
            self.stream = Some(stream);
        }
        Ok(Answer { status: found.status, body: &self.read[found.body] })
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

const ROOM: usize = 16 * 1024;
