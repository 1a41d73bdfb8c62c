//! `/oauth/userinfo` (OIDC Core §5.3).

use axum::response::Response;

use crate::flows::userinfo::{UserInfo, userinfo};
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::scope::Scope;

pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let token = exchange.bearer()?;
    let told = userinfo(&exchange.app.server, &token).await;
    match told.map_err(|error| HttpError::with_scope(error, Scope::OPENID))? {
        UserInfo::Plain(claims) => Ok(respond::private(claims)),
        UserInfo::Signed(token) => Ok(respond::private_jwt(token)),
    }
}

/// Takes what GET takes: the token stands in the header (BRR-01).
pub(in crate::http) async fn post(mut exchange: Exchange) -> Result<Response, HttpError> {
    exchange.bearer()?;
    exchange.no_second_token().await.map_err(HttpError::of_bearer)?;
    get(exchange).await
}
