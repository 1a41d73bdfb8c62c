//! A notice that tells a client of the end of a session (OIDC Back-Channel Logout §2.5), until it is
//! delivered. Must not know how it is sent.

use super::client::ClientId;
use super::ids::{NoticeId, SessionId, UserId};
use super::time::Timestamp;

/// One notice, as stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogoutNotice {
    /// Its id.
    pub id: NoticeId,
    /// Whom to tell.
    pub client_id: ClientId,
    /// Whose session it was, the `sub` of the logout token.
    pub user_id: UserId,
    /// The session, the `sid` of the logout token.
    pub session_id: SessionId,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// How often it was taken to be sent.
    pub attempts: u32,
    /// When the session ended.
    pub created_at: Timestamp,
}
