//! APIs that follow the feed, and a crowd of readers that only keep streams open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chancery_verifier::client::{Client, ClientSettings};
use chancery_verifier::{Settings, Verifier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::figures::{Failure, now};
use crate::stage::Node;

/// How an API follows the feed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Follow {
    Stream,
    Poll,
}

/// An API: a verifier and its client, as an application has them.
pub(super) struct Api(Arc<Client>);

impl Api {
    pub(super) async fn start(node: &Node, number: usize, follow: Follow) -> Result<Self, Failure> {
        let verifier = Verifier::new(Settings::new(&node.issuer, node.secret("RESOURCE")?));
        let settings = ClientSettings::new()
            .credentials(node.secret("CLIENT_ID")?, node.secret("CLIENT_SECRET")?)
            .subscriber(format!("bench-{number}"));
        let settings = if follow == Follow::Poll { settings.poll_only() } else { settings };
        let client = Client::start(verifier, settings)?;
        timeout(LONG, client.ready()).await?;
        Ok(Self(Arc::new(client)))
    }

    /// Makes sure that a token is accepted, and remembered.
    pub(super) async fn accepts(&self, token: &str) -> Result<(), Failure> {
        // A key that began to sign just now may not be known yet.
        timeout(LONG, self.0.until(|verifier| verifier.verify(token).is_ok())).await?;
        Ok(())
    }

    pub(super) async fn refuses(&self, token: &str) -> Result<(), Failure> {
        timeout(LONG, self.0.until(|verifier| verifier.verify(token).is_err())).await?;
        Ok(())
    }

    /// When the token is refused first.
    pub(super) fn wait_for_refusal(
        &self,
        token: &str,
    ) -> impl Future<Output = Result<Instant, Failure>> + use<> {
        let (client, token) = (self.0.clone(), token.to_owned());
        let waiting = tokio::spawn(async move {
            let refused = client.until(|verifier| verifier.verify(&token).is_err());
            timeout(LONG, refused).await.map(|()| now())
        });
        async { Ok(waiting.await??) }
    }

    /// Completes once the stream is lost.
    pub(super) async fn is_cut_off(&self) -> Result<(), Failure> {
        self.streams(false).await
    }

    /// Completes once there is a stream.
    pub(super) async fn is_streaming(&self) -> Result<(), Failure> {
        self.streams(true).await
    }

    async fn streams(&self, expected: bool) -> Result<(), Failure> {
        for _ in 0..10_000 {
            if self.0.counters().streaming == expected {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err("the stream did not come or go".into())
    }
}

/// Streams that are read and not looked at.
#[derive(Default)]
pub(super) struct Crowd {
    readers: JoinSet<()>,
    open: Arc<AtomicUsize>,
}

impl Crowd {
    /// Opens so many more.
    pub(super) async fn join(&mut self, node: &Node, readers: usize) -> Result<(), Failure> {
        let (id, secret) = (node.secret("CLIENT_ID")?, node.secret("CLIENT_SECRET")?);
        let basic = BASE64_STANDARD.encode(format!("{id}:{secret}"));
        let address = node.url.trim_start_matches("http://");
        let request = format!(
            "GET /revocations/stream HTTP/1.1\r\nhost: {address}\r\nauthorization: Basic {basic}\r\n\
             accept: text/event-stream\r\n\r\n"
        );
        for _ in 0..readers {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut begin = [0; 12];
            timeout(LONG, stream.read_exact(&mut begin)).await??;
            if begin != *b"HTTP/1.1 200" {
                return Err("a stream was refused".into());
            }
            let open = self.open.clone();
            open.fetch_add(1, Ordering::Relaxed);
            self.readers.spawn(async move {
                let mut bytes = vec![0; 16 * 1024];
                while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
                open.fetch_sub(1, Ordering::Relaxed);
            });
        }
        Ok(())
    }

    /// Whether so many are open still.
    pub(super) fn check(&self, expected: usize) -> Result<(), Failure> {
        let open = self.open.load(Ordering::Relaxed);
        // What does not divide evenly is left out.
        if open + 10 < expected {
            return Err(format!("only {open} of {expected} streams stayed open").into());
        }
        Ok(())
    }
}

const LONG: Duration = Duration::from_secs(30);
