//! Token revocation by clients (RFC 7009).

use std::sync::Arc;

use super::ending::count_revocations;
use super::error::FlowError;
use super::known::Known;
use super::refresh::recognise;
use super::server::Server;
use crate::audit;
use crate::protocol::audit::{Actor, AuditKind, Origin};
use crate::protocol::client::Client;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::ids::SessionId;
use crate::protocol::refresh_token::UnverifiedRefreshToken;
use crate::protocol::revocation::Kind;
use crate::protocol::session::EndReason;
use crate::protocol::time::Timestamp;
use crate::storage::ops::feed::{Revoke, Revokes};
use crate::storage::ops::sessions::{FindSession, Sessions};

/// Revokes a token of the authenticated `presented` client. Success means that the token does not
/// work any more, durably, or never did (REV-03); a token of another client is left alone (REV-05).
pub async fn revoke(
    server: &Server,
    presented: &PresentedClient,
    token: &str,
    origin: &Origin,
) -> Result<(), FlowError> {
    let known = server.memory.current().await?;
    let client = server.authenticate_client(presented, (&known, origin)).await?;
    match UnverifiedRefreshToken::parse(token) {
        Some(unverified) => {
            let token = match recognise(&known, Some(unverified)) {
                Ok(token) => token,
                Err(FlowError::Refused(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            let session = token.session;
            let end = (EndReason::TokenRevoked, known.as_ref());
            end_session(server, (&client, origin), session, end).await?;
            Ok(())
        }
        None => revoke_access_token(server, (&client, origin), token, known).await,
    }
}

/// Ends the session of a genuine refresh token, of whatever generation, if it is this client's.
/// Answers whether it does not live on: `false` where it is another client's.
pub async fn end_session(
    server: &Server,
    (client, origin): (&Client, &Origin),
    session: SessionId,
    (reason, known): (EndReason, &Known),
) -> Result<bool, FlowError> {
    let event = server
        .event(AuditKind::SessionEnded, Actor::Client(client.id.to_string()))
        .about(session)
        .through(&client.id)
        .from(origin)
        .because(reason.as_str());
    let own = Sessions::OneOf(session, client.id.clone());
    if server.end_sessions(own, reason, Some(event), known).await? > 0 {
        server.obey_now().await;
        return Ok(true);
    }
    // Over already, gone, or none of this client's.
    let found = server.store.read(FindSession(session)).await?;
    let Some(other) = found.filter(|found| found.session.client_id != client.id) else {
        // Who ended it a moment ago may not have obeyed yet.
        server.obey_now().await;
        return Ok(true);
    };
    tracing::warn!(
        client_id = client.id.as_str(),
        owner = other.session.client_id.as_str(),
        "a client tried to revoke a refresh token of another client"
    );
    Ok(false)
}

async fn revoke_access_token(
    server: &Server,
    (client, origin): (&Client, &Origin),
    token: &str,
    known: Arc<Known>,
) -> Result<(), FlowError> {
    let Ok(principal) = server.accept(token, known).await? else {
        return Ok(());
    };
    let claims = principal.claims;
    if claims.client_id != client.id.as_str() {
        tracing::warn!(
            client_id = client.id.as_str(),
            owner = claims.client_id,
            "a client tried to revoke an access token of another client"
        );
        return Ok(());
    }
    let event = server
        .event(AuditKind::Revoked, Actor::Client(client.id.to_string()))
        .about(&claims.jti)
        .through(&client.id)
        .from(origin)
        .because("jti");
    let revoke = Revoke {
        what: Revokes::Token { jti: claims.jti, expires_at: Timestamp::from_seconds(claims.exp) },
        revoking: server.revoking_user(&principal.known),
        audit: event.clone(),
    };
    server.store.write(revoke).await?;
    audit::log(&event);
    count_revocations(Kind::Token, 1);
    server.obey_now().await;
    Ok(())
}
