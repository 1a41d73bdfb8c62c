//! The byte stream of one connection as hyper sees it: heads strict and one at a time, waits
//! bounded, the close such that the last answer arrives.
//! Must not import anything of the crate but its sibling modules.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Limits;
use super::alarm::Alarm;
use super::exchange::Link;
use super::framing::{Framing, Verdict};
use super::pace::{Pace, Wait};

/// Put in place of a bare LF. NUL is allowed nowhere in a head, so hyper answers its own 400; the
/// empty line makes it look at once, as it parses a partial head again only when it has ended.
const POISON: &[u8] = b"\0\r\n\r\n";

/// How many times the limit of a stall a peer has until he has taken everything.
const BEHIND: u32 = 4;

/// How long a close waits for the peer to see the last answer.
const LINGER: Duration = Duration::from_secs(1);

/// A stream between the socket and hyper.
pub(super) struct Wire {
    stream: TcpStream,
    link: Arc<Link>,
    framing: Framing,
    /// Read, and not yet hyper's to see.
    held: Bytes,
    pace: Pace,
    /// Runs while the peer takes nothing of what is to be written.
    stall: Alarm,
    /// Runs from there until everything was taken.
    behind: Alarm,
    stall_limit: Duration,
    /// The peer was sent our FIN.
    finished: bool,
    lingering: Alarm,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, link: Arc<Link>, limits: &Limits) -> Self {
        Self {
            stream,
            link,
            framing: Framing::new(),
            held: Bytes::new(),
            pace: Pace::new(limits),
            stall: Alarm::default(),
            behind: Alarm::default(),
            stall_limit: limits.request_timeout,
            finished: false,
            lingering: Alarm::default(),
        }
    }

    /// Takes up a head that the service was given since the last read.
    fn follow(&mut self) -> io::Result<()> {
        if let Some(body) = self.link.take_head() {
            self.framing.begin_body(body);
            self.pace.begin();
        }
        // hyper reads on only if it saw no end of the head where this side saw one. Two opinions
        // on that place are what request smuggling is made of.
        if self.framing.is_passed() || self.framing.is_broken() {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok(())
    }

    /// Reads from the socket. `Ready` with nothing new is the end of the stream.
    fn read_fresh(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let start = buf.filled().len();
        if Pin::new(&mut self.stream).poll_read(cx, buf)?.is_pending() {
            return self.wait(cx);
        }
        let fresh = &buf.filled()[start..];
        if fresh.is_empty() {
            return Poll::Ready(Ok(()));
        }
        match self.framing.admit(fresh) {
            Verdict::Pass(passed) => {
                self.held = Bytes::copy_from_slice(&fresh[passed..]);
                buf.set_filled(start + passed);
            }
            Verdict::Break(passed) => {
                buf.set_filled(start + passed);
                poison(buf);
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads on in what an earlier read brought beyond its head or body.
    fn read_held(&mut self, buf: &mut ReadBuf<'_>) {
        let offered = self.held.len().min(buf.remaining());
        match self.framing.admit(&self.held[..offered]) {
            Verdict::Pass(passed) => buf.put_slice(&self.held.split_to(passed)),
            Verdict::Break(passed) => {
                buf.put_slice(&self.held[..passed]);
                poison(buf);
                self.held.clear();
            }
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wait = if self.link.is_busy() {
            Wait::Answer
        } else if self.framing.is_between() {
            Wait::Request
        } else {
            Wait::Head
        };
        self.pace.check(wait, cx)
    }

    /// Bounds a write that the peer does not take, or takes too slowly: each reader of a large answer
    /// may hold one that is made for him alone.
    fn taken<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if write.is_ready() {
            self.stall.rest();
            return write;
        }
        let limit = self.stall_limit;
        if self.stall.is_due(limit, cx) || self.behind.is_due(limit * BEHIND, cx) {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        write
    }

    /// Reads on after our FIN where the peer may still be sending: closing a socket with unread
    /// bytes resets it, and a reset may overtake the 400, 408, 413 or 431 (RFC 9112 §9.6).
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.framing.is_between() && self.held.is_empty() {
            return Poll::Ready(());
        }
        // Before the reads: a peer that always has more to say spends tokio's budget for this
        // poll, and then no timer is ever due.
        if self.lingering.is_due(LINGER, cx) {
            return Poll::Ready(());
        }
        let mut scratch = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf));
            if read.is_err() || buf.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.follow()?;
        if self.held.is_empty() {
            return self.read_fresh(cx, buf);
        }
        self.read_held(buf);
        Poll::Ready(Ok(()))
    }
}

/// The broken byte itself leaves room for the NUL at least.
fn poison(buf: &mut ReadBuf<'_>) {
    let room = POISON.len().min(buf.remaining());
    buf.put_slice(&POISON[..room]);
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.taken(cx, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.taken(cx, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes when nothing is left to be written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.behind.rest();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.finished {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.finished = true;
        }
        self.linger(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    const BOUND: Duration = Duration::from_secs(10);

    /// A peer and the wire to it, with a service that takes up no head.
    async fn pair() -> (TcpStream, Wire) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let wire = Wire::new(stream, Arc::new(Link::default()), &Limits::default());
        (peer, wire)
    }

    #[tokio::test]
    async fn a_reader_that_wants_more_than_the_head_is_cut_off() {
        let (mut peer, mut wire) = pair().await;
        let head = b"GET / HTTP/1.1\r\n\r\n";
        peer.write_all(head).await.unwrap();
        peer.write_all(b"more").await.unwrap();
        let mut read = vec![0; head.len()];
        timeout(BOUND, wire.read_exact(&mut read)).await.unwrap().unwrap();
        assert_eq!(read, head);
        let error = timeout(BOUND, wire.read(&mut read)).await.unwrap();
        assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn a_close_does_not_wait_for_a_peer_that_never_ends() {
        let (mut peer, mut wire) = pair().await;
        peer.write_all(b"GET").await.unwrap();
        timeout(BOUND, wire.read_u8()).await.unwrap().unwrap();
        let sending =
            tokio::spawn(async move { while peer.write_all(&[b'x'; 4096]).await.is_ok() {} });
        timeout(BOUND, wire.shutdown()).await.unwrap().unwrap();
        drop(wire);
        timeout(BOUND, sending).await.unwrap().unwrap();
    }
}
