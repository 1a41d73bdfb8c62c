//! Resources: the APIs that tokens are for (RFC 8707).

use std::time::Duration;

use super::ids::ResourceId;
use super::key::Algorithm;
use super::scope::{Scope, ScopeSet};
use super::text::is_plain;
use super::time::Timestamp;
use super::uri::{Issuer, ResourceUri};
use super::user::{ADMIN_ROLE, Roles};

/// One resource, as stored.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its id in the admin API.
    pub id: ResourceId,
    /// Its name in the protocol, the `aud` of its tokens.
    pub uri: ResourceUri,
    /// What its tokens look like.
    pub settings: ResourceSettings,
    /// Whether tokens are issued for it.
    pub enabled: bool,
    /// Whether it is declared in the configuration file, and so changed only there.
    pub managed: bool,
    /// Raised by every change, for conditional updates.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a resource's tokens look like, as an operator decides it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResourceSettings {
    /// A name for people.
    pub name: String,
    /// The scopes it knows.
    pub scope: ScopeSet,
    /// The scopes that only users of certain roles are granted.
    pub role_scopes: Vec<RoleScope>,
    /// What its scopes mean, for the people who are asked for them.
    pub scope_texts: Vec<ScopeText>,
    /// What its tokens are signed with.
    pub algorithm: Algorithm,
    /// How long its tokens live; the global cap applies too.
    pub access_token_ttl: Duration,
}

/// Users of `role` may be granted `scope`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleScope {
    /// The role.
    pub role: Scope,
    /// The scope it opens.
    pub scope: Scope,
}

/// What a scope means, in a sentence for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScopeText {
    /// The scope.
    pub scope: Scope,
    /// The sentence: 1 to 200 characters, none of them a control character.
    pub text: Box<str>,
}

impl ScopeText {
    /// Parses `SCOPE=TEXT`.
    pub fn parse(text: &str) -> Option<Self> {
        let (scope, text) = text.split_once('=')?;
        let plain = !text.trim().is_empty() && is_plain(text, MAX_SCOPE_TEXT);
        let scope = Scope::parse(scope).ok()?;
        plain.then(|| Self { scope, text: text.into() })
    }
}

impl std::fmt::Display for ScopeText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.scope.as_str(), self.text)
    }
}

/// The longest sentence, in characters.
const MAX_SCOPE_TEXT: usize = 200;

impl RoleScope {
    /// Parses `ROLE=SCOPE`.
    pub fn parse(text: &str) -> Option<Self> {
        let (role, scope) = text.split_once('=')?;
        Some(Self { role: Scope::parse(role).ok()?, scope: Scope::parse(scope).ok()? })
    }
}

impl std::fmt::Display for RoleScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.role.as_str(), self.scope.as_str())
    }
}

impl ResourceSettings {
    /// What `scope` means, in a sentence for people.
    pub fn scope_text(&self, scope: &str) -> Option<&str> {
        let mut texts = self.scope_texts.iter().filter(|one| one.scope.as_str() == scope);
        texts.next().map(|one| &*one.text)
    }

    /// The settings of a resource of which only the name is known.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            scope: ScopeSet::default(),
            role_scopes: Vec::new(),
            scope_texts: Vec::new(),
            algorithm: Algorithm::Es256,
            access_token_ttl: DEFAULT_TOKEN_LIFE,
        }
    }

    /// Whether a user with `roles` may be granted `scope` here: a scope that is bound to roles
    /// needs one of them, any other is open to everybody.
    pub fn permits(&self, scope: &str, roles: &Roles) -> bool {
        let mut bindings = self.role_scopes.iter().filter(|b| b.scope.as_str() == scope).peekable();
        self.scope.contains(scope)
            && (bindings.peek().is_none() || bindings.any(|b| roles.contains(b.role.as_str())))
    }
}

/// The life of an access token where nobody chose another: five minutes.
pub const DEFAULT_TOKEN_LIFE: Duration = Duration::from_mins(5);

/// The shortest life of access tokens: a shorter one is over before clocks and networks are done with
/// it.
pub const MIN_TOKEN_LIFE: Duration = Duration::from_secs(10);

/// Whether tokens of a resource may be given this `life` where none may live for longer than
/// `longest`. The default is no choice of anybody: the cap just applies to it.
pub fn is_token_life(life: Duration, longest: Duration) -> bool {
    (MIN_TOKEN_LIFE..=longest).contains(&life) || life == DEFAULT_TOKEN_LIFE
}

/// The scopes of the admin API, one for each group of operations.
pub const ADMIN_SCOPES: [&str; 7] = [
    "admin:users",
    "admin:clients",
    "admin:resources",
    "admin:sessions",
    "admin:revoke",
    "admin:keys",
    "admin:audit",
];

/// The resources that every issuer is by itself: its own account endpoints, and the admin API,
/// whose scopes only the role `admin` carries.
pub fn built_in(issuer: &Issuer) -> [Resource; 2] {
    let scopes = |names: &[&str]| names.iter().filter_map(|name| Scope::parse(name).ok()).collect();
    let admin =
        ADMIN_SCOPES.iter().filter_map(|scope| RoleScope::parse(&format!("{ADMIN_ROLE}={scope}")));
    let resource = |uri, number, settings| Resource {
        id: ResourceId::from_bytes([number; 16]),
        uri,
        settings,
        enabled: true,
        managed: true,
        version: 1,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    };
    [
        resource(
            issuer.own_resource(),
            0,
            ResourceSettings {
                scope: scopes(&[Scope::OPENID]),
                ..ResourceSettings::named("Account")
            },
        ),
        resource(
            issuer.admin_resource(),
            1,
            ResourceSettings {
                scope: scopes(&ADMIN_SCOPES),
                role_scopes: admin.collect(),
                scope_texts: Vec::new(),
                ..ResourceSettings::named("Administration")
            },
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_scope_needs_one_of_its_roles_and_an_open_one_none() {
        let mut settings = ResourceSettings::named("orders");
        settings.scope = ScopeSet::parse("read write").unwrap();
        settings.role_scopes = ["editor=write", "owner=write"]
            .iter()
            .filter_map(|text| RoleScope::parse(text))
            .collect();
        let roles = |text| Roles::parse(text).unwrap();
        assert!(settings.permits("read", &roles("")));
        assert!(!settings.permits("write", &roles("reader")));
        assert!(settings.permits("write", &roles("owner")));
        assert!(!settings.permits("delete", &roles("owner")));
    }

    #[test]
    fn a_life_is_within_bounds_or_the_default() {
        let longest = Duration::from_mins(1);
        for life in [MIN_TOKEN_LIFE, longest, DEFAULT_TOKEN_LIFE] {
            assert!(is_token_life(life, longest), "{life:?}");
        }
        for seconds in [9, 61] {
            assert!(!is_token_life(Duration::from_secs(seconds), longest), "{seconds}");
        }
    }

    #[test]
    fn only_the_admin_role_opens_the_admin_api() {
        let [_, admin] = built_in(&Issuer::parse("https://as.example").unwrap());
        for scope in ADMIN_SCOPES {
            assert!(admin.settings.permits(scope, &Roles::parse("admin").unwrap()));
            assert!(!admin.settings.permits(scope, &Roles::parse("administrator").unwrap()));
        }
    }
}
