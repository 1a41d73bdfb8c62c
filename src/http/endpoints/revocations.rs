//! `GET /revocations` and `GET /revocations/stream`: the feed, for whoever checks tokens offline.
//! Served from memory: also while the database is down.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method};
use hyper::body::Frame;

use crate::flows::error::FlowError;
use crate::flows::feed::{FeedError, Reader, Stream, open, poll};
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;
use crate::protocol::form::Params;
use crate::protocol::revocation::FeedPosition;

/// The snapshot, or what comes behind a cursor or a number.
pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let server = &exchange.app.server;
    let feed = server.memory.feed();
    let behind = match Place::read(&exchange.own_query()?)? {
        Place::Cursor(cursor) => return Ok(uncached(poll(server, &cursor).await?.jws())),
        Place::Number(place) => feed.behind(place).map_err(fail)?,
        Place::Nowhere => None,
    };
    let (document, cache) = match behind {
        Some((document, false)) => return Ok(uncached(document.jws())),
        Some((segment, true)) => (segment, segment_cache(server.settings.tokens.max_life)),
        None => (feed.snapshot(None).await.map_err(fail)?, SNAPSHOT.to_owned()),
    };
    let etag = document.etag();
    Ok(respond::cached((DOCUMENT, document.jws()), &etag, &cache, exchange.headers()))
}

/// Server-sent events, from `Last-Event-ID` on.
pub(in crate::http) async fn stream(exchange: Exchange) -> Result<Response, HttpError> {
    let server = exchange.server();
    exchange.own_query()?;
    let origin = exchange.origin();
    let reader = match exchange.authorization()? {
        Some(basic) => {
            let presented = PresentedClient::read(Some(basic), &Params::default())?;
            server.reader(&presented, &origin).await?
        }
        None => Reader::Anybody(origin.address),
    };
    if exchange.parts.method == Method::HEAD {
        return Ok(events(Body::empty()));
    }
    let cursor = exchange.headers().get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let stream = open(server, reader, cursor).await?;
    Ok(events(Body::new(Events(Box::pin(read_on(stream))))))
}

/// Where a reader goes on.
enum Place {
    Cursor(String),
    Number(FeedPosition),
    Nowhere,
}

impl Place {
    /// The cursor alone, both numbers, or nothing.
    fn read(params: &Params<'_>) -> Result<Self, Refusal> {
        let number = |name| match params.value(name) {
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map(Some).map_err(|_| NOT_A_PLACE)
            }
            Some(_) => Err(NOT_A_PLACE),
            None => Ok(None),
        };
        match (params.value("cursor"), number("epoch")?, number("after")?) {
            (Some(cursor), None, None) => Ok(Self::Cursor(cursor.into())),
            (None, Some(epoch), Some(seq)) => Ok(Self::Number(FeedPosition { epoch, seq })),
            (None, None, None) => Ok(Self::Nowhere),
            _ => Err(NOT_A_PLACE),
        }
    }
}

/// A segment never changes, but a retired key stays published for as long as a token may live: who
/// reads a kept copy must still find the key.
fn segment_cache(longest_token: Duration) -> String {
    format!("public, max-age={}", SEGMENT_AGE.min(longest_token).as_secs())
}

fn uncached(jws: Bytes) -> Response {
    ([(CONTENT_TYPE, DOCUMENT), (CACHE_CONTROL, "no-store")], jws).into_response()
}

fn events(body: Body) -> Response {
    let mut response =
        ([(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")], body).into_response();
    // nginx would hold events back until its buffer is full.
    response.headers_mut().insert(BUFFERING, HeaderValue::from_static("no"));
    response
}

fn fail(error: FeedError) -> HttpError {
    FlowError::from(error).into()
}

/// A body that waits for the next event when the one before was taken.
struct Events(Reading);

type Reading = Pin<Box<dyn Future<Output = Option<(Bytes, Stream)>> + Send>>;

async fn read_on(mut stream: Stream) -> Option<(Bytes, Stream)> {
    let event = stream.next().await?;
    Some((event, stream))
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let read = ready!(self.0.as_mut().poll(cx));
        Poll::Ready(read.map(|(event, stream)| {
            self.0 = Box::pin(read_on(stream));
            Ok(Frame::data(event))
        }))
    }
}

const DOCUMENT: &str = "application/revocations+jwt";
/// A snapshot is remade every 30 seconds; an older one is better than none.
const SNAPSHOT: &str = "public, max-age=5, stale-if-error=86400";
const SEGMENT_AGE: Duration = Duration::from_hours(1);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const NOT_A_PLACE: Refusal =
    Refusal::invalid_request("either a cursor, or epoch and after, which are numbers");
