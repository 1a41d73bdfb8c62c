//! Successful answers.

use axum::Json;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, PRAGMA};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::protocol::error::Refusal;
use crate::protocol::form::Params;

/// A JSON answer that nobody may keep: it holds tokens, or what only the caller may know (CORE-11).
pub fn private(body: impl Serialize) -> Response {
    with_status(StatusCode::OK, body)
}

/// Like [`private`], with another status.
pub(super) fn with_status(status: StatusCode, body: impl Serialize) -> Response {
    let mut response = (status, Json(body)).into_response();
    keep_private(response.headers_mut());
    response
}

/// Like [`private`], as a JWT.
pub(super) fn private_jwt(token: String) -> Response {
    let mut response = ([(CONTENT_TYPE, "application/jwt")], token).into_response();
    keep_private(response.headers_mut());
    response
}

/// An empty answer.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = status.into_response();
    keep_private(response.headers_mut());
    response
}

/// A public document that caches may keep for `max_age` seconds, or 304 for who has it already.
pub(super) fn public(
    document: (&'static str, Bytes),
    etag: &str,
    max_age: u64,
    request: &HeaderMap,
) -> Response {
    let cache = format!("public, max-age={max_age}, stale-if-error=86400");
    cached(document, etag, &cache, request)
}

/// A public document that never changes under its name, or 304 for who has it already.
pub(super) fn forever(
    document: (&'static str, Bytes),
    name: &str,
    request: &HeaderMap,
) -> Response {
    cached(document, &format!("\"{name}\""), "public, max-age=31536000, immutable", request)
}

/// A public document that caches may keep as `cache` says, or 304 for who has it already.
pub(super) fn cached(
    (content_type, body): (&'static str, Bytes),
    etag: &str,
    cache: &str,
    request: &HeaderMap,
) -> Response {
    let known = request.get_all(IF_NONE_MATCH).iter().any(|value| {
        value.to_str().is_ok_and(|tags| {
            tags.split(',').any(|tag| {
                let tag = tag.trim();
                tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
            })
        })
    });
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, content_type)], body).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
    if let Ok(cache) = HeaderValue::from_str(cache) {
        headers.insert(CACHE_CONTROL, cache);
    }
    response
}

fn keep_private(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
}

/// What part of a list is asked for: `?limit`, `?after`.
pub(super) struct Page<Id> {
    pub(super) after: Option<Id>,
    pub(super) limit: u32,
}

impl<Id> Page<Id> {
    /// Reads the parameters: a limit of 1 to 200, and an id.
    pub(super) fn read(
        params: &Params<'_>,
        parse: impl Fn(&str) -> Option<Id>,
    ) -> Result<Self, Refusal> {
        let limit = params.value("limit").map_or(Some(DEFAULT_LIMIT), |text| text.parse().ok());
        let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit));
        let limit = limit.ok_or(Refusal::invalid_request("limit is a number from 1 to 200"))?;
        let after = params.value("after").map(|text| {
            parse(text).ok_or(Refusal::invalid_request("after is an id from an earlier page"))
        });
        Ok(Self { after: after.transpose()?, limit })
    }

    /// Where the next page begins, if there may be one.
    pub(super) fn next<T>(&self, items: &[T], id: impl Fn(&T) -> String) -> Option<String> {
        let full = items.len() >= usize::try_from(self.limit).unwrap_or(usize::MAX);
        items.last().filter(|_| full).map(id)
    }
}

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
