//! The audit log as NDJSON, for whoever archives it: one JSON object a line.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use hyper::body::Frame;

use super::audit::Item;
use crate::flows::admin::audit::Export;
use crate::flows::error::FlowError;
use crate::http::error::HttpError;
use crate::protocol::audit::AuditEvent;

pub(super) const NDJSON: &str = "application/x-ndjson";

/// These events and no others.
pub(super) fn of_events(events: &[AuditEvent]) -> Result<Response, HttpError> {
    Ok(respond(lines(events)?.into()))
}

/// All that is to be exported. The first batch is read before there is a status.
pub(super) async fn of_all(mut export: Export) -> Result<Response, HttpError> {
    let first = lines(&export.next().await?)?;
    match read_on(export) {
        None => Ok(respond(first.into())),
        reading => Ok(respond(Body::new(Lines { read: Some(first), reading }))),
    }
}

fn respond(body: Body) -> Response {
    ([(CONTENT_TYPE, NDJSON), (CACHE_CONTROL, "no-store")], body).into_response()
}

fn lines(events: &[AuditEvent]) -> Result<Bytes, FlowError> {
    let mut text = Vec::new();
    for event in events {
        serde_json::to_writer(&mut text, &Item::of(event)).map_err(|_| FlowError::Internal)?;
        text.push(b'\n');
    }
    Ok(text.into())
}

/// A body that reads a batch when the one before was taken: for a slow peer there is no more than
/// that in memory, and no connection to the database.
struct Lines {
    /// What was read and is to be sent.
    read: Option<Bytes>,
    /// What reads the next batch, if there is one.
    reading: Option<Reading>,
}

type Reading = Pin<Box<dyn Future<Output = Result<(Bytes, Export), FlowError>> + Send>>;

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = FlowError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, FlowError>>> {
        if let Some(read) = self.read.take() {
            return Poll::Ready(Some(Ok(Frame::data(read))));
        }
        let Some(reading) = &mut self.reading else {
            return Poll::Ready(None);
        };
        let read = ready!(reading.as_mut().poll(cx));
        self.reading = None;
        Poll::Ready(Some(match read {
            Ok((read, export)) => {
                self.reading = read_on(export);
                Ok(Frame::data(read))
            }
            Err(error) => Err(broken_off(error)),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_none() && self.reading.is_none()
    }
}

fn read_on(mut export: Export) -> Option<Reading> {
    if export.is_over() {
        return None;
    }
    Some(Box::pin(async move {
        let read = lines(&export.next().await?)?;
        Ok((read, export))
    }))
}

/// The status was sent long ago: what tells the peer is that the last chunk is missing (RFC 9112
/// §8).
fn broken_off(error: FlowError) -> FlowError {
    tracing::warn!(%error, "an export of the audit log was broken off");
    error
}
