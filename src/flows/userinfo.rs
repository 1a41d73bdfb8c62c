//! Userinfo (OIDC Core §5.3): what the client of an access token is told of its user, as he is now.

use serde_json::{Map, Value};

use super::error::FlowError;
use super::gate::Principal;
use super::server::Server;
use crate::protocol::error::Refusal;
use crate::protocol::key::Algorithm;
use crate::protocol::reason::Reason;
use crate::protocol::scope::Scope;
use crate::protocol::session::Session;
use crate::protocol::user::User;
use crate::protocol::userinfo::claims;
use crate::storage::ops::sessions::FindSession;

/// What the client is told, in the form that it is registered for.
pub enum UserInfo {
    /// The claims.
    Plain(Map<String, Value>),
    /// The claims as a signed JWT.
    Signed(String),
}

/// Tells the client of this access token what the token opens of the user.
pub async fn userinfo(server: &Server, token: &str) -> Result<UserInfo, FlowError> {
    let principal = server.authorize(token).await?;
    let scope = principal.check_scope(Scope::OPENID)?;
    principal.check_audience(&server.settings.issuer.own_resource())?;
    let (user, session) = find_alive(server, &principal).await?;
    let claims = claims(&user, &session, &principal.client, &scope);
    match principal.client.settings.sign_in.userinfo_algorithm {
        None => Ok(UserInfo::Plain(claims)),
        Some(algorithm) => sign(server, &principal, algorithm, claims),
    }
}

/// The user and the session by their row, and not by what this node remembers: a profile is not told
/// by a session that has just ended elsewhere.
async fn find_alive(server: &Server, principal: &Principal) -> Result<(User, Session), FlowError> {
    let refuse = Refusal::invalid_token;
    let (_, id) = principal.user().ok_or(refuse(Reason::TokenInvalid))?;
    let found = server.store.read(FindSession(id)).await?;
    let found = found.ok_or(refuse(Reason::UnknownSession))?;
    found.check_alive(server.now()).map_err(refuse)?;
    Ok((found.user.ok_or(refuse(Reason::UserDeleted))?, found.session))
}

/// OIDC Core §5.3.2: a signed answer says who gives it, and to whom.
fn sign(
    server: &Server,
    principal: &Principal,
    algorithm: Algorithm,
    mut claims: Map<String, Value>,
) -> Result<UserInfo, FlowError> {
    let key = principal.known.ring.id_token_key(algorithm).ok_or_else(|| {
        tracing::error!(algorithm = algorithm.as_str(), "there is no active key for ID tokens");
        FlowError::Unavailable
    })?;
    claims.insert("iss".to_owned(), server.settings.issuer.as_str().into());
    claims.insert("aud".to_owned(), principal.client.id.as_str().into());
    let payload = serde_json::to_vec(&claims).map_err(|_| FlowError::Internal)?;
    let signed = key.sign(&payload).map_err(|error| {
        tracing::error!(%error, kid = key.kid().as_str(), "signing failed");
        FlowError::Internal
    })?;
    Ok(UserInfo::Signed(signed))
}
