//! Sessions and the rotation of their refresh tokens.

use std::net::IpAddr;

use super::browser_sessions::BrowserSessions;
use super::{FeedPosition, Operation, Revoking, Swap, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::browser_session::BrowserLife;
use crate::protocol::client::ClientId;
use crate::protocol::ids::{SessionId, UserId};
use crate::protocol::reason::Reason;
use crate::protocol::rotation::RetryStreak;
use crate::protocol::secret::SecretHash;
use crate::protocol::session::{EndReason, Session, SessionStatus};
use crate::protocol::standing::{Fact, Granted, Needed, Standing, Under};
use crate::protocol::time::Timestamp;
use crate::protocol::user::{User, UserStatus};

/// Stores a new session, if the user still is what he was when his password was read: active, and
/// of the version that the session carries; and if its client is active. A login that waited for its
/// hash while the password was changed is [`Swap::Lost`].
pub struct CreateSession {
    /// The session.
    pub session: Session,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(CreateSession => Swap);

/// Reads a session, its user and the life of its browser session, and whether everything older was
/// ended, in one statement.
pub struct FindSession(pub SessionId);
operation!(FindSession => Option<FoundSession>, SINGLE_STATEMENT);

/// A session with what decides about it.
pub struct FoundSession {
    /// The session. One begun before everything was ended reads as ended.
    pub session: Session,
    /// Its user, unless he was deleted.
    pub user: Option<User>,
    /// Until when its browser session lives, unless that is gone or there never was one.
    pub browser: Option<BrowserLife>,
}

impl FoundSession {
    /// What its tokens rest on, where the client of the request was looked at before. Its browser session
    /// counts where it ends with that.
    pub fn standing(&self) -> Standing<'_> {
        let Self { session, user, browser } = self;
        let under = Under { life: *browser, needed: Needed::Alive };
        let needed = session.ends_with_browser();
        Standing {
            client: Fact::Seen,
            grant: Fact::Is(Granted::Session(session)),
            browser: if needed { Fact::Is(under) } else { Fact::Unneeded },
            ..Standing::of_user(user.as_ref(), session.user_id, session.user_version)
        }
    }

    /// Whether it may still be given tokens.
    pub fn check_alive(&self, now: Timestamp) -> Result<(), Reason> {
        self.standing().check(now)
    }

    /// The session as it is shown: one that a change of its user has ended reads as ended also
    /// before it is marked.
    pub fn shown(self) -> Session {
        let Self { mut session, user, .. } = self;
        session.status = shown(session.status, user.as_ref(), session.user_version);
        session
    }
}

/// The status of what began at a user's `version`, given him as he is now.
pub(super) fn shown(status: SessionStatus, user: Option<&User>, version: i64) -> SessionStatus {
    match (status, user) {
        (SessionStatus::Ended(_), _) => status,
        (_, None) => SessionStatus::Ended(EndReason::UserDeleted),
        (_, Some(user)) if user.status == UserStatus::Disabled => {
            SessionStatus::Ended(EndReason::UserDisabled)
        }
        (_, Some(user)) if user.version != version => SessionStatus::Ended(EndReason::UserChanged),
        _ => status,
    }
}

/// Moves a session to its next generation, in one statement.
///
/// It is conditional on the session being active and of generation `from`, so of any number of
/// callers with the same leaf one wins.
pub struct RotateSession {
    /// The session.
    pub id: SessionId,
    /// The generation that ends.
    pub from: u32,
    /// The hash of the presented leaf, the parent of the new one.
    pub parent: SecretHash,
    /// The hash of the new leaf.
    pub child: SecretHash,
    /// The new leaf, sealed for the holder of the parent.
    pub sealed: Vec<u8>,
    /// Now.
    pub at: Timestamp,
    /// When the session ends if it is not used again.
    pub idle_expires_at: Timestamp,
    /// From where.
    pub address: Option<IpAddr>,
}
operation!(RotateSession => Swap, SINGLE_STATEMENT);

/// Gives a retry a leaf of its own beside the others.
///
/// It is conditional on the session being active, of this generation, and not reissued meanwhile.
pub struct AddLeaf {
    /// The session.
    pub id: SessionId,
    /// Its generation.
    pub generation: u32,
    /// When its newest leaf was made, as read.
    pub reissued_at: Timestamp,
    /// All leaves, the new one last.
    pub leaves: Vec<SecretHash>,
    /// The new leaf, sealed for the holder of the parent.
    pub sealed: Vec<u8>,
    /// Now.
    pub at: Timestamp,
    /// The streak of late retries, where this one counts.
    pub retries: RetryStreak,
    /// Written with it, where the streak is suspicious.
    pub audit: Option<AuditEvent>,
}
operation!(AddLeaf => Swap);

/// Notes that a late retry was answered, once per generation.
pub struct CountRetry {
    /// The session.
    pub id: SessionId,
    /// The streak with this retry; its generation is the session's.
    pub retries: RetryStreak,
    /// Written with it, where the streak is suspicious.
    pub audit: Option<AuditEvent>,
}
operation!(CountRetry => Swap);

/// Notes that a session whose token does not rotate was used.
pub struct TouchSession {
    /// The session.
    pub id: SessionId,
    /// Now.
    pub at: Timestamp,
    /// When the session ends if it is not used again.
    pub idle_expires_at: Timestamp,
    /// From where.
    pub address: Option<IpAddr>,
}
operation!(TouchSession => Swap, SINGLE_STATEMENT);

/// Ends active sessions, at most [`super::BATCH`] of them, and publishes the end of each, but for
/// those of a client: it has an entry of its own, made when it was disabled.
pub struct EndSessions {
    /// Which.
    pub which: Sessions,
    /// Why.
    pub reason: EndReason,
    /// For the log of revocations.
    pub revoking: Revoking,
    /// Written if any session was ended.
    pub audit: Option<AuditEvent>,
    /// How the database was found to have lost writes, if it was: the log begins a new epoch, in
    /// which everything issued so far is refused, unless one has begun since the loss.
    pub regressed: Option<Regression>,
}
operation!(EndSessions => Ended, URGENT);

impl EndSessions {
    /// The session, if it is about one, and whose it has to be.
    pub fn one(&self) -> Option<(SessionId, Option<&ClientId>)> {
        match &self.which {
            Sessions::One(id) => Some((*id, None)),
            Sessions::OneOf(id, client) => Some((*id, Some(client))),
            _ => None,
        }
    }

    /// Whether it ends one session and nothing else.
    pub fn ends_only_one(&self) -> bool {
        self.one().is_some() && self.regressed.is_none()
    }
}

/// A loss of writes that a session shows.
#[derive(Clone, Copy, Debug)]
pub struct Regression {
    /// The newest epoch that this node has seen.
    pub seen: i64,
    /// When the session last changed before the loss. Many sessions show the same loss, each when
    /// its token comes: where an epoch has begun since then, it answers for this one too. (A second
    /// loss is told by the sessions that changed between the two, and by the log itself.)
    pub after: Timestamp,
}

/// Some sessions.
#[derive(Clone, Debug)]
pub enum Sessions {
    /// This one.
    One(SessionId),
    /// This one, if it is this client's.
    OneOf(SessionId, ClientId),
    /// Those of a user, but for one.
    OfUser(UserId, Option<SessionId>),
    /// Those of a user that began with an earlier version of him.
    OfUserBefore(UserId, i64),
    /// Those of a disabled client, with ids after one: a client may have very many, so that each
    /// batch begins where the one before has ended.
    OfClient(ClientId, Option<SessionId>),
    /// Those of a user beyond so many that have not expired, the one unused for longest first; but
    /// never this one, which has just begun.
    Surplus(UserId, SessionId, u32),
    /// Those begun under some browser sessions, but for those that outlive them.
    Under(BrowserSessions),
    /// Those of a user through a client.
    OfGrant(UserId, ClientId),
}

/// What was ended.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// The sessions.
    pub sessions: Vec<SessionId>,
    /// Where the log tells of it; none if there was nothing to end.
    pub feed: Option<FeedPosition>,
}

