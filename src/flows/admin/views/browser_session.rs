//! Browser sessions. Must not show anything of a cookie.

use serde::Serialize;

use crate::protocol::browser_session;
use crate::protocol::session::EndReason;

/// A browser session.
#[derive(Serialize)]
pub struct BrowserSession {
    id: String,
    user_id: String,
    signed_in_at: String,
    amr: Vec<String>,
    created_at: String,
    last_seen: String,
    /// When it is over if it is not used again.
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    /// Why it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_reason: Option<&'static str>,
}

impl BrowserSession {
    /// The view of `session`.
    pub fn of(session: &browser_session::BrowserSession) -> Self {
        let life = &session.life;
        Self {
            id: session.id.to_string(),
            user_id: session.user_id.to_string(),
            signed_in_at: session.authentication.at.rfc3339(),
            amr: session.authentication.amr.clone(),
            created_at: session.created_at.rfc3339(),
            last_seen: session.last_seen.rfc3339(),
            expires_at: life.idle_expires_at.min(life.max_expires_at).rfc3339(),
            address: session.address.map(|address| address.to_string()),
            user_agent: session.user_agent.clone(),
            ended_reason: life.status.end_reason().map(EndReason::as_str),
        }
    }
}
