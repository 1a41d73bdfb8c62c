//! A session: one login of one user through one client, the family of its refresh tokens.

use std::net::IpAddr;
use std::time::Duration;

use super::client::ClientId;
pub use super::end_reason::EndReason;
use super::ids::{BrowserSessionId, SessionId, UserId};
use super::rotation::Rotation;
use super::scope::ScopeSet;
use super::time::Timestamp;
use super::uri::ResourceUri;

/// One session, as stored.
#[derive(Clone)]
pub struct Session {
    /// Its id, the `sid` of its tokens.
    pub id: SessionId,
    /// Who logged in.
    pub user_id: UserId,
    /// The user's version at the login: a later one ends every session of an earlier one.
    pub user_version: i64,
    /// Through which client.
    pub client_id: ClientId,
    /// The browser session under which it began; none if the client took the password itself.
    pub browser_session_id: Option<BrowserSessionId>,
    /// Whether it outlives its browser session (OIDC Core §11, `offline_access`).
    pub offline: bool,
    /// What was granted.
    pub grant: Grant,
    /// When and how the user proved who he is.
    pub authentication: Authentication,
    /// The `claims` parameter of the authorization request, JSON as it came (OIDC Core §5.5).
    pub claims: Option<String>,
    /// When the session began.
    pub created_at: Timestamp,
    /// Unused until then, it ends; each rotation moves this on.
    pub idle_expires_at: Timestamp,
    /// Then it ends in any case; fixed at the login (RFC 9700 §4.14.2, RFC 10017).
    pub max_expires_at: Timestamp,
    /// Whether it lives.
    pub status: SessionStatus,
    /// Its refresh tokens.
    pub rotation: Rotation,
    /// When it was last refreshed.
    pub last_seen: Timestamp,
    /// The device, as it named itself at the login.
    pub user_agent: Option<String>,
    /// The address it was last seen from.
    pub address: Option<IpAddr>,
}

/// What a session may ask access tokens for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// The scopes; every access token carries some of them.
    pub scope: ScopeSet,
    /// The APIs, the default first; every access token is for one of them.
    pub resources: Vec<ResourceUri>,
}

/// One act of authentication.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authentication {
    /// When it happened.
    pub at: Timestamp,
    /// The authentication context class, where one is defined (OIDC Core §2).
    pub acr: Option<String>,
    /// The methods used (RFC 8176), such as `pwd`.
    pub amr: Vec<String>,
}

/// Whether a session lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SessionStatus {
    /// Its leaves may be refreshed.
    Active,
    /// It is over, for this reason.
    Ended(EndReason),
}

impl SessionStatus {
    /// Why it is over, if it is.
    pub fn end_reason(self) -> Option<EndReason> {
        match self {
            Self::Active => None,
            Self::Ended(reason) => Some(reason),
        }
    }
}

/// How long sessions live.
#[derive(Clone, Copy, Debug)]
pub struct SessionLifetimes {
    /// How long one may go unused.
    pub idle: Duration,
    /// How long one may live at all.
    pub max: Duration,
}

impl Session {
    /// Whether it is over when its browser session is, whatever its own times say.
    pub fn ends_with_browser(&self) -> bool {
        self.browser_session_id.is_some() && !self.offline
    }
}

impl SessionLifetimes {
    /// When a session used at `now` expires if it is not used again, never after `max_expires_at`.
    pub fn idle_expiry(&self, now: Timestamp, max_expires_at: Timestamp) -> Timestamp {
        (now + self.idle).min(max_expires_at)
    }
}
