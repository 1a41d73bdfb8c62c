//! Clients. Must not show a secret but the one that was just made.

use serde::Serialize;
use zeroize::Zeroizing;

use super::Effective;
use crate::flows::admin::clients::Changed;
use crate::protocol::key::Algorithm;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::ClientSecret;
use crate::protocol::sign_in::PageUri;
use crate::protocol::uri::ResourceUri;
use crate::protocol::{client, sign_in};

/// A client.
#[derive(Serialize)]
pub struct Client {
    #[serde(rename = "id")]
    key: String,
    #[serde(rename = "client_id")]
    id: String,
    name: String,
    public: bool,
    status: &'static str,
    managed: bool,
    first_party: bool,
    grants: Vec<&'static str>,
    scopes: Vec<String>,
    resources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serves: Option<String>,
    origins: Vec<String>,
    rotation: &'static str,
    rotate_after: u64,
    #[serde(flatten)]
    sign_in: SignIn,
    /// The path of its picture below the issuer's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    created_at: String,
    updated_at: String,
}

/// How people sign in to it with a browser.
#[derive(Serialize)]
struct SignIn {
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_logout_uri: Option<String>,
    pkce_required: bool,
    skips_consent: bool,
    id_token_algorithm: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    userinfo_algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tos_uri: Option<String>,
}

/// A client that was created or changed.
#[derive(Serialize)]
pub struct ChangedClient {
    #[serde(flatten)]
    client: Client,
    /// Shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<Zeroizing<String>>,
    #[serde(flatten)]
    effective: Option<Effective>,
}

impl Client {
    /// The view of `client`.
    pub fn of(client: &client::Client) -> Self {
        let settings = &client.settings;
        let uri = |uri: &ResourceUri| uri.as_str().to_owned();
        Self {
            key: client.key.to_string(),
            id: client.id.to_string(),
            name: settings.name.clone(),
            public: client.is_public(),
            status: client.status.as_str(),
            managed: client.managed,
            first_party: settings.first_party,
            grants: settings.grants.iter().map(|grant| grant.as_str()).collect(),
            scopes: settings.scope.iter().map(str::to_owned).collect(),
            resources: settings.resources.iter().map(uri).collect(),
            serves: settings.serves.as_ref().map(uri),
            origins: settings.origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
            rotation: if settings.rotates { "always" } else { "never" },
            rotate_after: settings.rotate_after.as_secs(),
            sign_in: SignIn::of(&settings.sign_in),
            logo: client.logo.map(|logo| logo.path()),
            created_at: client.created_at.rfc3339(),
            updated_at: client.updated_at.rfc3339(),
        }
    }
}

impl SignIn {
    fn of(sign_in: &sign_in::SignIn) -> Self {
        let uri = |uri: &RedirectUri| uri.as_str().to_owned();
        let page = |page: &Option<PageUri>| page.as_ref().map(|page| page.as_str().to_owned());
        let called = sign_in.backchannel_logout_uri.as_ref();
        Self {
            redirect_uris: sign_in.redirect_uris.iter().map(uri).collect(),
            post_logout_redirect_uris: sign_in.post_logout_redirect_uris.iter().map(uri).collect(),
            backchannel_logout_uri: called.map(|uri| uri.as_str().to_owned()),
            pkce_required: sign_in.pkce_required,
            skips_consent: sign_in.skips_consent,
            id_token_algorithm: sign_in.id_token_algorithm.as_str(),
            userinfo_algorithm: sign_in.userinfo_algorithm.map(Algorithm::as_str),
            client_uri: page(&sign_in.client_uri),
            policy_uri: page(&sign_in.policy_uri),
            tos_uri: page(&sign_in.tos_uri),
        }
    }
}

impl ChangedClient {
    /// The view of a client that was just created, with its secret if that was made here.
    pub fn created(client: &client::Client, secret: Option<&ClientSecret>) -> Self {
        Self { client: Client::of(client), client_secret: secret.map(exposed), effective: None }
    }

    /// The view of `changed`, with its secret if that is new.
    pub fn of(changed: &Changed, secret: Option<&ClientSecret>) -> Self {
        let effective = changed.effective_by.as_ref().map(Effective::of);
        Self { effective, ..Self::created(&changed.client, secret) }
    }
}

fn exposed(secret: &ClientSecret) -> Zeroizing<String> {
    Zeroizing::new(secret.expose().to_owned())
}
