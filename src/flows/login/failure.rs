//! What a refused login leaves behind: a metric, a line in the log, and an audit event.

use super::super::credentials::Network;
use super::super::error::FlowError;
use super::super::failures::Failure;
use super::super::server::Server;
use crate::audit;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind, Origin};
use crate::protocol::client::ClientId;
use crate::protocol::password::UserName;
use crate::protocol::reason::Reason;
use crate::protocol::token_request::Credentials;
use crate::storage::ops::audit::Append;
use crate::storage::ops::users::FindUser;

/// A login that failed.
pub(in crate::flows) struct Failed {
    error: FlowError,
    was_proven: bool,
}

impl Failed {
    /// After the password was found to be right.
    pub(in crate::flows) fn although_proven(error: FlowError) -> Self {
        Self { error, was_proven: true }
    }

    fn kind(&self) -> Failure {
        match &self.error {
            _ if self.was_proven => Failure::Compared,
            FlowError::TooMany { .. } => Failure::PutOff,
            error if found_by(error).is_some() => Failure::Compared,
            _ => Failure::Refused,
        }
    }
}

impl<E: Into<FlowError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self { error: error.into(), was_proven: false }
    }
}

/// Counts a refused login and writes it down, at most once a minute for one account and network. Only
/// the name of a user is written: in another may stand what somebody meant for the field below (C141).
pub(in crate::flows) async fn note_failure(
    server: &Server,
    failed: impl Into<Failed>,
    credentials: &Credentials,
    (client, origin): (Option<&ClientId>, &Origin),
) -> FlowError {
    let failed = failed.into();
    let kind = failed.kind();
    let error = failed.error;
    let reason = error.reason();
    metrics::counter!("chancery_login_total", "outcome" => reason).increment(1);
    tracing::info!(reason, client_id = client.map(ClientId::as_str), "login refused");
    if !matches!(error, FlowError::Refused(_) | FlowError::TooMany { .. }) {
        return error;
    }
    let name = UserName::parse(&credentials.username).ok();
    // Whoever is slowed down, or finds no place, may make up as many names as he likes, and none of them is
    // looked up. A name that has to wait itself has failures, each of which took a hash.
    let made_up = matches!(error, FlowError::TooMany { of_account: false, .. });
    let (account, is_name) = match &name {
        _ if made_up => ("(too many attempts)", false),
        Some(name) => (name.canonical(), true),
        None => ("(not a user name)", false),
    };
    // By what was typed, and not by whether somebody has that name: the next answer would wait for a
    // commit, or not (C060).
    if !server.credentials.failures.is_first(account, Network::of(origin.address), kind) {
        return error;
    }
    let is_written = match found_by(&error) {
        _ if !is_name => true,
        Some(found) => found,
        None => is_user(server, account).await,
    };
    let account = if is_written { account } else { "(no such user)" };
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

/// Whether somebody has the name, where a password was compared: a statement for some names and none for
/// others would tell them apart (C060).
fn found_by(error: &FlowError) -> Option<bool> {
    let FlowError::Refused(refusal) = error else { return None };
    match refusal.reason {
        Reason::UnknownUser => Some(false),
        Reason::WrongCredentials | Reason::UserDisabled => Some(true),
        _ => None,
    }
}

async fn is_user(server: &Server, canonical: &str) -> bool {
    let found = server.store.read(FindUser::Named(canonical.to_owned())).await;
    found.is_ok_and(|user| user.is_some())
}
