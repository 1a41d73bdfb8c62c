//! How an authorization code is stored.

use super::browser_rows::LifeBeside;
use super::user_beside::UserBeside;
use super::{DbError, authentication, corrupt, parse_words, unsigned};
use crate::protocol::authorization_code::CodeRecord;
use crate::protocol::client::ClientId;
use crate::protocol::ids::{BrowserSessionId, InteractionId, SessionId, UserId};
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::SecretHash;
use crate::protocol::session::Grant;
use crate::protocol::time::Timestamp;
use crate::protocol::uri::ResourceUri;
use crate::storage::ops::codes::FoundCode;

#[derive(sqlx::FromRow)]
struct CodeRow {
    hash: Vec<u8>,
    interaction: Vec<u8>,
    client_id: String,
    redirect_uri: String,
    redirect_uri_given: i64,
    challenge: Option<Vec<u8>>,
    scope: String,
    resources: String,
    nonce: Option<String>,
    user_id: Vec<u8>,
    user_version: i64,
    browser_session_id: Vec<u8>,
    auth_time: i64,
    acr: Option<String>,
    amr: String,
    claims: Option<String>,
    created_at: i64,
    expires_at: i64,
    tries: i64,
    session_id: Option<Vec<u8>>,
}

#[derive(sqlx::FromRow)]
pub(super) struct FoundCodeRow {
    #[sqlx(flatten)]
    code: CodeRow,
    #[sqlx(flatten)]
    user: UserBeside,
    #[sqlx(flatten)]
    browser: LifeBeside,
}

impl TryFrom<FoundCodeRow> for FoundCode {
    type Error = DbError;

    fn try_from(row: FoundCodeRow) -> Result<Self, DbError> {
        Ok(Self {
            code: row.code.try_into()?,
            user: row.user.read()?,
            browser: row.browser.read()?,
        })
    }
}

impl TryFrom<CodeRow> for CodeRecord {
    type Error = DbError;

    fn try_from(row: CodeRow) -> Result<Self, DbError> {
        let client_id = ClientId::parse(&row.client_id).map_err(|_| corrupt(TABLE, "client_id"));
        let scope = ScopeSet::parse(&row.scope).map_err(|_| corrupt(TABLE, "scope"))?;
        let resources = parse_words(&row.resources, |uri| ResourceUri::parse(uri).ok());
        let resources = resources.ok_or_else(|| corrupt(TABLE, "resources"))?;
        let challenge =
            row.challenge.as_deref().map(|hash| bytes(hash, "challenge")).transpose()?;
        let session = row.session_id.as_deref().map(|id| bytes(id, "session_id")).transpose()?;
        Ok(Self {
            hash: SecretHash::from_bytes(bytes(&row.hash, "hash")?),
            interaction: InteractionId::from_bytes(bytes(&row.interaction, "interaction")?),
            client_id: client_id?,
            redirect_uri: RedirectUri::from_stored(&row.redirect_uri),
            redirect_uri_given: row.redirect_uri_given != 0,
            challenge: challenge.map(CodeChallenge::from_bytes),
            grant: Grant { scope, resources },
            nonce: row.nonce,
            user_id: UserId::from_bytes(bytes(&row.user_id, "user_id")?),
            user_version: row.user_version,
            browser_session_id: BrowserSessionId::from_bytes(bytes(
                &row.browser_session_id,
                "browser_session_id",
            )?),
            authentication: authentication(row.auth_time, row.acr, &row.amr),
            claims: row.claims,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            tries: unsigned(row.tries, TABLE, "tries")?,
            session_id: session.map(SessionId::from_bytes),
        })
    }
}

fn bytes<const N: usize>(bytes: &[u8], column: &'static str) -> Result<[u8; N], DbError> {
    bytes.try_into().map_err(|_| corrupt(TABLE, column))
}

const TABLE: &str = "authorization_code";
