//! Issuing access tokens.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use super::error::FlowError;
use super::id_token::PreparedIdToken;
use super::known::Known;
use super::server::Server;
use crate::keys::SigningKey;
use crate::protocol::access_token::{Subject, check_size, claims};
use crate::protocol::audit::Origin;
use crate::protocol::client::Client;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::grant::{Granting, TokenGrant};
use crate::protocol::resource::Resource;
use crate::protocol::revocation::first_safe_issue;
use crate::protocol::session::Session;
use crate::protocol::time::Timestamp;
use crate::protocol::uri::ResourceUri;
use crate::protocol::user::Roles;

/// A client that proved who it is, and what this node knew then.
#[derive(Clone)]
pub struct Admitted {
    /// What is known.
    pub known: Arc<Known>,
    /// The client.
    pub client: Arc<Client>,
    /// When that was, which is what the token will say.
    pub at: Timestamp,
}

/// An access token that is decided on, and fits its size, but not signed yet: signing comes after
/// the change that goes with it is durable.
pub struct PreparedToken {
    key: Arc<SigningKey>,
    payload: Vec<u8>,
    scope: Option<String>,
    expires_in: i64,
    id_token: Option<PreparedIdToken>,
}

/// The answer of the token endpoint and of `/login` (RFC 6749 §5.1).
#[derive(Serialize)]
pub struct TokenResponse {
    access_token: Zeroizing<String>,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(flatten)]
    refresh: Option<RefreshResponse>,
    /// OIDC Core §3.1.3.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<Zeroizing<String>>,
}

/// The part of the answer about the refresh token, with both of its lifetimes.
#[derive(Serialize)]
pub struct RefreshResponse {
    refresh_token: Zeroizing<String>,
    /// Seconds until the token expires if it is not used.
    refresh_token_expires_in: u64,
    /// Seconds until the session ends in any case.
    authorization_expires_in: u64,
}

/// How long a request waits out a revocation beyond the lease that its not-before may lie ahead: the
/// rest of the second, the margin, and what the clocks of nodes may differ.
const LONGEST_WAIT: Duration = Duration::from_secs(7);

impl Server {
    /// The rules of granting to a client, on behalf of a user with `roles` or of itself.
    pub fn granting<'a>(
        &'a self,
        admitted: &'a Admitted,
        roles: Option<&'a Roles>,
    ) -> Granting<'a, impl Fn(&ResourceUri) -> Option<&'a Resource>> {
        let find = |uri: &ResourceUri| admitted.known.resource(uri);
        Granting { issuer: &self.settings.issuer, client: &admitted.client, roles, find }
    }

    /// The client that asks, and what is known, at a time at which a token can be issued that no
    /// revocation of before hits: neither one of the client or of everything, nor `user_not_before`.
    /// What the token says must be read after it; where that has to be waited for, the client proves
    /// anew who it is, since it may have been disabled meanwhile.
    ///
    /// # Errors
    ///
    /// A refusal where the client is not who it says. [`FlowError::Unavailable`] where the time is
    /// further away than any revocation reaches: the clock was set back, and nobody is served by a
    /// request that hangs until it has caught up.
    pub async fn admit(
        &self,
        presented: &PresentedClient,
        origin: &Origin,
        user_not_before: Option<Timestamp>,
    ) -> Result<Admitted, FlowError> {
        loop {
            let known = self.memory.current().await?;
            let client = self.authenticate_client(presented, (&known, origin)).await?;
            let at = self.now();
            let revocations = self.memory.revocations();
            let everything = revocations.all_not_before();
            // The row knows nothing of a client that had this id before, and was deleted.
            let id = revocations.client_not_before(&client.id);
            let latest =
                [client.not_before, id, everything, user_not_before].into_iter().flatten().max();
            let Some(latest) = latest.filter(|latest| at.seconds() <= latest.seconds()) else {
                return Ok(Admitted { known, client, at });
            };
            let wait = first_safe_issue(latest).since(at);
            if wait > self.memory.lease() + LONGEST_WAIT {
                tracing::error!(behind_s = wait.as_secs(), "the clock is behind a revocation");
                return Err(FlowError::Unavailable);
            }
            self.world.clock.sleep(wait).await;
        }
    }

    /// Decides on a token for `grant` to the client that was admitted.
    pub fn prepare_token(
        &self,
        admitted: &Admitted,
        subject: &Subject<'_>,
        grant: &TokenGrant<'_>,
    ) -> Result<PreparedToken, FlowError> {
        let algorithm = grant.resource.settings.algorithm;
        let key = admitted.known.ring.access_token_key(algorithm).ok_or_else(|| {
            tracing::error!(algorithm = algorithm.as_str(), "there is no active key");
            FlowError::Unavailable
        })?;
        let random = self.world.entropy.bytes();
        let limits = self.settings.tokens;
        let claims = claims(&self.settings.issuer, subject, grant, limits, (admitted.at, random));
        let payload = serde_json::to_vec(&claims).map_err(|_| FlowError::Internal)?;
        let size = key.token_size(&payload);
        #[expect(clippy::cast_precision_loss, reason = "a size of some kilobytes")]
        metrics::histogram!("chancery_access_token_bytes").record(size as f64);
        check_size(size, limits)?;
        Ok(PreparedToken {
            key: key.clone(),
            payload,
            expires_in: claims.exp - claims.iat,
            scope: claims.scope,
            id_token: None,
        })
    }
}

impl PreparedToken {
    /// The same, with an ID token beside it.
    #[must_use]
    pub fn beside(self, id_token: Option<PreparedIdToken>) -> Self {
        Self { id_token, ..self }
    }

    /// Signs the token and makes the answer.
    pub fn sign(self, refresh: Option<RefreshResponse>) -> Result<TokenResponse, FlowError> {
        let token = self.key.sign(&self.payload).map_err(|error| {
            tracing::error!(%error, kid = self.key.kid().as_str(), "signing failed");
            FlowError::Internal
        })?;
        let id_token = self.id_token.map(|one| one.sign(&token)).transpose()?;
        Ok(TokenResponse {
            access_token: Zeroizing::new(token),
            token_type: "Bearer",
            expires_in: self.expires_in,
            scope: self.scope,
            refresh,
            id_token,
        })
    }
}

impl RefreshResponse {
    /// The answer about `refresh_token`, of a session that expires as given if it is not used again.
    pub fn new(
        refresh_token: Zeroizing<String>,
        session: &Session,
        idle_expires_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            refresh_token,
            refresh_token_expires_in: idle_expires_at.since(now).as_secs(),
            authorization_expires_in: session.max_expires_at.since(now).as_secs(),
        }
    }
}
