//! `GET /revocations` and `GET /revocations/stream`: the feed, for whoever checks tokens offline.
//! Served from memory: also while the database is down.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method};
use hyper::body::Frame;

use crate::flows::error::FlowError;
use crate::flows::feed::{FeedError, Reader, Stream, open};
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;
use crate::protocol::form::Params;

/// The snapshot, or what comes behind a number.
pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let feed = exchange.app.server.memory.feed();
    let Some(place) = Place::read(&exchange.own_query()?)? else {
        let snapshot = feed.snapshot().await.map_err(fail)?;
        let document = (DOCUMENT, snapshot.jws());
        return Ok(respond::cached(document, &snapshot.etag(), SNAPSHOT, exchange.headers()));
    };
    if place.epoch != feed.state().map_err(fail)?.head.epoch {
        // Its numbers mean nothing here.
        return Ok(uncached(feed.snapshot().await.map_err(fail)?.jws()));
    }
    let (document, complete) = feed.behind(place.after).map_err(fail)?;
    if !complete {
        return Ok(uncached(document.jws()));
    }
    let segment = (DOCUMENT, document.jws());
    Ok(respond::cached(segment, &document.etag(), SEGMENT, exchange.headers()))
}

/// Server-sent events, from `Last-Event-ID` on.
pub(in crate::http) async fn stream(exchange: Exchange) -> Result<Response, HttpError> {
    let server = exchange.server();
    exchange.own_query()?;
    let origin = exchange.origin();
    let reader = match exchange.authorization()? {
        Some(basic) => {
            let presented = PresentedClient::read(Some(basic), &Params::default())?;
            Reader::Api(server.authenticate_reader(&presented, &origin).await?)
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
struct Place {
    epoch: i64,
    after: i64,
}

impl Place {
    /// Both parameters, or none of them.
    fn read(params: &Params<'_>) -> Result<Option<Self>, Refusal> {
        let number = |name| match params.value(name) {
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map(Some).map_err(|_| NOT_A_PLACE)
            }
            Some(_) => Err(NOT_A_PLACE),
            None => Ok(None),
        };
        match (number("epoch")?, number("after")?) {
            (Some(epoch), Some(after)) => Ok(Some(Self { epoch, after })),
            (None, None) => Ok(None),
            _ => Err(NOT_A_PLACE),
        }
    }
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
const SEGMENT: &str = "public, max-age=31536000, immutable";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const NOT_A_PLACE: Refusal =
    Refusal::invalid_request("epoch and after are numbers, and go together");
