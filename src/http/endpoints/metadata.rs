//! `GET /.well-known/oauth-authorization-server` (RFC 8414). It lists what works and nothing else,
//! and comes from the configuration alone, whatever `Host` says (META-06).

use axum::response::Response;
use serde::Serialize;

use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::client::GrantType;
use crate::protocol::client_auth::METHODS;
use crate::protocol::secret::SecretHash;
use crate::protocol::uri::Issuer;

#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    token_endpoint: String,
    jwks_uri: String,
    /// The feed of revocations, for whoever checks tokens offline.
    revocations_uri: String,
    revocations_stream_uri: String,
    /// There is no authorization endpoint, so no response type: the member is required all the same
    /// (RFC 8414 §2), and an empty list is the truth.
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 3],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
}

pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let settings = &exchange.app.server.settings;
    let body = document(&settings.issuer);
    let etag = SecretHash::of(body.as_bytes()).entity_tag();
    let max_age = settings.jwks_max_age.as_secs();
    let document = ("application/json", body.as_str());
    Ok(respond::public(document, &etag, max_age, exchange.headers()))
}

fn document(issuer: &Issuer) -> String {
    let metadata = Metadata {
        issuer: issuer.as_str(),
        token_endpoint: issuer.join("/oauth/token"),
        jwks_uri: issuer.join("/.well-known/jwks.json"),
        revocations_uri: issuer.join("/revocations"),
        revocations_stream_uri: issuer.join("/revocations/stream"),
        response_types_supported: [],
        grant_types_supported: GrantType::EVERY.map(GrantType::as_str),
        token_endpoint_auth_methods_supported: METHODS,
        revocation_endpoint: issuer.join("/oauth/revoke"),
        revocation_endpoint_auth_methods_supported: METHODS,
        introspection_endpoint: issuer.join("/oauth/introspect"),
        introspection_endpoint_auth_methods_supported: [METHODS[0], METHODS[1]],
    };
    serde_json::to_string(&metadata).unwrap_or_default()
}
