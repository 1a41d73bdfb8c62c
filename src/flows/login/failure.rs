//! What a refused login leaves behind: a metric, a line in the log, and an audit event.

use super::super::error::FlowError;
use super::super::server::Server;
use crate::audit;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind, Origin};
use crate::protocol::client::ClientId;
use crate::protocol::password::UserName;
use crate::protocol::token_request::Credentials;
use crate::storage::ops::audit::Append;
use crate::storage::ops::users::FindUser;

/// Counts a refused login and writes it down, at most once a minute for one account and address.
pub(in crate::flows) async fn note_failure(
    server: &Server,
    error: FlowError,
    credentials: &Credentials,
    (client, origin): (Option<&ClientId>, &Origin),
) -> FlowError {
    let reason = error.reason();
    metrics::counter!("chancery_login_total", "outcome" => reason).increment(1);
    tracing::info!(reason, client_id = client.map(ClientId::as_str), "login refused");
    if !matches!(error, FlowError::Refused(_) | FlowError::TooMany { .. }) {
        return error;
    }
    let throttled = matches!(error, FlowError::TooMany { .. });
    let name = UserName::parse(&credentials.username).ok();
    let account = match &name {
        Some(name) if !throttled || is_counted(server, name).await => name.canonical(),
        _ if throttled => "(too many attempts)",
        _ => "(not a user name)",
    };
    if !server.credentials.failures.is_first(account, origin.address) {
        return error;
    }
    let event = server
        .event(AuditKind::LoginFailed, Actor::Anonymous)
        .about(account)
        .from(origin)
        .because(reason);
    let event = AuditEvent { client_id: client.map(ClientId::to_string), ..event };
    match server.store.write(Append(event.clone())).await {
        Ok(()) => audit::log(&event),
        Err(error) => tracing::warn!(%error, "a refused login could not be written down"),
    }
    error
}

/// Whether a throttled attempt is written down under the user's name. Whoever is slowed down may make
/// up as many names as he likes, and one line tells of those: only a name that has failures of its
/// own, each of which took a hash, is looked up.
async fn is_counted(server: &Server, name: &UserName) -> bool {
    if server.credentials.throttle.account_delay(name.canonical()).is_none() {
        return false;
    }
    let found = server.store.read(FindUser::Named(name.canonical().to_owned())).await;
    found.is_ok_and(|user| user.is_some())
}
