//! How a browser session is stored.

use std::net::IpAddr;

use super::session_rows::status;
use super::user_beside::UserBeside;
use super::{DbError, authentication, corrupt};
use crate::protocol::browser_session::{BrowserLife, BrowserSession};
use crate::protocol::ids::{BrowserSessionId, UserId};
use crate::protocol::secret::SecretHash;
use crate::protocol::session::{EndReason, SessionStatus};
use crate::protocol::time::Timestamp;
use crate::storage::ops::browser_sessions::FoundBrowserSession;

#[derive(sqlx::FromRow)]
pub(super) struct BrowserRow {
    id: Vec<u8>,
    secret_hash: Vec<u8>,
    user_id: Vec<u8>,
    user_version: i64,
    auth_time: i64,
    acr: Option<String>,
    amr: String,
    created_at: i64,
    last_seen: i64,
    idle_expires_at: i64,
    max_expires_at: i64,
    user_agent: Option<String>,
    ip: Option<String>,
    ended_reason: Option<String>,
}

#[derive(sqlx::FromRow)]
pub(super) struct FoundBrowserRow {
    #[sqlx(flatten)]
    session: BrowserRow,
    #[sqlx(flatten)]
    user: UserBeside,
    ended_before: Option<i64>,
}

/// Until when the browser session lives that something lies under: the columns of `life_beside!()`, all
/// there, or all missing.
#[derive(sqlx::FromRow)]
pub(super) struct LifeBeside {
    b_created_at: Option<i64>,
    b_idle_expires_at: Option<i64>,
    b_max_expires_at: Option<i64>,
    b_ended_reason: Option<String>,
    ended_before: Option<i64>,
}

impl TryFrom<FoundBrowserRow> for FoundBrowserSession {
    type Error = DbError;

    fn try_from(row: FoundBrowserRow) -> Result<Self, DbError> {
        let mut session = BrowserSession::try_from(row.session)?;
        let over = row.ended_before.is_some_and(|end| session.created_at.millis() <= end);
        if session.life.status == SessionStatus::Active && over {
            session.life.status = SessionStatus::Ended(EndReason::EverythingRevoked);
        }
        Ok(Self { session, user: row.user.read()? })
    }
}

impl TryFrom<BrowserRow> for BrowserSession {
    type Error = DbError;

    fn try_from(row: BrowserRow) -> Result<Self, DbError> {
        let bad = |column| corrupt(TABLE, column);
        let secret = <[u8; 32]>::try_from(row.secret_hash).map_err(|_| bad("secret_hash"))?;
        let id = BrowserSessionId::try_from(row.id.as_slice());
        let user_id = UserId::try_from(row.user_id.as_slice());
        Ok(Self {
            id: id.map_err(|_| bad("id"))?,
            secret: SecretHash::from_bytes(secret),
            user_id: user_id.map_err(|_| bad("user_id"))?,
            user_version: row.user_version,
            authentication: authentication(row.auth_time, row.acr, &row.amr),
            created_at: Timestamp::from_millis(row.created_at),
            last_seen: Timestamp::from_millis(row.last_seen),
            life: BrowserLife {
                idle_expires_at: Timestamp::from_millis(row.idle_expires_at),
                max_expires_at: Timestamp::from_millis(row.max_expires_at),
                status: status(row.ended_reason, TABLE)?,
            },
            user_agent: row.user_agent,
            address: row.ip.and_then(|ip| ip.parse::<IpAddr>().ok()),
        })
    }
}

impl LifeBeside {
    /// The life, if the browser session is there. One begun before everything was ended reads as ended.
    pub(super) fn read(self) -> Result<Option<BrowserLife>, DbError> {
        let times = (self.b_created_at, self.b_idle_expires_at, self.b_max_expires_at);
        let (Some(created_at), Some(idle), Some(max)) = times else {
            return Ok(None);
        };
        let mut status = status(self.b_ended_reason, TABLE)?;
        let over = self.ended_before.is_some_and(|end| created_at <= end);
        if status == SessionStatus::Active && over {
            status = SessionStatus::Ended(EndReason::EverythingRevoked);
        }
        Ok(Some(BrowserLife {
            idle_expires_at: Timestamp::from_millis(idle),
            max_expires_at: Timestamp::from_millis(max),
            status,
        }))
    }
}

pub(super) const TABLE: &str = "browser_session";
