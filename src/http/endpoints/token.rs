//! `POST /oauth/token` (RFC 6749 §3.2).

use axum::response::Response;

use crate::flows::authorize::exchange_code;
use crate::flows::client_credentials::client_credentials;
use crate::flows::refresh::refresh;
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::reason::Reason;
use crate::protocol::token_request::TokenRequest;

/// Every request that gets an answer here is counted, whatever it is.
pub(in crate::http) async fn post(exchange: Exchange) -> Result<Response, HttpError> {
    let mut grant = "none";
    let result = answer(exchange, &mut grant).await;
    let outcome = result.as_ref().map_or_else(HttpError::reason, |_| "ok");
    metrics::counter!("chancery_token_requests_total", "grant" => grant, "outcome" => outcome)
        .increment(1);
    result
}

/// Tells `grant` which one is asked for, as soon as that is known.
async fn answer(mut exchange: Exchange, grant: &mut &'static str) -> Result<Response, HttpError> {
    let form = exchange.form().await?;
    let params = form.params()?;
    let presented = PresentedClient::read(exchange.authorization()?, &params)?;
    let request = TokenRequest::parse(&params);
    *grant = request.as_ref().map_or("none", |request| request.grant().as_str());
    let (server, origin) = (exchange.server(), exchange.origin());
    let admitted = server.admit(&presented, &origin, None).await?;
    // A request that is wrong in itself is told so, but only to a client.
    let request = request?;
    if !admitted.client.may_use(request.grant()) {
        return Err(not_allowed().into());
    }
    let answer = match request {
        // Nothing is changed, so nothing has to be brought to its end.
        TokenRequest::ClientCredentials(requested) => {
            client_credentials(&server, &admitted, &requested)?
        }
        TokenRequest::AuthorizationCode(request, requested) => {
            let exchanging = async move {
                let caller = (&presented, admitted);
                exchange_code(&server, caller, (&request, &requested), &origin).await
            };
            detached(exchanging).await?
        }
        TokenRequest::Refresh(token, requested) => {
            let refreshing = async move {
                let caller = (&presented, admitted);
                refresh(&server, caller, (token, &requested), &origin).await
            };
            detached(refreshing).await?
        }
    };
    Ok(respond::private(answer))
}

fn not_allowed() -> Refusal {
    Refusal::new(
        ErrorCode::UnauthorizedClient,
        "the client may not use this grant",
        Reason::GrantNotAllowed,
    )
}
