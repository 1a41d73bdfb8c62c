//! Users and their roles.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::ids::UserId;
use super::password::{PasswordHash, UserName};
use super::profile::Profile;
use super::scope::{MalformedScope, Scope, ScopeSet};
use super::time::Timestamp;

/// One user, as stored.
#[derive(Clone)]
pub struct User {
    /// His id, the `sub` of his tokens.
    pub id: UserId,
    /// The name he logs in with.
    pub name: UserName,
    /// The hash of his password; none if he has none yet.
    pub password_hash: Option<StoredHash>,
    /// His roles.
    pub roles: Roles,
    /// What is known of him.
    pub profile: Profile,
    /// Whether he may log in.
    pub status: UserStatus,
    /// Whether it was the configuration file that disabled him: it enables nobody whom a hand did.
    pub disabled_by_file: bool,
    /// Whether he is declared in the configuration file, and so changed only there; anybody may
    /// keep him out all the same.
    pub managed: bool,
    /// Raised whenever everything that began before must end: a new password, disabling, a logout
    /// everywhere.
    pub version: i64,
    /// Tokens issued up to this time are refused; a token of the same second must not be signed.
    pub not_before: Option<Timestamp>,
    /// When he was created.
    pub created_at: Timestamp,
    /// When he was last changed.
    pub updated_at: Timestamp,
}

/// The text of a password hash, as stored. It is read, within a budget, only when a password is
/// compared with it.
#[derive(Clone)]
pub struct StoredHash(Zeroizing<String>);

/// Whether a user may log in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UserStatus {
    /// He may.
    Active,
    /// He may not, and nothing that he held works.
    Disabled,
}

/// Role names. They follow the grammar of scopes, so that they stand in a list the same way.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Roles(ScopeSet);

/// The role that carries every administrative scope.
pub const ADMIN_ROLE: &str = "admin";

impl User {
    /// What userinfo answers of him beside `sub`, where it may tell `scope` (OIDC Core §5.4).
    pub fn claims(&self, scope: &ScopeSet) -> Map<String, Value> {
        let mut claims = self.profile.claims_for(scope);
        if scope.contains("profile") {
            claims.entry("preferred_username").or_insert_with(|| self.name.as_str().into());
            claims.insert("updated_at".to_owned(), self.updated_at.seconds().into());
        }
        claims
    }
}

impl StoredHash {
    /// A text from the database.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<PasswordHash> for StoredHash {
    fn from(hash: PasswordHash) -> Self {
        Self::new(hash.as_str().to_owned())
    }
}

impl UserStatus {
    /// The name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Disabled].into_iter().find(|status| status.as_str() == name)
    }
}

impl Roles {
    /// Parses names separated by spaces.
    pub fn parse(text: &str) -> Result<Self, MalformedScope> {
        ScopeSet::parse(text).map(Self)
    }

    /// The roles of these names; a name with a space is refused.
    pub fn from_names<'a>(
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, MalformedScope> {
        let roles = names.into_iter().map(Scope::parse).collect::<Result<ScopeSet, _>>()?;
        Ok(Self(roles))
    }

    /// Whether `role` is among them.
    pub fn contains(&self, role: &str) -> bool {
        self.0.contains(role)
    }

    /// Whether one of them is among `others`.
    pub fn meets(&self, others: &Self) -> bool {
        self.iter().any(|role| others.contains(role))
    }

    /// The roles in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter()
    }
}

impl FromIterator<Scope> for Roles {
    fn from_iter<I: IntoIterator<Item = Scope>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl std::fmt::Display for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
