//! Token introspection (RFC 7662), from memory alone for access tokens.

use std::sync::Arc;

use serde::Serialize;

use super::error::FlowError;
use super::known::Known;
use super::refresh::recognise;
use super::server::Server;
use crate::protocol::audit::Origin;
use crate::protocol::client::Client;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;
use crate::protocol::reason::Reason;
use crate::protocol::refresh_token::UnverifiedRefreshToken;
use crate::protocol::rotation::Verdict;
use crate::storage::ops::sessions::FindSession;
use chancery_verifier::claims::AccessTokenClaims;

/// What is known of a token (RFC 7662 §2.2). An inactive one has exactly one member.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Introspection {
    /// Nothing that the caller is entitled to know.
    Inactive {
        /// `false`.
        active: bool,
    },
    /// An access token that would be accepted now.
    AccessToken {
        /// `true`.
        active: bool,
        /// `Bearer`.
        token_type: &'static str,
        /// What it says.
        #[serde(flatten)]
        claims: Box<AccessTokenClaims>,
    },
    /// A refresh token that would be accepted now.
    RefreshToken {
        /// `true`.
        active: bool,
        /// Its client.
        client_id: String,
        /// Its user.
        sub: String,
        /// Its session.
        sid: String,
        /// What was granted.
        #[serde(skip_serializing_if = "String::is_empty")]
        scope: String,
        /// When the session began.
        iat: i64,
        /// When it expires if it is not used.
        exp: i64,
        /// This server.
        iss: String,
    },
}

const INACTIVE: Introspection = Introspection::Inactive { active: false };

/// Tells the authenticated `presented` client what it may know of `token`.
pub async fn introspect(
    server: &Server,
    presented: &PresentedClient,
    token: &str,
    origin: &Origin,
) -> Result<Introspection, FlowError> {
    let known = server.memory.current().await?;
    let client = server.authenticate_client(presented, (&known, origin)).await?;
    if client.is_public() {
        // INT-01: whoever asks must have proved who he is.
        return Err(Refusal::invalid_client(Reason::WrongClientMethod).into());
    }
    match UnverifiedRefreshToken::parse(token) {
        Some(unverified) => refresh_token(server, &client, unverified, known).await,
        None => access_token(server, &client, token, known).await,
    }
}

/// An access token is shown to the client that serves its audience, and to nobody else (INT-02).
async fn access_token(
    server: &Server,
    client: &Client,
    token: &str,
    known: Arc<Known>,
) -> Result<Introspection, FlowError> {
    let Ok(principal) = server.accept(token, known).await? else {
        return Ok(INACTIVE);
    };
    let entitled = client
        .settings
        .serves
        .as_ref()
        .is_some_and(|served| principal.claims.aud.contains(served.as_str()));
    if !entitled {
        return Ok(INACTIVE);
    }
    Ok(Introspection::AccessToken {
        active: true,
        token_type: "Bearer",
        claims: Box::new(principal.claims),
    })
}

/// A refresh token is shown to the client that it was issued to (INT-04).
async fn refresh_token(
    server: &Server,
    client: &Client,
    unverified: UnverifiedRefreshToken,
    known: Arc<Known>,
) -> Result<Introspection, FlowError> {
    let token = match recognise(&known, Some(unverified)) {
        Ok(token) => token,
        Err(FlowError::Refused(_)) => return Ok(INACTIVE),
        Err(error) => return Err(error),
    };
    let Some(found) = server.store.read(FindSession(token.session)).await? else {
        return Ok(INACTIVE);
    };
    let now = server.now();
    let alive = found.session.client_id == client.id && found.check_alive(now).is_ok();
    let session = found.session;
    let policy = server.rotation_policy(client);
    let presented = (token.generation, &token.secret.hash());
    let leaves = session.rotation.leaves.len();
    let verdict = session.rotation.judge(presented, &policy, now, |sealed| {
        known.ring.tokens().open_successor(sealed, &token, leaves)
    });
    if !alive || matches!(verdict, Verdict::Reuse | Verdict::Regressed) {
        return Ok(INACTIVE);
    }
    Ok(Introspection::RefreshToken {
        active: true,
        client_id: session.client_id.to_string(),
        sub: session.user_id.to_string(),
        sid: session.id.to_string(),
        scope: session.grant.scope.to_string(),
        iat: session.created_at.seconds(),
        exp: session.idle_expires_at.seconds(),
        iss: server.settings.issuer.as_str().to_owned(),
    })
}
