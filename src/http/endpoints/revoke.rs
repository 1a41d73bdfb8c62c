//! `POST /oauth/revoke` (RFC 7009).

use axum::response::Response;
use http::StatusCode;

use crate::flows::revoke::revoke;
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;

pub(in crate::http) async fn post(mut exchange: Exchange) -> Result<Response, HttpError> {
    let form = exchange.form().await?;
    let params = form.params()?;
    let presented = PresentedClient::read(exchange.authorization()?, &params)?;
    // token_type_hint is not looked at: the token itself tells what it is (REV-01).
    let token = params.value("token").ok_or(Refusal::invalid_request("token is missing"))?;
    let token = token.to_owned();
    let (server, origin) = (exchange.server(), exchange.origin());
    detached(async move { revoke(&server, &presented, &token, &origin).await }).await?;
    Ok(respond::empty(StatusCode::OK))
}
