//! `GET /.well-known/jwks.json` (RFC 7517 §5), from memory: it is served while the database is down.

use axum::response::Response;

use crate::flows::error::FlowError;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;

pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let server = &exchange.app.server;
    // Never an empty set: a verifier would throw away the keys that it has.
    let known = server.memory.last_known().ok_or(FlowError::Unavailable)?;
    let jwks = known.ring.jwks();
    let document = ("application/jwk-set+json", jwks.body.clone());
    let max_age = server.settings.jwks_max_age.as_secs();
    Ok(respond::public(document, &jwks.etag, max_age, exchange.headers()))
}
