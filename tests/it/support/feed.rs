//! A reader of the feed of revocations: of the server in-process, or of one that runs as a process.
//! What it reads it verifies with the published keys, by a library that is not the server's.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use chancery_verifier::feed::FeedDocument;
use chancery_verifier::revocation::{Digest, Kind};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::client::Reply;
use super::contract::contract;
use super::server::TestServer;
use super::wire::Wire;

/// The published keys, by which documents are verified.
pub(crate) struct FeedKeys(serde_json::Value);

/// A document, verified.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// The `id` of its event; empty if it was none.
    pub(crate) id: String,
    pub(crate) kid: String,
    pub(crate) document: FeedDocument,
}

/// An open stream.
pub(crate) struct FeedReader {
    source: Source,
    keys: FeedKeys,
    /// What was read and not told yet.
    text: String,
}

enum Source {
    Body(Body),
    Wire(TcpStream),
}

/// What somebody who reads the feed knows by it.
#[derive(Default)]
pub(crate) struct Follower {
    pub(crate) epoch: i64,
    pub(crate) seq: i64,
    pub(crate) cursor: String,
    refused: BTreeSet<Digest>,
}

impl FeedKeys {
    pub(crate) fn of(jwks: &Reply) -> Self {
        Self(jwks.json())
    }

    /// Verifies a document, whatever its age, as a reader must.
    #[track_caller]
    pub(crate) fn verify(&self, jws: &str) -> Told {
        let header = decode_header(jws).unwrap();
        assert_eq!(header.typ.as_deref(), Some("revocations+jwt"));
        let kid = header.kid.unwrap();
        let published = self.0["keys"].as_array().unwrap().iter().find(|key| key["kid"] == *kid);
        assert_eq!(published.unwrap()["purpose"], "revocations");
        let set: JwkSet = serde_json::from_value(self.0.clone()).unwrap();
        let key = DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
        let mut rules = Validation::new(Algorithm::ES256);
        (rules.validate_exp, rules.validate_aud) = (false, false);
        rules.set_required_spec_claims(&["iss", "exp"]);
        let document = decode::<FeedDocument>(jws, &key, &rules).unwrap().claims;
        Told { id: String::new(), kid, document }
    }
}

impl Told {
    /// Whether it refuses what `value` names.
    pub(crate) fn refuses(&self, kind: Kind, value: &str) -> bool {
        let digest = kind.digest(value);
        self.document.entries.unpack().unwrap().iter().any(|(_, entry)| entry.digest == digest)
    }

    pub(crate) fn len(&self) -> usize {
        self.document.entries.unpack().unwrap().len()
    }

    pub(crate) fn is_snapshot(&self) -> bool {
        self.document.prev_seq == 0
    }
}

impl Follower {
    /// Takes up a document, by the rule of covering. There must be no gap.
    #[track_caller]
    pub(crate) fn take(&mut self, told: &Told) {
        let document = &told.document;
        if document.epoch != self.epoch {
            assert!(document.epoch > self.epoch, "an epoch never comes back");
            assert_eq!(document.prev_seq, 0, "a new epoch begins with a snapshot");
            (self.epoch, self.seq) = (document.epoch, 0);
        }
        assert!(document.prev_seq <= self.seq, "a gap: {} to {document:?}", self.seq);
        let entries = document.entries.unpack().unwrap();
        self.refused.extend(entries.into_iter().map(|(_, entry)| entry.digest));
        if document.seq >= self.seq {
            self.seq = document.seq;
            self.cursor.clone_from(&document.cursor);
        }
    }

    pub(crate) fn refuses(&self, kind: Kind, value: &str) -> bool {
        self.refused.contains(&kind.digest(value))
    }

    pub(crate) fn len(&self) -> usize {
        self.refused.len()
    }
}

impl TestServer {
    pub(crate) async fn feed_keys(&self) -> FeedKeys {
        FeedKeys::of(&self.get("/.well-known/jwks.json").await)
    }

