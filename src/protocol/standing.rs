//! Whether those still stand on whom a request rests: its client, what was granted to it, the browser
//! session under which that was granted, and the user. Every path in asks here, and a path has to say of
//! each of them where it is known from, so that none is forgotten.
//!
//! The key is looked at before: a token whose key is gone or compromised says nothing of the others.

use super::authorization_code::CodeRecord;
use super::browser_session::BrowserLife;
use super::client::{Client, ClientStatus};
use super::ids::UserId;
use super::reason::Reason;
use super::session::{Session, SessionStatus};
use super::time::Timestamp;
use super::user::{User, UserStatus};

/// What a request rests on.
#[derive(Clone, Copy)]
pub struct Standing<'a> {
    /// Whether the log of revocations refuses the token that came with it; none if none came.
    pub log: Fact<Logged>,
    /// The client that asks, as it is stored; none if it is not.
    pub client: Fact<Option<&'a Client>>,
    /// What was granted.
    pub grant: Fact<Granted<'a>>,
    /// The browser session under which it was.
    pub browser: Fact<Under>,
    /// The user.
    pub user: Fact<Whose<'a>>,
}

/// Where one part of a standing is known from.
#[derive(Clone, Copy)]
pub enum Fact<T> {
    /// From this, read for this request or within the lease.
    Is(T),
    /// From the log of revocations: an entry would refuse the token, whatever has ended. That somebody is
    /// absent for too long has no entry, and so no access token outlives that moment.
    InTheLog,
    /// This request has looked at it before.
    Seen,
    /// The request does not rest on it.
    Unneeded,
}

/// What the log of revocations says of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Logged {
    /// An entry refuses it.
    Refused,
    /// None does.
    Clear,
}

/// What was granted.
#[derive(Clone, Copy)]
pub enum Granted<'a> {
    /// A session.
    Session(&'a Session),
    /// An authorization code.
    Code(&'a CodeRecord),
}

/// A browser session, and what lies under it.
#[derive(Clone, Copy)]
pub struct Under {
    /// Until when it lives; none if its row is gone.
    pub life: Option<BrowserLife>,
    /// What of it is needed.
    pub needed: Needed,
}

/// What of a browser session is needed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Needed {
    /// That it is alive.
    Alive,
    /// That it was not ended, although it may have expired.
    NotEnded,
}

/// A user, and who he was when he proved it.
#[derive(Clone, Copy)]
pub struct Whose<'a> {
    /// The user as he is; none if he was deleted.
    pub user: Option<&'a User>,
    /// His id.
    pub id: UserId,
    /// His version then: a later one ends everything of an earlier one.
    pub version: i64,
}

impl<'a> Standing<'a> {
    /// Nothing at all: the parts that a path rests on are put in.
    pub const NOTHING: Self = Self {
        log: Fact::Unneeded,
        client: Fact::Unneeded,
        grant: Fact::Unneeded,
        browser: Fact::Unneeded,
        user: Fact::Unneeded,
    };

    /// A user who was of this version when he proved who he is.
    pub fn of_user(user: Option<&'a User>, id: UserId, version: i64) -> Self {
        Self { user: Fact::Is(Whose { user, id, version }), ..Self::NOTHING }
    }

    /// Whether all stand at `now`. Refuses in this order, and changes nothing.
    pub fn check(&self, now: Timestamp) -> Result<(), Reason> {
        check(self.log, check_log)?;
        check(self.client, check_client)?;
        check(self.grant, |grant| check_grant(grant, now))?;
        check(self.user, check_user)?;
        check(self.browser, |under| check_browser(under, now))
    }
}

fn check<T>(fact: Fact<T>, stands: impl Fn(T) -> Result<(), Reason>) -> Result<(), Reason> {
    match fact {
        Fact::Is(fact) => stands(fact),
        Fact::InTheLog | Fact::Seen | Fact::Unneeded => Ok(()),
    }
}

fn check_log(logged: Logged) -> Result<(), Reason> {
    match logged {
        Logged::Refused => Err(Reason::TokenRevoked),
        Logged::Clear => Ok(()),
    }
}

/// Whether a client stands by itself, such as one that a page names.
pub fn check_client(client: Option<&Client>) -> Result<(), Reason> {
    match client.map(|client| client.status) {
        None => Err(Reason::UnknownClient),
        Some(ClientStatus::Paused | ClientStatus::Disabled) => Err(Reason::ClientDisabled),
        Some(ClientStatus::Active) => Ok(()),
    }
}

fn check_grant(grant: Granted<'_>, now: Timestamp) -> Result<(), Reason> {
    match grant {
        Granted::Session(session) => check_session(session, now),
        Granted::Code(code) if !code.is_valid(now) => Err(Reason::CodeOver),
        Granted::Code(_) => Ok(()),
    }
}

fn check_session(session: &Session, now: Timestamp) -> Result<(), Reason> {
    match session.status {
        SessionStatus::Ended(reason) => Err(Reason::SessionEnded(reason)),
        SessionStatus::Active if now >= session.max_expires_at => Err(Reason::SessionMaxExpired),
        SessionStatus::Active if now >= session.idle_expires_at => Err(Reason::SessionIdleExpired),
        SessionStatus::Active => Ok(()),
    }
}

/// Whether a user stands by himself, such as one who has just typed his password.
pub fn check_user(Whose { user, id, version }: Whose<'_>) -> Result<(), Reason> {
    match user {
        None => Err(Reason::UserDeleted),
        Some(user) if user.status == UserStatus::Disabled => Err(Reason::UserDisabled),
        Some(user) if (user.id, user.version) != (id, version) => Err(Reason::UserChanged),
        Some(_) => Ok(()),
    }
}

fn check_browser(Under { life, needed }: Under, now: Timestamp) -> Result<(), Reason> {
    let stands = life.is_some_and(|life| match needed {
        Needed::Alive => life.is_alive(now),
        Needed::NotEnded => life.status == SessionStatus::Active,
    });
    if stands { Ok(()) } else { Err(Reason::BrowserSessionOver) }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
