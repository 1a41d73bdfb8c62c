//! What userinfo tells of a user (OIDC Core §5.3). Must not know how it is asked for.

use serde_json::{Map, Value};

use super::authorization::ClaimsRequest;
use super::client::Client;
use super::scope::ScopeSet;
use super::session::Session;
use super::user::User;

/// The claims of `user` for a token of `scope`: his id, what those scopes open, and what the request
/// behind the session has named one by one (OIDC Core §5.5). That adds nothing to what the user has
/// agreed to, which were scopes: a claim is told where its scope is in the session's grant. What is not
/// in the client's registration any more opens nothing.
pub fn claims(
    user: &User,
    session: &Session,
    client: &Client,
    scope: &ScopeSet,
) -> Map<String, Value> {
    let opened_by = |scope: &ScopeSet| {
        user.claims(&scope.filter(|scope| client.settings.scope.contains(scope)))
    };
    let request = session.claims.as_deref().and_then(|text| ClaimsRequest::parse(text).ok());
    let named = request.unwrap_or_default().userinfo;
    let granted = opened_by(&session.grant.scope);
    let mut claims = opened_by(scope);
    claims.extend(granted.into_iter().filter(|(name, _)| named.has(name)));
    claims.insert("sub".to_owned(), user.id.to_string().into());
    claims
}