    /// Fetches a document of the feed, which must be there.
    pub(crate) async fn document(&self, query: &str) -> Told {
        let reply = self.get(&format!("/revocations{query}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        self.feed_keys().await.verify(&reply.body)
    }

    /// Opens a stream.
    pub(crate) async fn stream(&self, last: &str, authorization: &str) -> FeedReader {
        self.try_stream("", last, authorization).await.unwrap()
    }

    /// Tries to open a stream; an error is the answer that came instead.
    pub(crate) async fn try_stream(
        &self,
        query: &str,
        last: &str,
        authorization: &str,
    ) -> Result<FeedReader, Reply> {
        self.try_stream_from("127.0.0.1", (query, last), authorization).await
    }

    /// Tries to open a stream from this address.
    pub(crate) async fn try_stream_from(
        &self,
        address: &str,
        (query, last): (&str, &str),
        authorization: &str,
    ) -> Result<FeedReader, Reply> {
        let keys = self.feed_keys().await;
        let path = format!("/revocations/stream{query}");
        let mut request = Request::get(&path);
        for (name, value) in [("last-event-id", last), ("authorization", authorization)] {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer = std::net::SocketAddr::new(address.parse().unwrap(), 50_000);
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        if parts.status != StatusCode::OK {
            let body = body.collect().await.unwrap().to_bytes();
            let body = String::from_utf8(body.to_vec()).unwrap();
            let reply = Reply { status: parts.status, headers: parts.headers, body };
            check(&reply);
            return Err(reply);
        }
        check(&Reply { status: parts.status, headers: parts.headers, body: String::new() });
        Ok(FeedReader { source: Source::Body(body), keys, text: String::new() })
    }
}

impl Wire {
    /// Opens a stream.
    pub(crate) async fn stream(&self, last: &str) -> FeedReader {
        self.try_stream(last).await.unwrap()
    }

    /// Opens a stream by a connection that takes next to nothing, and reads none of it.
    pub(crate) async fn open_and_read_nothing(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(1).unwrap();
        let mut stream = socket.connect(self.address).await.unwrap();
        let request = "GET /revocations/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 15];
        timeout(PATIENCE, stream.read_exact(&mut status)).await.unwrap().unwrap();
        assert_eq!(&status, b"HTTP/1.1 200 OK");
        stream
    }

    /// Tries to open a stream; none is another answer.
    pub(crate) async fn try_stream(&self, last: &str) -> Option<FeedReader> {
        let keys = FeedKeys::of(&self.get("/.well-known/jwks.json").await.unwrap());
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!(
            "GET /revocations/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: {last}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        if !head.starts_with("HTTP/1.1 200 OK\r\n") {
            return None;
        }
        assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
        Some(FeedReader { source: Source::Wire(stream), keys, text: String::new() })
    }
}

impl FeedReader {
    /// The next event; none at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                return Some(self.keys.read(event.trim_end()));
            }
            let more = timeout(PATIENCE, self.source.more()).await.unwrap()?;
            self.text.push_str(&more);
        }
    }

    /// The next event, which there must be.
    pub(crate) async fn told(&mut self) -> Told {
        self.next().await.unwrap()
    }

    /// Reads on until somebody who has read all of it refuses what `value` names.
    pub(crate) async fn until_refused(&mut self, follower: &mut Follower, kind: Kind, value: &str) {
        let refused = async {
            while !follower.refuses(kind, value) {
                follower.take(&self.told().await);
            }
        };
        // Heartbeats go on for ever.
        timeout(PATIENCE, refused).await.unwrap();
    }

    /// From here on verifies with the keys that are published now.
    pub(crate) fn learn(&mut self, keys: FeedKeys) {
        self.keys = keys;
    }
}

impl FeedKeys {
    #[track_caller]
    fn read(&self, event: &str) -> Told {
        let lines: Vec<(&str, &str)> =
            event.split('\n').map(|line| line.split_once(": ").unwrap()).collect();
        let [("id", id), ("event", "revocations"), ("data", jws)] = lines[..] else {
            panic!("{event}");
        };
        let told = Told { id: id.to_owned(), ..self.verify(jws) };
        assert_eq!(told.id, told.document.cursor);
        told
    }
}

impl Source {
    /// What comes next; none at the end.
    async fn more(&mut self) -> Option<String> {
        let bytes = match self {
            Self::Body(body) => body.frame().await?.unwrap().into_data().unwrap().to_vec(),
            Self::Wire(stream) => chunk(stream).await?,
        };
        Some(String::from_utf8(bytes).unwrap())
    }
}

/// The next chunk (RFC 9112 §7.1); none is the last one, and an error an end without it.
async fn chunk(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut size = Vec::new();
    while !size.ends_with(b"\r\n") {
        size.push(stream.read_u8().await.unwrap());
    }
    let size = usize::from_str_radix(std::str::from_utf8(&size).unwrap().trim(), 16).unwrap();
    let mut bytes = vec![0; size + 2];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes.truncate(size);
    (size > 0).then_some(bytes)
}

fn check(reply: &Reply) {
    let path = "/revocations/stream";
    if let Err(error) = contract().check(&Method::GET, path, reply) {
        panic!("{path}: {error}\n{reply:?}");
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
