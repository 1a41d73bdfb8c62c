//! What the admin API is told of a client.

use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::bad;
use crate::http::error::HttpError;
use crate::protocol::client::{ClientSettings, GrantType};
use crate::protocol::key::Algorithm;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::{Scope, ScopeSet};
use crate::protocol::sign_in::{BackchannelUri, PageUri, SignIn};
use crate::protocol::uri::{ResourceUri, WebOrigin};

/// The members of a client; on a change, an absent one stays as it is, and an empty
/// text removes what need not be there.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Body {
    pub(super) client_id: Option<String>,
    pub(super) public: Option<bool>,
    pub(super) secret: Option<Zeroizing<String>>,
    pub(super) status: Option<String>,
    name: Option<String>,
    first_party: Option<bool>,
    grants: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    serves: Option<String>,
    origins: Option<Vec<String>>,
    rotation: Option<String>,
    rotate_after: Option<u64>,
    redirect_uris: Option<Vec<String>>,
    post_logout_redirect_uris: Option<Vec<String>>,
    backchannel_logout_uri: Option<String>,
    pkce_required: Option<bool>,
    skips_consent: Option<bool>,
    id_token_algorithm: Option<String>,
    userinfo_algorithm: Option<String>,
    client_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
}

impl Body {
    /// The settings `before`, with what the body says instead.
    pub(super) fn settings(&self, mut before: ClientSettings) -> Result<ClientSettings, HttpError> {
        if let Some(first_party) = self.first_party {
            before.set_first_party(first_party);
        }
        let grants = parse_all(self.grants.as_deref(), GrantType::parse, "a grant is unknown")?;
        let scopes =
            parse_all(self.scopes.as_deref(), |s| Scope::parse(s).ok(), "a scope is malformed")?;
        let uri = |text: &str| ResourceUri::parse(text).ok();
        let resources =
            parse_all(self.resources.as_deref(), uri, "a resource is not an absolute URI")?;
        let serves =
            optional(self.serves.as_deref(), before.serves, uri, "serves is not an absolute URI")?;
        let origins = parse_all(self.origins.as_deref(), WebOrigin::parse, "an origin is not one")?;
        let rotates = match self.rotation.as_deref() {
            None => before.rotates,
            Some("always") => true,
            Some("never") => false,
            Some(_) => return Err(bad("rotation is always or never")),
        };
        Ok(ClientSettings {
            name: self.name.clone().unwrap_or(before.name),
            first_party: before.first_party,
            grants: grants.unwrap_or(before.grants),
            scope: scopes.map_or(before.scope, ScopeSet::from_iter),
            resources: resources.unwrap_or(before.resources),
            serves,
            origins: origins.unwrap_or(before.origins),
            rotates,
            rotate_after: self.rotate_after.map_or(before.rotate_after, Duration::from_secs),
            sign_in: self.sign_in(before.sign_in)?,
        })
    }

    fn sign_in(&self, before: SignIn) -> Result<SignIn, HttpError> {
        let uri = |text: &str| RedirectUri::parse(text).ok();
        let page = |text: &Option<String>, before, error| {
            optional(text.as_deref(), before, |text| PageUri::parse(text).ok(), error)
        };
        let redirect_uris = parse_all(self.redirect_uris.as_deref(), uri, REDIRECT_URI)?;
        let post_logout_redirect_uris =
            parse_all(self.post_logout_redirect_uris.as_deref(), uri, REDIRECT_URI)?;
        let backchannel_logout_uri = optional(
            self.backchannel_logout_uri.as_deref(),
            before.backchannel_logout_uri,
            |text| BackchannelUri::parse(text).ok(),
            "backchannel_logout_uri is neither https nor http on this machine",
        )?;
        let id_token_algorithm = match self.id_token_algorithm.as_deref() {
            None => before.id_token_algorithm,
            Some(name) => Algorithm::parse(name).ok_or(bad("id_token_algorithm is unknown"))?,
        };
        let userinfo_algorithm = optional(
            self.userinfo_algorithm.as_deref(),
            before.userinfo_algorithm,
            Algorithm::parse,
            "userinfo_algorithm is unknown",
        )?;
        Ok(SignIn {
            redirect_uris: redirect_uris.unwrap_or(before.redirect_uris),
            post_logout_redirect_uris: post_logout_redirect_uris
                .unwrap_or(before.post_logout_redirect_uris),
            backchannel_logout_uri,
            pkce_required: self.pkce_required.unwrap_or(before.pkce_required),
            skips_consent: self.skips_consent.unwrap_or(before.skips_consent),
            id_token_algorithm,
            userinfo_algorithm,
            client_uri: page(&self.client_uri, before.client_uri, "client_uri is no https URL")?,
            policy_uri: page(&self.policy_uri, before.policy_uri, "policy_uri is no https URL")?,
            tos_uri: page(&self.tos_uri, before.tos_uri, "tos_uri is no https URL")?,
        })
    }
}

fn optional<T>(
    text: Option<&str>,
    before: Option<T>,
    parse: impl Fn(&str) -> Option<T>,
    error: &'static str,
) -> Result<Option<T>, HttpError> {
    match text {
        None => Ok(before),
        Some("") => Ok(None),
        Some(text) => parse(text).map(Some).ok_or(bad(error)),
    }
}

fn parse_all<T>(
    texts: Option<&[String]>,
    parse: impl Fn(&str) -> Option<T>,
    error: &'static str,
) -> Result<Option<Vec<T>>, HttpError> {
    let parsed = texts.map(|texts| texts.iter().map(|text| parse(text)).collect());
    match parsed {
        None => Ok(None),
        Some(Some(parsed)) => Ok(Some(parsed)),
        Some(None) => Err(bad(error)),
    }
}

const REDIRECT_URI: &str = "a redirect URI is https, http on this machine or of a scheme with a dot, \
                            as browsers spell it, at most 512 bytes, without fragment and password, \
                            and with no * in its host";
