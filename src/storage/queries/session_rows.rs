//! How a session is stored.

use std::net::IpAddr;

use super::browser_rows::LifeBeside;
use super::user_beside::UserBeside;
use super::{DbError, authentication, corrupt, parse_words, unsigned};
use crate::protocol::client::ClientId;
use crate::protocol::ids::{BrowserSessionId, SessionId, UserId};
use crate::protocol::rotation::{RetryStreak, Rotation};
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::SecretHash;
use crate::protocol::session::{EndReason, Grant, Session, SessionStatus};
use crate::protocol::time::Timestamp;
use crate::protocol::uri::ResourceUri;
use crate::storage::ops::sessions::FoundSession;

#[derive(sqlx::FromRow)]
pub(super) struct SessionRow {
    id: Vec<u8>,
    user_id: Vec<u8>,
    user_version: i64,
    client_id: String,
    browser_session_id: Option<Vec<u8>>,
    offline: i64,
    scope: String,
    resources: String,
    auth_time: i64,
    acr: Option<String>,
    amr: String,
    claims: Option<String>,
    created_at: i64,
    idle_expires_at: i64,
    max_expires_at: i64,
    ended_reason: Option<String>,
    generation: i64,
    leaf_hashes: Vec<u8>,
    parent_hash: Option<Vec<u8>>,
    rotated_at: i64,
    reissued_at: i64,
    successor_sealed: Option<Vec<u8>>,
    retry_generation: i64,
    retry_streak: i64,
    last_seen: i64,
    user_agent: Option<String>,
    ip: Option<String>,
}

#[derive(sqlx::FromRow)]
pub(in crate::storage) struct FoundRow {
    #[sqlx(flatten)]
    session: SessionRow,
    #[sqlx(flatten)]
    user: UserBeside,
    #[sqlx(flatten)]
    browser: LifeBeside,
    ended_before: Option<i64>,
    client_ended_before: Option<i64>,
}

impl TryFrom<FoundRow> for FoundSession {
    type Error = DbError;

    fn try_from(row: FoundRow) -> Result<Self, DbError> {
        let mut session = Session::try_from(row.session)?;
        let begun = session.created_at.millis();
        let over = [
            (row.ended_before, EndReason::EverythingRevoked),
            (row.client_ended_before, EndReason::ClientDisabled),
        ];
        let over = over.into_iter().find(|(end, _)| end.is_some_and(|end| begun <= end));
        if let (SessionStatus::Active, Some((_, reason))) = (session.status, over) {
            session.status = SessionStatus::Ended(reason);
        }
        Ok(Self { session, user: row.user.read()?, browser: row.browser.read()? })
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = DbError;

    fn try_from(row: SessionRow) -> Result<Self, DbError> {
        let bad = |column| move || corrupt(TABLE, column);
        Ok(Self {
            id: SessionId::try_from(row.id.as_slice()).map_err(|_| corrupt(TABLE, "id"))?,
            user_id: UserId::try_from(row.user_id.as_slice())
                .map_err(|_| corrupt(TABLE, "user_id"))?,
            user_version: row.user_version,
            client_id: ClientId::parse(&row.client_id).map_err(|_| corrupt(TABLE, "client_id"))?,
            browser_session_id: row
                .browser_session_id
                .map(|id| BrowserSessionId::try_from(id.as_slice()))
                .transpose()
                .map_err(|_| corrupt(TABLE, "browser_session_id"))?,
            offline: row.offline != 0,
            grant: Grant {
                scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(TABLE, "scope"))?,
                resources: parse_words(&row.resources, |uri| ResourceUri::parse(uri).ok())
                    .ok_or_else(bad("resources"))?,
            },
            authentication: authentication(row.auth_time, row.acr, &row.amr),
            claims: row.claims,
            created_at: Timestamp::from_millis(row.created_at),
            idle_expires_at: Timestamp::from_millis(row.idle_expires_at),
            max_expires_at: Timestamp::from_millis(row.max_expires_at),
            status: status(row.ended_reason, TABLE)?,
            rotation: Rotation {
                generation: unsigned(row.generation, TABLE, "generation")?,
                leaves: split_hashes(&row.leaf_hashes).ok_or_else(bad("leaf_hashes"))?,
                parent: row
                    .parent_hash
                    .map(|hash| <[u8; 32]>::try_from(hash).map(SecretHash::from_bytes))
                    .transpose()
                    .map_err(|_| corrupt(TABLE, "parent_hash"))?,
                rotated_at: Timestamp::from_millis(row.rotated_at),
                reissued_at: Timestamp::from_millis(row.reissued_at),
                successor_sealed: row.successor_sealed,
                retries: RetryStreak {
                    generation: unsigned(row.retry_generation, TABLE, "retry_generation")?,
                    length: unsigned(row.retry_streak, TABLE, "retry_streak")?,
                },
            },
            last_seen: Timestamp::from_millis(row.last_seen),
            user_agent: row.user_agent,
            address: row.ip.and_then(|ip| ip.parse::<IpAddr>().ok()),
        })
    }
}

/// Whether something was ended, by its `ended_reason`.
pub(super) fn status(
    ended_reason: Option<String>,
    table: &'static str,
) -> Result<SessionStatus, DbError> {
    let Some(name) = ended_reason else {
        return Ok(SessionStatus::Active);
    };
    let reason = EndReason::parse(&name).ok_or_else(|| corrupt(table, "ended_reason"))?;
    Ok(SessionStatus::Ended(reason))
}

/// Hashes as they are stored, one behind the other.
pub(super) fn join_hashes(hashes: &[SecretHash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn split_hashes(bytes: &[u8]) -> Option<Vec<SecretHash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let whole = rest.is_empty() && !hashes.is_empty();
    whole.then(|| hashes.iter().map(|hash| SecretHash::from_bytes(*hash)).collect())
}

const TABLE: &str = "session";
