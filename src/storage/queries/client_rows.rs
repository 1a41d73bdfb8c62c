//! How a client is stored.

use std::time::Duration;

use super::{DbError, corrupt, parse_words, unsigned};
use crate::protocol::client::{
    Client, ClientCredentials, ClientId, ClientSettings, ClientStatus, GrantType,
};
use crate::protocol::ids::ClientKey;
use crate::protocol::key::Algorithm;
use crate::protocol::picture::PictureHash;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::SecretHash;
use crate::protocol::sign_in::{BackchannelUri, PageUri, SignIn};
use crate::protocol::time::Timestamp;
use crate::protocol::uri::{ResourceUri, WebOrigin};

macro_rules! columns {
    () => {
        "key, id, name, secret_hash, previous_secret_hash, previous_secret_until, first_party, \
         grants, scope, resources, serves, origins, rotates, rotate_after, redirect_uris, \
         post_logout_redirect_uris, backchannel_logout_uri, pkce_required, skips_consent, \
         id_token_algorithm, userinfo_algorithm, client_uri, policy_uri, tos_uri, logo, status, \
         managed, not_before, version, created_at, updated_at"
    };
}
pub(super) use columns;

#[derive(sqlx::FromRow)]
pub(super) struct ClientRow {
    key: Vec<u8>,
    id: String,
    name: String,
    secret_hash: Option<Vec<u8>>,
    previous_secret_hash: Option<Vec<u8>>,
    previous_secret_until: Option<i64>,
    first_party: i64,
    grants: String,
    scope: String,
    resources: String,
    serves: Option<String>,
    origins: String,
    rotates: i64,
    rotate_after: i64,
    #[sqlx(flatten)]
    sign_in: SignInRow,
    logo: Option<Vec<u8>>,
    status: String,
    managed: i64,
    not_before: Option<i64>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

#[derive(sqlx::FromRow)]
struct SignInRow {
    redirect_uris: String,
    post_logout_redirect_uris: String,
    backchannel_logout_uri: Option<String>,
    pkce_required: i64,
    skips_consent: i64,
    id_token_algorithm: String,
    userinfo_algorithm: Option<String>,
    client_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
}

impl TryFrom<ClientRow> for Client {
    type Error = DbError;

    fn try_from(row: ClientRow) -> Result<Self, DbError> {
        let bad = |column| move || corrupt(TABLE, column);
        let uri = |text: &str| ResourceUri::parse(text).ok();
        Ok(Self {
            key: ClientKey::try_from(row.key.as_slice()).map_err(|_| corrupt(TABLE, "key"))?,
            id: ClientId::parse(&row.id).map_err(|_| corrupt(TABLE, "id"))?,
            credentials: credentials(&row)?,
            settings: ClientSettings {
                name: row.name,
                first_party: row.first_party != 0,
                grants: parse_words(&row.grants, GrantType::parse).ok_or_else(bad("grants"))?,
                scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(TABLE, "scope"))?,
                resources: parse_words(&row.resources, uri).ok_or_else(bad("resources"))?,
                serves: optional(row.serves.as_deref(), "serves", uri)?,
                origins: parse_words(&row.origins, WebOrigin::parse).ok_or_else(bad("origins"))?,
                rotates: row.rotates != 0,
                rotate_after: Duration::from_millis(unsigned(
                    row.rotate_after,
                    TABLE,
                    "rotate_after",
                )?),
                sign_in: row.sign_in.try_into()?,
            },
            logo: row.logo.map(logo).transpose()?,
            status: ClientStatus::parse(&row.status).ok_or_else(bad("status"))?,
            managed: row.managed != 0,
            not_before: row.not_before.map(Timestamp::from_millis),
            version: row.version,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

impl TryFrom<SignInRow> for SignIn {
    type Error = DbError;

    fn try_from(row: SignInRow) -> Result<Self, DbError> {
        let bad = |column| move || corrupt(TABLE, column);
        let uris = |words: &str, column| {
            parse_words(words, |uri| Some(RedirectUri::from_stored(uri))).ok_or_else(bad(column))
        };
        let page = |text: Option<String>, column| {
            optional(text.as_deref(), column, |text| PageUri::parse(text).ok())
        };
        let backchannel = |text: &str| BackchannelUri::parse(text).ok();
        let called = row.backchannel_logout_uri.as_deref();
        let userinfo = row.userinfo_algorithm.as_deref();
        Ok(Self {
            redirect_uris: uris(&row.redirect_uris, "redirect_uris")?,
            post_logout_redirect_uris: uris(
                &row.post_logout_redirect_uris,
                "post_logout_redirect_uris",
            )?,
            backchannel_logout_uri: optional(called, "backchannel_logout_uri", backchannel)?,
            pkce_required: row.pkce_required != 0,
            skips_consent: row.skips_consent != 0,
            id_token_algorithm: Algorithm::parse(&row.id_token_algorithm)
                .ok_or_else(bad("id_token_algorithm"))?,
            userinfo_algorithm: optional(userinfo, "userinfo_algorithm", Algorithm::parse)?,
            client_uri: page(row.client_uri, "client_uri")?,
            policy_uri: page(row.policy_uri, "policy_uri")?,
            tos_uri: page(row.tos_uri, "tos_uri")?,
        })
    }
}

fn logo(hash: Vec<u8>) -> Result<PictureHash, DbError> {
    let hash = <[u8; 32]>::try_from(hash).map_err(|_| corrupt(TABLE, "logo"))?;
    Ok(PictureHash::from_bytes(hash))
}

fn optional<T>(
    text: Option<&str>,
    column: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, DbError> {
    text.map(|text| parse(text).ok_or_else(|| corrupt(TABLE, column))).transpose()
}

fn credentials(row: &ClientRow) -> Result<ClientCredentials, DbError> {
    let hash = |bytes: &[u8]| {
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| corrupt(TABLE, "secret_hash"))?;
        Ok::<_, DbError>(SecretHash::from_bytes(bytes))
    };
    let Some(current) = &row.secret_hash else {
        return Ok(ClientCredentials::Public);
    };
    let previous = match (&row.previous_secret_hash, row.previous_secret_until) {
        (Some(previous), Some(until)) => Some((hash(previous)?, Timestamp::from_millis(until))),
        _ => None,
    };
    Ok(ClientCredentials::Secret { current: hash(current)?, previous })
}

const TABLE: &str = "client";
