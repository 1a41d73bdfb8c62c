//! What a refused login leaves behind: a metric, a line in the log, and an audit event.

use super::super::credentials::Source;
use super::super::error::FlowError;
use super::super::server::Server;
use crate::audit;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind, Origin};
use crate::protocol::client::ClientId;
use crate::protocol::password::UserName;
use crate::protocol::token_request::Credentials;
use crate::storage::ops::audit::Append;
use crate::storage::ops::users::FindUser;

/// Counts a refused login and writes it down, at most once a minute for one account and address. Only
/// the name of a user is written: in another may stand what somebody meant for the field below (C141).
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
        Some(name) if !throttled || !is_slowed_down(server, name, origin) => {
            if is_user(server, name).await { name.canonical() } else { "(no such user)" }
        }
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

/// Whether it is the address that has to wait. Whoever is slowed down may make up as many names as he
/// likes, and none of them is looked up; a name that itself has to wait has failures, each of which took
/// a hash.
fn is_slowed_down(server: &Server, name: &UserName, origin: &Origin) -> bool {
    let source = Source::new(name.canonical(), origin.address);
    server.credentials.throttle.check(&source).is_err()
}

async fn is_user(server: &Server, name: &UserName) -> bool {
    let found = server.store.read(FindUser::Named(name.canonical().to_owned())).await;
    found.is_ok_and(|user| user.is_some())
}
