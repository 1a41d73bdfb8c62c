//! An issuer on a socket of the loopback, whose every answer a test decides.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chancery_verifier::Clock;
use chancery_verifier::revocation::Kind;
use http_body_util::channel::Channel;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::log::{Log, Served};
use super::time::TestTime;

type Sender = http_body_util::channel::Sender<Bytes, Infallible>;

/// The issuer.
pub(crate) struct Issuer {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: Option<JoinHandle<()>>,
}

pub(crate) struct Shared {
    log: Mutex<Log>,
    time: TestTime,
    streams: Mutex<Vec<Sender>>,
    /// Counts the requests.
    seen: watch::Sender<usize>,
}

impl Issuer {
    pub(crate) async fn start(time: &TestTime) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            log: Mutex::new(Log::new(format!("http://{address}"))),
            time: time.clone(),
            streams: Mutex::default(),
            seen: watch::Sender::new(0),
        });
        let server = Some(tokio::spawn(serve(listener, router(&shared))));
        Self { shared, address, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Looks at the log, or changes it.
    pub(crate) fn log<T>(&self, look: impl FnOnce(&mut Log) -> T) -> T {
        look(&mut self.shared.log.lock().unwrap())
    }

    pub(crate) fn token(&self, sid: &str) -> String {
        self.log(|log| log.token(sid, self.shared.time.now()))
    }

    /// Revokes a session and tells the streams.
    pub(crate) async fn revoke(&self, sid: &str) {
        let event = self.log(|log| {
            log.write(Kind::Session, sid);
            log.signed(log.head() - 1, log.head(), self.shared.time.now())
        });
        self.send(&event).await;
    }

    /// A document of what lies above `prev_seq` up to `seq`, of now.
    pub(crate) fn document(&self, prev_seq: i64, seq: i64) -> String {
        self.log(|log| log.signed(prev_seq, seq, self.shared.time.now()))
    }

    /// Sends a document without entries, as of now.
    pub(crate) async fn heartbeat(&self) {
        let head = self.log(|log| log.head());
        self.send(&self.document(head, head)).await;
    }

    /// Sends an event with this document to every stream.
    pub(crate) async fn send(&self, document: &str) {
        self.send_raw(format!("id: x\nevent: revocations\ndata: {document}\n\n")).await;
    }

    pub(crate) async fn send_raw(&self, text: String) {
        let mut streams = std::mem::take(&mut *self.shared.streams.lock().unwrap());
        let mut open = Vec::new();
        for mut stream in streams.drain(..) {
            if stream.send_data(Bytes::from(text.clone())).await.is_ok() {
                open.push(stream);
            }
        }
        self.shared.streams.lock().unwrap().extend(open);
    }

    /// Ends every stream.
    pub(crate) fn cut(&self) {
        self.shared.streams.lock().unwrap().clear();
    }

    /// Closes every connection, and takes no further one.
    pub(crate) async fn go_down(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            let _ = server.await;
        }
        self.cut();
    }

    pub(crate) async fn come_up(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.server = Some(tokio::spawn(serve(listener, router(&self.shared))));
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.log(|log| log.requests.iter().filter(|uri| uri.starts_with(path)).count())
    }

    /// Waits until `reached` holds of the log. It is looked at after each request.
    pub(crate) async fn until(&self, reached: impl Fn(&Log) -> bool) {
        let mut seen = self.shared.seen.subscribe();
        let reached = async {
            while !self.log(|log| reached(log)) {
                seen.changed().await.unwrap();
            }
        };
        let reached = tokio::time::timeout(super::PATIENCE, reached).await;
        assert!(
            reached.is_ok(),
            "it did not come to that: {:?}",
            self.log(|log| log.requests.clone())
        );
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

/// Serves connections, and closes them when it is aborted.
async fn serve(listener: TcpListener, router: Router) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/jwks", get(jwks))
        .route("/revocations", get(revocations))
        .route("/revocations/stream", get(stream))
        .route("/revocations/applied", post(applied))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(shared), note))
        .with_state(Arc::clone(shared))
}

