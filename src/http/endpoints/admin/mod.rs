//! `/admin/v1`: every operation needs an access token for the admin API with the operation's scope.

pub(in crate::http) mod audit;
pub(in crate::http) mod browser_sessions;
mod client_body;
pub(in crate::http) mod clients;
pub(in crate::http) mod feed;
pub(in crate::http) mod keys;
pub(in crate::http) mod resources;
pub(in crate::http) mod revocations;
pub(in crate::http) mod sessions;
pub(in crate::http) mod users;

mod export;

use crate::flows::admin::{Authority, By};
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::protocol::audit::Actor;
use crate::protocol::error::Refusal;
use crate::protocol::scope::ScopeSet;

/// Lets in whoever has an access token with `scope`, and says who it is.
async fn authorize(exchange: &mut Exchange, scope: &'static str) -> Result<By, HttpError> {
    let (server, token) = (exchange.server(), exchange.bearer()?);
    let principal = server
        .authorize_admin(&token, scope)
        .await
        .map_err(|error| HttpError::with_scope(error, scope))?;
    let claims = principal.claims;
    let actor = match claims.sid {
        Some(_) => Actor::User(claims.sub),
        None => Actor::Client(claims.sub),
    };
    let held = claims.scope.as_deref().and_then(|scope| ScopeSet::parse(scope).ok());
    Ok(By {
        actor,
        client_id: Some(claims.client_id),
        origin: exchange.origin(),
        authority: Authority::Scopes(held.unwrap_or_default()),
        note: None,
    })
}

/// A member that is not what it should be.
fn bad(description: &'static str) -> HttpError {
    Refusal::invalid_request(description).into()
}
