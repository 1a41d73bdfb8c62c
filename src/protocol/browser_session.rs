//! A browser session: one sign-in of one user in one browser, and the cookie that stands for it.
//! Must not know how cookies are set, nor what a page looks like.

use std::net::IpAddr;

use zeroize::Zeroizing;

use super::ids::{BrowserSessionId, UserId};
use super::secret::{Secret, SecretHash};
use super::session::{Authentication, SessionStatus};
use super::standing::{Fact, Needed, Standing, Under};
use super::time::Timestamp;
use super::user::User;

/// One browser session, as stored.
#[derive(Clone)]
pub struct BrowserSession {
    /// Its id, which people see; it opens nothing.
    pub id: BrowserSessionId,
    /// The hash of what its cookie holds (SES-01).
    pub secret: SecretHash,
    /// Who signed in.
    pub user_id: UserId,
    /// The user's version at the sign-in: a later one ends every browser session of an earlier one.
    pub user_version: i64,
    /// When and how he proved who he is.
    pub authentication: Authentication,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen: Timestamp,
    /// Until when it lives.
    pub life: BrowserLife,
    /// The browser, as it named itself.
    pub user_agent: Option<String>,
    /// The address it was last seen from.
    pub address: Option<IpAddr>,
}

/// Until when a browser session lives. Both times follow from the
/// [`SessionLifetimes`](super::session::SessionLifetimes) of browser sessions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BrowserLife {
    /// Unused until then, it is over; each use moves this on.
    pub idle_expires_at: Timestamp,
    /// Then it is over in any case; fixed at the sign-in.
    pub max_expires_at: Timestamp,
    /// Whether it was ended.
    pub status: SessionStatus,
}

/// What the cookie of a browser session holds.
pub struct BrowserCookie(Secret);

impl BrowserSession {
    /// What being signed in rests on, given the user as he is.
    pub fn standing<'a>(&self, user: Option<&'a User>) -> Standing<'a> {
        let under = Under { life: Some(self.life), needed: Needed::Alive };
        Standing {
            browser: Fact::Is(under),
            ..Standing::of_user(user, self.user_id, self.user_version)
        }
    }
}

impl BrowserLife {
    /// Whether it was neither ended nor has expired at `now`.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.status == SessionStatus::Active
            && now < self.idle_expires_at
            && now < self.max_expires_at
    }
}

impl BrowserCookie {
    /// The cookie of these random bytes.
    pub fn from_bytes(random: [u8; 32]) -> Self {
        Self(Secret::from_bytes(random))
    }

    /// Parses the value of a cookie; `None` if it is none of ours.
    pub fn parse(value: &str) -> Option<Self> {
        Secret::decode(value).map(Self)
    }

    /// The value of the cookie.
    pub fn value(&self) -> Zeroizing<String> {
        self.0.encode("")
    }

    /// What is stored of it.
    pub fn hash(&self) -> SecretHash {
        self.0.hash()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::session::EndReason;

    #[test]
    fn a_cookie_round_trips_and_has_one_spelling() {
        let cookie = BrowserCookie::from_bytes([0xFB; 32]);
        let value = cookie.value();
        assert_eq!(value.len(), 43);
        assert!(BrowserCookie::parse(&value).unwrap().hash() == cookie.hash());
        // The last character carries two bits that mean nothing, and must be zero.
        let noncanonical = format!("{}t", &value[..42]);
        for bad in ["", &value[1..], &format!("{}=", *value), &noncanonical, &"\u{e9}".repeat(43)] {
            assert!(BrowserCookie::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_life_ends_at_the_earlier_time_or_when_it_is_ended() {
        let at = Timestamp::from_millis;
        let life = BrowserLife {
            idle_expires_at: at(10),
            max_expires_at: at(20),
            status: SessionStatus::Active,
        };
        assert!(life.is_alive(at(9)) && !life.is_alive(at(10)));
        let used = BrowserLife { idle_expires_at: at(30), ..life };
        assert!(used.is_alive(at(19)) && !used.is_alive(at(20)));
        let ended = BrowserLife { status: SessionStatus::Ended(EndReason::Logout), ..life };
        assert!(!ended.is_alive(at(9)));
    }
}
