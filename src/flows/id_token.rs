//! ID tokens beside access tokens (OIDC Core §3.1.3.3, §12.2).

use std::sync::Arc;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::error::FlowError;
use super::issue::Admitted;
use super::server::Server;
use crate::keys::SigningKey;
use crate::protocol::authorization::ClaimsRequest;
use crate::protocol::client::Client;
use crate::protocol::id_token::{Beside, IdTokenClaims, SignIn, at_hash};
use crate::protocol::key::Algorithm;
use crate::protocol::scope::Scope;
use crate::protocol::session::Session;
use crate::protocol::time::Timestamp;
use crate::protocol::uri::Issuer;
use crate::protocol::user::User;

/// An ID token that is decided on. It is signed after the access token that comes with it, whose hash
/// it carries.
pub struct PreparedIdToken {
    key: Arc<SigningKey>,
    algorithm: Algorithm,
    issuer: Issuer,
    session: Session,
    nonce: Option<String>,
    asked: Map<String, Value>,
    at: Timestamp,
}

impl Server {
    /// The ID token for a session, if it began with a browser and was granted `openid`.
    pub fn prepare_id_token(
        &self,
        admitted: &Admitted,
        (user, session): (&User, &Session),
        nonce: Option<String>,
    ) -> Result<Option<PreparedIdToken>, FlowError> {
        let asked_for = session.grant.scope.contains(Scope::OPENID);
        if session.browser_session_id.is_none() || !asked_for {
            return Ok(None);
        }
        let algorithm = admitted.client.settings.sign_in.id_token_algorithm;
        let key = admitted.known.ring.id_token_key(algorithm).ok_or_else(|| {
            tracing::error!(algorithm = algorithm.as_str(), "there is no key for ID tokens");
            FlowError::Unavailable
        })?;
        Ok(Some(PreparedIdToken {
            key: key.clone(),
            algorithm,
            issuer: self.settings.issuer.clone(),
            session: session.clone(),
            nonce,
            asked: asked(user, session, &admitted.client),
            at: admitted.at,
        }))
    }
}

impl PreparedIdToken {
    /// Signs it, beside `access_token`.
    pub fn sign(self, access_token: &str) -> Result<Zeroizing<String>, FlowError> {
        let beside = Beside {
            at_hash: Some(at_hash(self.algorithm, access_token)),
            asked: self.asked,
            nonce: self.nonce,
        };
        let sign_in = SignIn {
            user: self.session.user_id,
            client: &self.session.client_id,
            session: self.session.id,
            authentication: &self.session.authentication,
        };
        let claims = IdTokenClaims::new(&self.issuer, &sign_in, beside, self.at);
        let payload = serde_json::to_vec(&claims).map_err(|_| FlowError::Internal)?;
        let token = self.key.sign(&payload).map_err(|error| {
            tracing::error!(%error, kid = self.key.kid().as_str(), "signing failed");
            FlowError::Internal
        })?;
        Ok(Zeroizing::new(token))
    }
}

/// The claims that the request names for the ID token, of those that the granted scopes open: a name
/// opens nothing that the user was not asked about, and nothing that the client may not have any more.
fn asked(user: &User, session: &Session, client: &Client) -> Map<String, Value> {
    let request = session.claims.as_deref().and_then(|text| ClaimsRequest::parse(text).ok());
    let named = request.unwrap_or_default().id_token;
    let scope = session.grant.scope.filter(|scope| client.settings.scope.contains(scope));
    let mut claims = user.claims(&scope);
    claims.retain(|name, _| named.has(name));
    claims
}
