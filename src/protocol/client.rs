//! OAuth clients (RFC 6749 §2).

use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use super::ids::ClientKey;
use super::picture::PictureHash;
use super::scope::ScopeSet;
use super::secret::SecretHash;
use super::sign_in::{MAX_REDIRECT_URIS, SignIn};
use super::time::Timestamp;
use super::uri::{ResourceUri, WebOrigin};

/// One client, as stored.
#[derive(Clone)]
pub struct Client {
    /// Its id in the admin API.
    pub key: ClientKey,
    /// Its id in the protocol.
    pub id: ClientId,
    /// How it proves who it is.
    pub credentials: ClientCredentials,
    /// What it may do.
    pub settings: ClientSettings,
    /// Its picture, if it has one.
    pub logo: Option<PictureHash>,
    /// Whether it may do anything.
    pub status: ClientStatus,
    /// Whether it is declared in the configuration file, and so changed only there.
    pub managed: bool,
    /// Tokens issued to it up to this time are refused; none of the same second must be signed.
    pub not_before: Option<Timestamp>,
    /// Raised by every change, for conditional updates.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// For how long at most a refresh token is not replaced.
pub const MAX_ROTATE_AFTER: Duration = Duration::from_mins(5);

/// What a client may do, as an operator decides it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientSettings {
    /// A name for people.
    pub name: String,
    /// Whether it is the operator's own, and so may handle passwords at `/login`.
    pub first_party: bool,
    /// The grants it may use.
    pub grants: Vec<GrantType>,
    /// The scopes it may ask for.
    pub scope: ScopeSet,
    /// The resources it may ask tokens for; the first is the default.
    pub resources: Vec<ResourceUri>,
    /// The resource whose own identity it is: it may introspect the tokens of that audience.
    pub serves: Option<ResourceUri>,
    /// The browser origins that may call from scripts.
    pub origins: Vec<WebOrigin>,
    /// Whether its refresh tokens rotate.
    pub rotates: bool,
    /// A refresh token younger than this is not rotated yet.
    pub rotate_after: Duration,
    /// How people sign in to it with a browser.
    pub sign_in: SignIn,
}

/// A client's id in the protocol (RFC 6749 §2.2): 1 to 128 printable ASCII characters without
/// space, `"` and `\`, and never a UUID, so that no client can take the `sub` of a user
/// (RFC 9068 §5, RFC 9700 §4.15).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientId(Box<str>);

/// The text is no client id.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a client id is 1 to 128 printable ASCII characters without space, quote and backslash, \
     and not a UUID"
)]
pub struct BadClientId;

/// How a client proves who it is.
#[derive(Clone)]
pub enum ClientCredentials {
    /// It cannot (RFC 6749 §2.1).
    Public,
    /// By a secret.
    Secret {
        /// SHA-256 of the secret.
        current: SecretHash,
        /// The one before, and until when it is still accepted.
        previous: Option<(SecretHash, Timestamp)>,
    },
}

/// Whether a client may do anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientStatus {
    /// It may.
    Active,
    /// Nothing is given to it for the time being; its sessions wait.
    Paused,
    /// Nothing is given to it, and its sessions were ended.
    Disabled,
}

/// The grants of the token endpoint (RFC 6749 §1.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §6.
    RefreshToken,
}

impl Client {
    /// Whether it may use `grant`.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.settings.grants.contains(&grant)
    }

    /// Whether it has no secret to prove who it is.
    pub fn is_public(&self) -> bool {
        matches!(self.credentials, ClientCredentials::Public)
    }
}

/// Settings that contradict each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", self.text())]
pub enum BadClientSettings {
    /// RFC 6749 §4.4: only confidential clients.
    PublicClientCredentials,
    /// RFC 9700 §2.2.2: a public client's refresh tokens rotate or are sender-constrained.
    PublicWithoutRotation,
    /// Introspection needs client authentication (RFC 7662 §2.1).
    PublicServes,
    /// RFC 9700 §2.1.1: nothing else binds a code to the public client that asked for it.
    PublicWithoutPkce,
    /// A longer wait would hide a thief for as long.
    RotateAfterTooLong,
    /// No answer of the authorization endpoint could reach it (RFC 6749 §3.1.2.2).
    NoRedirectUri,
    /// Its redirect URIs would mean nothing.
    NoCodeGrant,
    /// A request is compared with each of them.
    TooManyRedirectUris,
    /// People decide what others learn of them.
    ConsentOfOthers,
}

impl ClientSettings {
    /// The settings of a client of which only the name is known: it may do nothing yet.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            first_party: false,
            grants: Vec::new(),
            scope: ScopeSet::default(),
            resources: Vec::new(),
            serves: None,
            origins: Vec::new(),
            rotates: true,
            rotate_after: Duration::ZERO,
            sign_in: SignIn::default(),
        }
    }

    /// Makes it the operator's own, or not. The operator's own skips consent until somebody decides
    /// otherwise; no other does.
    pub fn set_first_party(&mut self, first_party: bool) {
        if self.first_party != first_party {
            self.first_party = first_party;
            self.sign_in.skips_consent = first_party;
        }
    }

    /// Refuses settings that contradict each other.
    pub fn check(&self, public: bool) -> Result<(), BadClientSettings> {
        if public && self.grants.contains(&GrantType::ClientCredentials) {
            return Err(BadClientSettings::PublicClientCredentials);
        }
        if public && !self.rotates {
            return Err(BadClientSettings::PublicWithoutRotation);
        }
        if public && self.serves.is_some() {
            return Err(BadClientSettings::PublicServes);
        }
        if public && !self.sign_in.pkce_required {
            return Err(BadClientSettings::PublicWithoutPkce);
        }
        if self.rotate_after > MAX_ROTATE_AFTER {
            return Err(BadClientSettings::RotateAfterTooLong);
        }
        self.check_sign_in()
    }

    fn check_sign_in(&self) -> Result<(), BadClientSettings> {
        let sign_in = &self.sign_in;
        let gets_codes = self.grants.contains(&GrantType::AuthorizationCode);
        if gets_codes && sign_in.redirect_uris.is_empty() {
            return Err(BadClientSettings::NoRedirectUri);
        }
        if !gets_codes && !sign_in.redirect_uris.is_empty() {
            return Err(BadClientSettings::NoCodeGrant);
        }
        let lists = [&sign_in.redirect_uris, &sign_in.post_logout_redirect_uris];
        if lists.iter().any(|list| list.len() > MAX_REDIRECT_URIS) {
            return Err(BadClientSettings::TooManyRedirectUris);
        }
        if sign_in.skips_consent && !self.first_party {
            return Err(BadClientSettings::ConsentOfOthers);
        }
        Ok(())
    }
}

