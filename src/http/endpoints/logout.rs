//! `POST /logout`: ends the session of the token that is sent.

use axum::response::Response;
use http::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::flows::logout::{LogoutProof, logout};
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::refresh_token::UnverifiedRefreshToken;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    refresh_token: Zeroizing<String>,
    client_id: String,
    client_secret: Option<Zeroizing<String>>,
}

#[derive(Serialize)]
struct Answer<T> {
    effective_by: T,
}

pub(in crate::http) async fn post(mut exchange: Exchange) -> Result<Response, HttpError> {
    let proof = if exchange.headers().contains_key(AUTHORIZATION) {
        LogoutProof::AccessToken(exchange.bearer()?)
    } else {
        let body: Body = exchange.json().await?;
        let secret = body.client_secret.as_ref().map(|secret| secret.as_str());
        let presented = PresentedClient::of(&body.client_id, secret);
        LogoutProof::RefreshToken(UnverifiedRefreshToken::parse(&body.refresh_token), presented)
    };
    let (server, origin) = (exchange.server(), exchange.origin());
    let effective_by = detached(async move { logout(&server, proof, &origin).await }).await?;
    Ok(respond::private(Answer { effective_by: effective_by.seconds() }))
}
