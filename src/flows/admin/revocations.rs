//! Revoking by every kind of name.

use super::{By, clients, keys, sessions, users};
use crate::audit;
use crate::flows::ending::count_revocations;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::audit::AuditKind;
use crate::protocol::error::Refusal;
use crate::protocol::ids::{SessionId, UserId};
use crate::protocol::key::Kid;
use crate::protocol::revocation::EffectiveBy;
use crate::protocol::revocation::Kind;
use crate::storage::ops::feed::{BeginAnew, Revoke, Revokes};
use crate::storage::ops::users::UserChange;

/// Revokes what `kind` and `value` name. Success means that it is durable.
pub async fn revoke(
    server: &Server,
    by: &By,
    kind: Kind,
    value: &str,
) -> Result<EffectiveBy, FlowError> {
    match kind {
        Kind::Token => token(server, by, value).await,
        Kind::Session => {
            let id = SessionId::parse(value).ok_or(NOT_AN_ID)?;
            sessions::end(server, by, id).await
        }
        Kind::Subject => {
            let id = UserId::parse(value).ok_or(NOT_AN_ID)?;
            let changed = users::change(server, by, id, UserChange::RevokeTokens).await?;
            changed.effective_by.ok_or(FlowError::Internal)
        }
        Kind::Client => {
            let client = clients::find_named(server, value).await?;
            let changed = clients::revoke_tokens(server, by, client).await?;
            changed.effective_by.ok_or(FlowError::Internal)
        }
        Kind::Key => {
            let key = Kid::parse(value).ok_or_else(FlowError::not_found)?;
            keys::compromise(server, by, &key).await
        }
        Kind::All => everything(server, by).await,
    }
}

/// Refuses one access token, of which only the id is known.
async fn token(server: &Server, by: &By, jti: &str) -> Result<EffectiveBy, FlowError> {
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if jti.is_empty() || jti.len() > 256 || !jti.bytes().all(base64url) {
        return Err(NOT_AN_ID.into());
    }
    let known = server.memory.current().await?;
    let event = by.event(server, AuditKind::Revoked).about(jti).because(Kind::Token.as_str());
    let expires_at = server.effective_by(&known).expiry;
    let what = Revokes::Token { jti: jti.to_owned(), expires_at };
    let revoking = server.revoking_user(&known);
    server.store.write(Revoke { what, revoking, audit: event.clone() }).await?;
    finish(server, &event, Kind::Token).await;
    Ok(server.effective_by(&known))
}

/// Refuses every token and ends every session.
async fn everything(server: &Server, by: &By) -> Result<EffectiveBy, FlowError> {
    let known = server.memory.current().await?;
    let event = by.event(server, AuditKind::Revoked).because(Kind::All.as_str());
    let what = Revokes::Everything;
    let revoking = server.revoking_client(&known);
    server.store.write(Revoke { what, revoking, audit: event.clone() }).await?;
    finish(server, &event, Kind::All).await;
    Ok(server.effective_by(&known))
}

/// An older state of the database was put back: what was revoked since then stays revoked, since nothing
/// of before is good any more.
pub async fn restored(server: &Server, by: &By) -> Result<EffectiveBy, FlowError> {
    let known = server.memory.current().await?;
    let event = by.event(server, AuditKind::Restored);
    let revoking = server.revoking_client(&known);
    server.store.write(BeginAnew { revoking, audit: event.clone() }).await?;
    finish(server, &event, Kind::All).await;
    Ok(server.effective_by(&known))
}

async fn finish(server: &Server, event: &crate::protocol::audit::AuditEvent, kind: Kind) {
    audit::log(event);
    count_revocations(kind, 1);
    server.obey_now().await;
}

const NOT_AN_ID: Refusal = Refusal::invalid_request("value is not an id of this kind");
