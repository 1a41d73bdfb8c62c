//! `POST /oauth/introspect` (RFC 7662).

use axum::response::Response;

use crate::flows::introspect::introspect;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;

pub(in crate::http) async fn post(mut exchange: Exchange) -> Result<Response, HttpError> {
    let form = exchange.form().await?;
    let params = form.params()?;
    let presented = PresentedClient::read(exchange.authorization()?, &params)?;
    let token = params.value("token").ok_or(Refusal::invalid_request("token is missing"))?;
    let introspection =
        introspect(&exchange.app.server, &presented, token, &exchange.origin()).await?;
    Ok(respond::private(introspection))
}