impl Sessions {
    /// What may be left of these when `ended` are over.
    pub fn rest(&mut self, ended: &[SessionId]) {
        if let Self::OfClient(_, after) = self {
            *after = ended.iter().max().copied().or(*after);
        }
    }
}

impl Ended {
    /// Whether there may be more to end.
    pub fn is_full(&self) -> bool {
        i64::try_from(self.sessions.len()).is_ok_and(|ended| ended >= super::BATCH)
    }
}

/// Lists the active sessions of a user, or of everybody, in the order of their ids.
pub struct ListSessions {
    /// Whose.
    pub user: Option<UserId>,
    /// Only ids after this one.
    pub after: Option<SessionId>,
    /// Expired ones are left out.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
}
operation!(ListSessions => Vec<Session>, SINGLE_STATEMENT);

/// Reads from where the browser sessions of a user were last used, and the sessions that he began without a
/// browser. (One that was begun by a browser may have been used by the back end of its client alone.)
pub struct ReadAddresses {
    /// His name, as names are compared.
    pub canonical: String,
    /// Expired ones are left out.
    pub at: Timestamp,
}
operation!(ReadAddresses => Vec<IpAddr>, SINGLE_STATEMENT);

/// Lists the active sessions of a user, the last used first.
pub struct RecentSessions {
    /// Whose.
    pub user: UserId,
    /// Expired ones are left out.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
}
operation!(RecentSessions => Vec<Session>, SINGLE_STATEMENT);

/// Whether a session that began by a time is alive.
pub struct HasSessions {
    /// The time.
    pub begun_by: Timestamp,
    /// Now: what has expired or ended does not count.
    pub alive_at: Timestamp,
}
operation!(HasSessions => bool, SINGLE_STATEMENT);

/// Counts the sessions of a user that were not ended and have not expired.
pub struct CountSessions(pub UserId);
operation!(CountSessions => u32, SINGLE_STATEMENT);