async fn note(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: axum::middleware::Next,
) -> Response {
    let uri = request.uri().to_string();
    let answer = next.run(request).await;
    shared.log.lock().unwrap().requests.push(uri);
    shared.seen.send_modify(|seen| *seen += 1);
    answer
}

async fn metadata(State(shared): State<Arc<Shared>>) -> String {
    let log = shared.log.lock().unwrap();
    let issuer = &log.issuer;
    let keys = log.jwks_uri.clone().unwrap_or_else(|| format!("{issuer}/jwks"));
    let mut metadata = json!({ "issuer": issuer, "jwks_uri": keys });
    if !log.no_feed {
        metadata["revocations_uri"] = format!("{issuer}/revocations").into();
        let stream = log.stream_uri.clone();
        let stream = stream.unwrap_or_else(|| format!("{issuer}/revocations/stream"));
        metadata["revocations_stream_uri"] = stream.into();
    }
    metadata.to_string()
}

async fn jwks(State(shared): State<Arc<Shared>>) -> Response {
    let log = shared.log.lock().unwrap();
    log.jwks.answer().unwrap_or_else(|| log.key_set().to_string().into_response())
}

async fn revocations(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    let mut log = shared.log.lock().unwrap();
    let answer = revoked(&log, &uri, shared.time.now());
    if log.moves {
        log.write(Kind::Session, "one more");
    }
    answer
}

fn revoked(log: &Log, uri: &Uri, time: i64) -> Response {
    let Some(cursor) = uri.query().and_then(|query| query.strip_prefix("cursor=")) else {
        let snapshot = || log.signed(0, log.head(), time).into_response();
        return log.snapshot.answer().unwrap_or_else(snapshot);
    };
    let (epoch, after) = position(cursor).unwrap_or_default();
    let fault = log.segments.answer().or_else(|| log.snapshot.answer());
    fault.unwrap_or_else(|| log.behind(epoch, after, time).into_response())
}

async fn stream(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let first = {
        let mut log = shared.log.lock().unwrap();
        let header = |name: &str| Some(headers.get(name)?.to_str().unwrap().to_owned());
        let cursor = header("last-event-id");
        log.cursors.push(cursor.clone());
        log.authorizations.push(header("authorization"));
        if let Some(fault) = log.stream.answer() {
            return fault;
        }
        let known = cursor.as_deref().and_then(position);
        let time = shared.time.now();
        let document = match known.filter(|(epoch, seq)| *epoch == log.epoch && *seq <= log.head())
        {
            Some((_, seq)) => log.signed(seq, log.head(), time),
            None => log.signed(0, log.head(), time),
        };
        (!log.stalls).then_some(document)
    };
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(16);
    if let Some(document) = first {
        let event = format!("event: revocations\ndata: {document}\n\n");
        let _ = sender.send_data(event.into()).await;
    }
    shared.streams.lock().unwrap().push(sender);
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(body)).into_response()
}

/// The epoch and the number of a cursor.
fn position(cursor: &str) -> Option<(i64, i64)> {
    let (epoch, seq) = cursor.split_once('.')?;
    Some((epoch.parse().ok()?, seq.parse().ok()?))
}

async fn applied(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let mut log = shared.log.lock().unwrap();
    let authorization =
        headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    log.authorizations.push(authorization);
    log.reports.push(serde_json::from_str(&body).unwrap());
    log.applied.answer().unwrap_or_else(|| StatusCode::NO_CONTENT.into_response())
}

impl Served {
    /// The answer that is not as it should be.
    fn answer(&self) -> Option<Response> {
        Some(match self {
            Self::Well => return None,
            Self::Status(status, retry_after, text) => {
                let status = StatusCode::from_u16(*status).unwrap();
                (status, [(header::RETRY_AFTER, retry_after.to_string())], *text).into_response()
            }
            Self::Redirect(to) => {
                let status = StatusCode::FOUND;
                (status, [(header::LOCATION, to.clone())]).into_response()
            }
            Self::Text(text) => text.clone().into_response(),
            Self::Bytes(length) => vec![b' '; *length].into_response(),
        })
    }
}
