//! One request and its answer: what is refused before the router, and the word to the wire about
//! where the request ends.
//! Must not import anything of the crate but its sibling modules.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use axum::body::{Body, HttpBody};
use axum::extract::ConnectInfo;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use tower::ServiceExt;

use super::App;
use super::framing::Extent;
use super::refusal::Refusal;
use super::tied::Tied;

/// What the service tells the wire of the same connection. Both live in one task, so the order of
/// the accesses is the program's and `Relaxed` is enough.
#[derive(Default)]
pub(super) struct Link {
    head_read: AtomicBool,
    body: AtomicU64,
    open: AtomicUsize,
    streaming: AtomicBool,
}

const EVENT_STREAM: &str = "text/event-stream";

/// [`Extent::Chunked`] within [`Link`]; hyper accepts no length near it.
const CHUNKED: u64 = u64::MAX;

impl Link {
    /// A head was read and its answer begins.
    fn begin(self: &Arc<Self>, body: Extent) -> Exchange {
        let body = match body {
            Extent::Bytes(length) => length,
            Extent::Chunked => CHUNKED,
        };
        self.body.store(body, Relaxed);
        self.streaming.store(false, Relaxed);
        self.head_read.store(true, Relaxed);
        self.open.fetch_add(1, Relaxed);
        Exchange(self.clone())
    }

    /// Once per head: how far its body reaches.
    pub(super) fn take_head(&self) -> Option<Extent> {
        if !self.head_read.swap(false, Relaxed) {
            return None;
        }
        Some(match self.body.load(Relaxed) {
            CHUNKED => Extent::Chunked,
            length => Extent::Bytes(length),
        })
    }

    /// Whether a request is being answered.
    pub(super) fn is_busy(&self) -> bool {
        self.open.load(Relaxed) > 0
    }

    /// Whether the last request was answered with an event stream, which may last for ever. Its end
    /// may still have to be taken.
    pub(super) fn is_streaming(&self) -> bool {
        self.streaming.load(Relaxed)
    }
}

/// Lasts from a request's head to the end of its answer's body.
pub(super) struct Exchange(Arc<Link>);

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// The service of one connection.
pub(super) fn service(
    app: impl App,
    peer: SocketAddr,
    link: Arc<Link>,
) -> impl Service<
    Request<Incoming>,
    Response = Response<Tied<Body, Exchange>>,
    Error = Infallible,
    Future: Send,
> {
    service_fn(move |mut request: Request<Incoming>| {
        // Before the first await: the wire must know the body's length before hyper reads on.
        let body = request.body().size_hint().exact();
        let exchange = link.begin(body.map_or(Extent::Chunked, Extent::Bytes));
        request.extensions_mut().insert(ConnectInfo(peer));
        let (app, link) = (app.clone(), link.clone());
        async move {
            let response = answer(app, request).await;
            let events = response.headers().get(CONTENT_TYPE).is_some_and(|it| it == EVENT_STREAM);
            link.streaming.store(events, Relaxed);
            Ok(response.map(|body| Tied::new(body, exchange)))
        }
    })
}

async fn answer(app: impl App, mut request: Request<Incoming>) -> Response<Body> {
    let chunked = request.headers().contains_key(TRANSFER_ENCODING);
    if let Err(refusal) = inspect(request.version(), request.headers()) {
        // For the guard of the router to answer.
        request.extensions_mut().insert(refusal);
    }
    let Ok(mut response) = app.oneshot(request).await;
    if chunked {
        // The wire cannot see where a chunked body ends, so it could not hold the next head to
        // its rules. It also ends every disagreement with a proxy about that place: nothing after
        // the body is ever read as a request (RFC 9112 §11.2).
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

/// What hyper lets pass and two parsers in a row may read differently.
fn inspect(version: Version, headers: &HeaderMap) -> Result<(), Refusal> {
    inspect_host(version, headers)?;
    inspect_transfer_coding(headers)
}

/// RFC 9112 §3.2: several Host lines, an invalid one, or none in HTTP/1.1, is 400.
fn inspect_host(version: Version, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => Ok(()),
        (None, _) if version == Version::HTTP_10 => Ok(()),
        _ => Err(Refusal::Host),
    }
}

fn is_host(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    Authority::try_from(bytes).is_ok() && !bytes.contains(&b'@')
}

/// hyper looks only whether the last coding is `chunked`, and would hand over `gzip, chunked` as
/// it came. RFC 9112 §6.1: a coding that is not understood is 501.
fn inspect_transfer_coding(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(only), None) if only.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Refusal::TransferCoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(http::HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn one_valid_host_is_required_from_http_1_1_on() {
        let accepts = |version, hosts: &[&'static str]| {
            let list: Vec<_> = hosts.iter().map(|host| (HOST, *host)).collect();
            inspect(version, &headers(&list)).is_ok()
        };
        for host in ["as.example", "as.example:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert!(accepts(Version::HTTP_11, &[host]), "{host}");
        }
        for host in ["", "a b", "a/b", "user@as.example", "a, b"] {
            assert!(!accepts(Version::HTTP_11, &[host]), "{host}");
        }
        assert!(!accepts(Version::HTTP_11, &["a", "a"]));
        assert!(!accepts(Version::HTTP_11, &[]));
        assert!(accepts(Version::HTTP_10, &[]));
        assert!(!accepts(Version::HTTP_10, &["a", "b"]));
    }

    #[test]
    fn chunked_alone_is_the_only_transfer_coding() {
        let accepts = |codings: &[&'static str]| {
            let list: Vec<_> = codings.iter().map(|one| (TRANSFER_ENCODING, *one)).collect();
            inspect_transfer_coding(&headers(&list)).is_ok()
        };
        assert!(accepts(&[]));
        assert!(accepts(&["chunked"]));
        assert!(accepts(&["Chunked"]));
        assert!(!accepts(&["gzip, chunked"]));
        assert!(!accepts(&["chunked, chunked"]));
        assert!(!accepts(&["identity", "chunked"]));
        assert!(!accepts(&["chunked", "chunked"]));
    }

    #[test]
    fn a_link_gives_each_head_once_and_is_busy_until_the_exchange_ends() {
        let link = Arc::new(Link::default());
        assert_eq!(link.take_head(), None);
        let exchange = link.begin(Extent::Bytes(5));
        assert!(link.is_busy());
        assert_eq!(link.take_head(), Some(Extent::Bytes(5)));
        assert_eq!(link.take_head(), None);
        drop(exchange);
        assert!(!link.is_busy());
        let _chunked = link.begin(Extent::Chunked);
        assert_eq!(link.take_head(), Some(Extent::Chunked));
    }
}
