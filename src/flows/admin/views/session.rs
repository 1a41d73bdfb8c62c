//! Sessions. Must not show anything of a token.

use serde::Serialize;

use crate::protocol::session::{self, EndReason};

/// A session, as its user and administrators see it.
#[derive(Serialize)]
pub struct Session {
    sid: String,
    client_id: String,
    scope: String,
    created_at: String,
    last_seen: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<bool>,
}

/// A session and whose it is.
#[derive(Serialize)]
pub struct OwnedSession {
    user_id: String,
    #[serde(flatten)]
    session: Session,
    /// Why it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_reason: Option<&'static str>,
}

impl Session {
    /// The view of `session`.
    pub fn of(session: &session::Session) -> Self {
        Self {
            sid: session.id.to_string(),
            client_id: session.client_id.to_string(),
            scope: session.grant.scope.to_string(),
            created_at: session.created_at.rfc3339(),
            last_seen: session.last_seen.rfc3339(),
            expires_at: session.idle_expires_at.rfc3339(),
            address: session.address.map(|address| address.to_string()),
            user_agent: session.user_agent.clone(),
            current: None,
        }
    }

    /// The view that also says whether it is the session of whoever looks.
    pub fn with_current(session: &session::Session, current: bool) -> Self {
        Self { current: Some(current), ..Self::of(session) }
    }
}

impl OwnedSession {
    /// The view of `session`.
    pub fn of(session: &session::Session) -> Self {
        let ended_reason = session.status.end_reason().map(EndReason::as_str);
        Self { user_id: session.user_id.to_string(), session: Session::of(session), ended_reason }
    }
}
