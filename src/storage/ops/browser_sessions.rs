//! Browser sessions.

use std::net::IpAddr;

use super::sessions::{self, Ended};
use super::{Operation, Revoking, Swap, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::browser_session::BrowserSession;
use crate::protocol::ids::{BrowserSessionId, UserId};
use crate::protocol::secret::SecretHash;
use crate::protocol::session::EndReason;
use crate::protocol::time::Timestamp;
use crate::protocol::user::User;

/// Stores a new browser session, if the user still is what he was when his password was read: active,
/// and of the version that the session carries. Otherwise it answers none. Those of his that are too
/// many then end, as by [`EndBrowserSessions`], and it answers what did.
pub struct BeginBrowserSession {
    /// The browser session.
    pub session: BrowserSession,
    /// The one that the same user had in this browser before, which ends (SES-01, C045). His sessions
    /// under it go on under the new one, however they end. That of another user is ended before, by
    /// [`EndBrowserSessions`].
    pub replaces: Option<BrowserSessionId>,
    /// How many he may have with it.
    pub keep: u32,
    /// For the log of revocations.
    pub revoking: Revoking,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(BeginBrowserSession => Option<EndedBrowserSessions>);

/// Reads a browser session and its user, and whether everything older was ended, in one statement.
pub enum FindBrowserSession {
    /// By what its cookie holds.
    Secret(SecretHash),
    /// By its id.
    Id(BrowserSessionId),
}
operation!(FindBrowserSession => Option<FoundBrowserSession>, SINGLE_STATEMENT);

/// A browser session with what decides about it.
pub struct FoundBrowserSession {
    /// The browser session. One begun before everything was ended reads as ended.
    pub session: BrowserSession,
    /// Its user, unless he was deleted.
    pub user: Option<User>,
}

impl FoundBrowserSession {
    /// The browser session as it is shown: one that a change of its user has ended reads as ended,
    /// though nothing marks it.
    pub fn shown(self) -> BrowserSession {
        let Self { mut session, user } = self;
        let life = &mut session.life;
        life.status = sessions::shown(life.status, user.as_ref(), session.user_version);
        session
    }
}

/// Notes that a browser session was used, if it is alive.
pub struct TouchBrowserSession {
    /// The browser session.
    pub id: BrowserSessionId,
    /// Now.
    pub at: Timestamp,
    /// When it is over if it is not used again.
    pub idle_expires_at: Timestamp,
    /// From where; none where it was not the browser that came.
    pub address: Option<IpAddr>,
}
operation!(TouchBrowserSession => Swap, SINGLE_STATEMENT);

/// Ends browser sessions and the sessions under them, at most [`super::BATCH`] of each, and publishes
/// the end of each session. Sessions that outlive their browser session stay. For each session whose
/// client wants to be told it leaves a [notice](super::notices), also for those that stay: their user has
/// signed out all the same.
///
/// Repeated while the answer is full, it finds what is left although its browser session is over.
pub struct EndBrowserSessions {
    /// Which.
    pub which: BrowserSessions,
    /// Why; the sessions end for the same reason.
    pub reason: EndReason,
    /// For the log of revocations.
    pub revoking: Revoking,
    /// Written if anything was ended.
    pub audit: Option<AuditEvent>,
}
operation!(EndBrowserSessions => EndedBrowserSessions, URGENT);

/// Some browser sessions.
#[derive(Clone, Copy, Debug)]
pub enum BrowserSessions {
    /// This one.
    One(BrowserSessionId),
    /// Those of a user, but for one.
    OfUser(UserId, Option<BrowserSessionId>),
    /// Those of a user beyond so many that are alive, the one unused for longest first; but never this
    /// one, which has just begun.
    Surplus(UserId, BrowserSessionId, u32),
}

/// What was ended.
#[derive(Clone, Debug, Default)]
pub struct EndedBrowserSessions {
    /// The browser sessions.
    pub browsers: Vec<BrowserSessionId>,
    /// The sessions under them.
    pub sessions: Ended,
}

impl EndedBrowserSessions {
    /// Whether there was nothing to end.
    pub fn is_empty(&self) -> bool {
        self.browsers.is_empty() && self.sessions.sessions.is_empty()
    }

    /// Whether there may be more to end.
    pub fn is_full(&self) -> bool {
        let browsers = i64::try_from(self.browsers.len());
        self.sessions.is_full() || browsers.is_ok_and(|ended| ended >= super::BATCH)
    }
}

/// Lists the browser sessions of a user that are alive, in the order of their ids.
pub struct ListBrowserSessions {
    /// Whose.
    pub user: UserId,
    /// Only ids after this one.
    pub after: Option<BrowserSessionId>,
    /// Expired ones are left out.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
}
operation!(ListBrowserSessions => Vec<BrowserSession>, SINGLE_STATEMENT);

/// Lists the browser sessions of a user that are alive, the last used first.
pub struct RecentBrowserSessions {
    /// Whose.
    pub user: UserId,
    /// Expired ones are left out.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
}
operation!(RecentBrowserSessions => Vec<BrowserSession>, SINGLE_STATEMENT);