impl BadClientSettings {
    /// What is wrong, for whoever wrote the settings.
    pub const fn text(self) -> &'static str {
        match self {
            Self::PublicClientCredentials => "a public client cannot use client_credentials",
            Self::PublicWithoutRotation => "a public client's refresh tokens must rotate",
            Self::PublicServes => "a public client cannot serve a resource",
            Self::PublicWithoutPkce => "a public client must use PKCE",
            Self::RotateAfterTooLong => "rotate_after is at most 300 seconds",
            Self::NoRedirectUri => "a client with authorization_code needs a redirect URI",
            Self::NoCodeGrant => "a client with redirect URIs needs the grant authorization_code",
            Self::TooManyRedirectUris => "a client has at most 50 redirect URIs of each kind",
            Self::ConsentOfOthers => "only a first-party client skips consent",
        }
    }
}

impl ClientId {
    /// Parses an id.
    pub fn parse(text: &str) -> Result<Self, BadClientId> {
        let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        let well_formed = (1..=128).contains(&text.len()) && text.bytes().all(allowed);
        if !well_formed || Uuid::try_parse(text).is_ok() {
            return Err(BadClientId);
        }
        Ok(Self(text.into()))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ClientStatus {
    /// The name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Paused, Self::Disabled]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

impl GrantType {
    /// Every grant of the token endpoint.
    pub const EVERY: [Self; 3] =
        [Self::AuthorizationCode, Self::ClientCredentials, Self::RefreshToken];

    /// The `grant_type` value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }

    /// The grant of that value.
    pub fn parse(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|grant| grant.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::redirect_uri::RedirectUri;

    #[test]
    fn a_client_id_can_never_be_a_user_id() {
        assert!(ClientId::parse("orders-api").is_ok());
        assert!(ClientId::parse("https://client.example/metadata").is_ok());
        let uuid = "0199a7a0-1111-7222-8333-444455556666";
        for text in [uuid, &uuid.replace('-', ""), &format!("{{{uuid}}}"), "", "a b", "a\"b", "ä"]
        {
            assert_eq!(ClientId::parse(text), Err(BadClientId), "{text}");
        }
        assert!(ClientId::parse(&"a".repeat(129)).is_err());
    }

    #[test]
    fn a_public_client_rotates_and_authenticates_nothing() {
        let settings = ClientSettings {
            first_party: true,
            grants: vec![GrantType::RefreshToken],
            ..ClientSettings::named("")
        };
        assert_eq!(settings.check(true), Ok(()));
        let refused = |change: fn(&mut ClientSettings)| {
            let mut changed = settings.clone();
            change(&mut changed);
            changed.check(true).unwrap_err()
        };
        assert_eq!(refused(|s| s.rotates = false), BadClientSettings::PublicWithoutRotation);
        assert_eq!(
            refused(|s| s.grants.push(GrantType::ClientCredentials)),
            BadClientSettings::PublicClientCredentials
        );
        assert_eq!(
            refused(|s| s.serves = ResourceUri::parse("urn:api").ok()),
            BadClientSettings::PublicServes
        );
    }

    #[test]
    fn who_signs_people_in_says_where_answers_go() {
        let uri = |text: &str| RedirectUri::parse(text).unwrap();
        let mut settings = ClientSettings::named("");
        settings.grants.push(GrantType::AuthorizationCode);
        assert_eq!(settings.check(false), Err(BadClientSettings::NoRedirectUri));
        settings.sign_in.redirect_uris = vec![uri("https://app.example/cb"); MAX_REDIRECT_URIS];
        assert_eq!(settings.check(false), Ok(()));
        assert_eq!(settings.check(true), Ok(()));
        let refused = |public: bool, change: fn(&mut ClientSettings)| {
            let mut changed = settings.clone();
            change(&mut changed);
            changed.check(public).unwrap_err()
        };
        assert_eq!(refused(false, |s| s.grants.clear()), BadClientSettings::NoCodeGrant);
        for change in [
            |s: &mut ClientSettings| too_many(&mut s.sign_in.redirect_uris),
            |s: &mut ClientSettings| too_many(&mut s.sign_in.post_logout_redirect_uris),
        ] {
            assert_eq!(refused(false, change), BadClientSettings::TooManyRedirectUris);
        }
        assert_eq!(
            refused(true, |s| s.sign_in.pkce_required = false),
            BadClientSettings::PublicWithoutPkce
        );
        assert_eq!(
            refused(false, |s| s.sign_in.skips_consent = true),
            BadClientSettings::ConsentOfOthers
        );
        settings.sign_in.pkce_required = false;
        assert_eq!(settings.check(false), Ok(()));
    }

    fn too_many(list: &mut Vec<RedirectUri>) {
        list.resize(MAX_REDIRECT_URIS + 1, RedirectUri::from_stored("https://app.example"));
    }
}
