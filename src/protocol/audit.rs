//! Audit events: who did what to whom, from where, and why it was refused.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use super::ids::AuditId;
use super::time::Timestamp;

/// One event, as stored. It is written in the transaction of what it tells of.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// Its id, which sorts by time.
    pub id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: AuditKind,
    /// Who did it.
    pub actor: Actor,
    /// Whom or what it concerns: a user, session, client, resource, key or digest.
    pub target: Option<String>,
    /// Through which client.
    pub client_id: Option<String>,
    /// Where the request came from.
    pub origin: Origin,
    /// The machine reason, where there is one.
    pub reason: Option<Cow<'static, str>>,
    /// What whoever did it wrote about it.
    pub note: Option<Note>,
}

/// A word of people about what they did: 1 to 500 characters, none of them a control character, so
/// that it stays in its line of a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note(Box<str>);

/// The text is no note.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a reason is 1 to 500 characters without line breaks and other control characters")]
pub struct BadNote;

/// Who did something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Actor {
    /// Nobody who proved who he is.
    Anonymous,
    /// A user, by id.
    User(String),
    /// A client, by id.
    Client(String),
    /// Somebody at the command line of the machine.
    CommandLine,
    /// The configuration file.
    Configuration,
    /// The server itself.
    System,
}

/// Where a request came from.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Origin {
    /// The id that the answer and the log carry too.
    pub request_id: Option<String>,
    /// The peer, or what a trusted proxy says of it.
    pub address: Option<IpAddr>,
    /// The device, as it names itself.
    pub user_agent: Option<String>,
}

impl AuditEvent {
    /// An event of `kind` by `actor`.
    pub fn new(kind: AuditKind, actor: Actor, (at, random): (Timestamp, [u8; 10])) -> Self {
        Self {
            id: AuditId::at(at, random),
            at,
            kind,
            actor,
            target: None,
            client_id: None,
            origin: Origin::default(),
            reason: None,
            note: None,
        }
    }

    /// The event about `target`.
    #[must_use]
    pub fn about(mut self, target: impl fmt::Display) -> Self {
        self.target = Some(format!("{target}"));
        self
    }

    /// The event through the client `id`.
    #[must_use]
    pub fn through(mut self, id: impl fmt::Display) -> Self {
        self.client_id = Some(format!("{id}"));
        self
    }

    /// The event for `reason`.
    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(Cow::Borrowed(reason));
        self
    }

    /// The event by a request from `origin`.
    #[must_use]
    pub fn from(mut self, origin: &Origin) -> Self {
        self.origin = origin.clone();
        self
    }
}

impl Note {
    /// Parses a note.
    pub fn parse(text: &str) -> Result<Self, BadNote> {
        let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if text.trim().is_empty() || text.chars().count() > 500 || text.chars().any(breaks) {
            return Err(BadNote);
        }
        Ok(Self(text.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Actor {
    /// The kind of actor and his id, as stored.
    pub fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Anonymous => ("anonymous", None),
            Self::User(id) => ("user", Some(id)),
            Self::Client(id) => ("client", Some(id)),
            Self::CommandLine => ("cli", None),
            Self::Configuration => ("configuration", None),
            Self::System => ("system", None),
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum AuditKind {
            $($(#[$doc])* $variant,)*
        }

        impl AuditKind {
            /// Every kind.
            pub const EVERY: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable machine name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The kind of that name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::EVERY.iter().copied().find(|kind| kind.as_str() == name)
            }
        }
    };
}

kinds! {
    /// A user logged in.
    Login = "login",
    /// A user signed in with a browser.
    SignIn = "sign_in",
    /// An authorization code came back that had been exchanged, and the session was ended.
    CodeReplayed = "code_replayed",
    /// A user allowed a client something, which is remembered.
    ConsentGiven = "consent_given",
    /// A user took back what he had allowed a client.
    ConsentWithdrawn = "consent_withdrawn",
    /// A login was refused.
    LoginFailed = "login_failed",
    /// A replaced refresh token came back, and the session was ended.
    RefreshReuse = "refresh_reuse",
    /// Late retries in four generations in a row.
    RefreshRisk = "refresh_risk",
    /// The database lost writes.
    StorageRegressed = "storage_regressed",
    /// An operator put an older state of the database back.
    Restored = "restored",
    /// A session was ended.
    SessionEnded = "session_ended",
    /// Every session of a user was ended.
    SessionsEnded = "sessions_ended",
    /// A client could not be told of the end of a session.
    LogoutUndelivered = "logout_undelivered",
    /// A browser session was ended.
    BrowserSessionEnded = "browser_session_ended",
    /// Every browser session of a user was ended, or all but one.
    BrowserSessionsEnded = "browser_sessions_ended",
    /// A user was created.
    UserCreated = "user_created",
    /// The configuration file declares a user from now on.
    UserDeclared = "user_declared",
    /// A user was disabled.
    UserDisabled = "user_disabled",
    /// A user was enabled.
    UserEnabled = "user_enabled",
    /// A user was deleted.
    UserDeleted = "user_deleted",
    /// A user's password was set.
    UserPassword = "user_password_set",
    /// A user's roles were changed.
    UserRoles = "user_roles_changed",
    /// What is known of a user was changed.
    UserProfile = "user_profile_changed",
    /// A client was created.
    ClientCreated = "client_created",
    /// A client was changed.
    ClientChanged = "client_changed",
    /// A client's secret was replaced.
    ClientSecret = "client_secret_rotated",
    /// A client was given a picture, or lost it.
    ClientLogo = "client_logo_changed",
    /// A client was deleted.
    ClientDeleted = "client_deleted",
    /// A resource was created.
    ResourceCreated = "resource_created",
    /// A resource was changed.
    ResourceChanged = "resource_changed",
    /// A resource was deleted.
    ResourceDeleted = "resource_deleted",
    /// Tokens were revoked.
    Revoked = "revoked",
    /// A key was published.
    KeyAnnounced = "key_announced",
    /// A key began to sign.
    KeyActivated = "key_activated",
    /// A key was sealed under another master key.
    KeyResealed = "key_resealed",
    /// A key was removed as compromised.
    KeyCompromised = "key_compromised",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_short_and_stays_in_its_line() {
        assert_eq!(
            Note::parse("lost laptop, ticket 4711").unwrap().as_str(),
            "lost laptop, ticket 4711"
        );
        assert!(Note::parse(&"ä".repeat(500)).is_ok());
        for bad in ["", "  ", "a\nb", "a\0", "a\u{7f}", "a\u{85}b", "a\u{2028}b", &"a".repeat(501)]
        {
            assert_eq!(Note::parse(bad), Err(BadNote), "{bad:?}");
        }
    }
}
