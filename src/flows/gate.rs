//! The gate: who may come in with an access token. Everything that takes one goes through here.

use std::sync::Arc;

use chancery_verifier::claims::AccessTokenClaims;

use super::error::FlowError;
use super::known::Known;
use super::server::Server;
use crate::protocol::client::{Client, ClientId};
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::ids::{SessionId, UserId};
use crate::protocol::key::Kid;
use crate::protocol::reason::Reason;
use crate::protocol::scope::ScopeSet;
use crate::protocol::standing::{Fact, Logged, Standing};
use crate::protocol::uri::ResourceUri;

/// Somebody with a good access token.
pub struct Principal {
    /// What the token says.
    pub claims: AccessTokenClaims,
    /// The key that signed it.
    pub kid: Kid,
    /// The client that the token was issued to.
    pub client: Arc<Client>,
    /// What was known when it was accepted.
    pub known: Arc<Known>,
}

impl Principal {
    /// The user, and the session that the token belongs to; none for a client of its own.
    pub fn user(&self) -> Option<(UserId, SessionId)> {
        let session = SessionId::parse(self.claims.sid.as_deref()?)?;
        Some((UserId::parse(&self.claims.sub)?, session))
    }

    /// Refuses a token that is not for `audience`.
    pub fn check_audience(&self, audience: &ResourceUri) -> Result<(), Refusal> {
        if self.claims.aud.contains(audience.as_str()) {
            return Ok(());
        }
        Err(Refusal::invalid_token(Reason::TokenInvalid))
    }

    /// The token's scope, if `scope` is in it.
    pub fn check_scope(&self, scope: &str) -> Result<ScopeSet, Refusal> {
        let granted = ScopeSet::parse(self.claims.scope.as_deref().unwrap_or_default());
        granted.ok().filter(|granted| granted.contains(scope)).ok_or(Refusal::new(
            ErrorCode::InsufficientScope,
            "the access token does not carry the scope of this operation",
            Reason::ScopeTooSmall,
        ))
    }
}

impl Server {
    /// Accepts an access token that is ours, alive, not revoked, and whose client is in order.
    pub async fn authorize(&self, token: &str) -> Result<Principal, FlowError> {
        let known = self.memory.current().await?;
        self.accept(token, known).await?.map_err(|reason| Refusal::invalid_token(reason).into())
    }

    /// Accepts an access token for `audience`.
    pub async fn authorize_for(
        &self,
        token: &str,
        audience: &ResourceUri,
    ) -> Result<Principal, FlowError> {
        let principal = self.authorize(token).await?;
        principal.check_audience(audience)?;
        Ok(principal)
    }

    /// Accepts an access token for the admin API that carries `scope`.
    pub async fn authorize_admin(&self, token: &str, scope: &str) -> Result<Principal, FlowError> {
        let audience = self.settings.issuer.admin_resource();
        let principal = self.authorize_for(token, &audience).await?;
        principal.check_scope(scope)?;
        Ok(principal)
    }

    /// The checks of an access token, from what is known: who it is of, or why it is refused.
    ///
    /// # Errors
    ///
    /// Those of reading its client, where that is not remembered.
    pub async fn accept(
        &self,
        token: &str,
        known: Arc<Known>,
    ) -> Result<Result<Principal, Reason>, FlowError> {
        let verified = known.ring.verify(token, &self.settings.issuer, self.now());
        let Some((claims, kid)) = verified else {
            return Ok(Err(Reason::TokenInvalid));
        };
        let Ok(id) = ClientId::parse(&claims.client_id) else {
            return Ok(Err(Reason::UnknownClient));
        };
        let client = known.client(&id).await?;
        // Where that had to be read, the token may have been revoked meanwhile.
        let known = self.memory.current().await?;
        let refused = self.memory.revocations().refusal(&claims, &kid).is_some();
        let standing = Standing {
            log: Fact::Is(if refused { Logged::Refused } else { Logged::Clear }),
            client: Fact::Is(client.as_deref()),
            grant: Fact::InTheLog,
            browser: Fact::InTheLog,
            user: Fact::InTheLog,
        };
        let stands = standing.check(self.now());
        let client = stands.and_then(|()| client.ok_or(Reason::UnknownClient));
        Ok(client.map(|client| Principal { claims, kid, client, known }))
    }
}
