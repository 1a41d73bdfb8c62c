//! Notices of ended sessions to their clients.

use sqlx::QueryBuilder;

use super::audit::append;
use super::{Db, DbError, Engine, Execute, Tx, corrupt, unsigned};
use crate::protocol::client::ClientId;
use crate::protocol::ids::{BrowserSessionId, NoticeId, SessionId, UserId};
use crate::protocol::logout_notice::LogoutNotice;
use crate::protocol::time::Timestamp;
use crate::storage::ops::notices::{
    DropNotice, GiveUpNotice, NextNotice, PostponeNotice, TakeNotices,
};
use crate::storage::ops::{BATCH, Revoking};

/// Leaves a notice of each of these sessions, which have just been ended, or their browser session was, for
/// its client if that wants to be told. One that had expired was over before.
pub(in crate::storage) async fn leave(
    tx: &mut Tx<'_>,
    sessions: &[SessionId],
    revoking: &Revoking,
) -> Result<(), DbError> {
    if sessions.is_empty() {
        return Ok(());
    }
    let now = (tx.now)();
    let told = with_listening_client(tx, sessions, now).await?;
    if told.is_empty() {
        return Ok(());
    }
    let count = told.len();
    let mut insert = QueryBuilder::<Db>::new(
        "INSERT INTO logout_notice (id, client_id, user_id, sid, due_at, attempts, created_at) ",
    );
    insert.push_values(told.into_iter().enumerate(), |mut row, (index, ended)| {
        row.push_bind(revoking.notice(now, index).as_bytes().to_vec())
            .push_bind(ended.client)
            .push_bind(ended.user)
            .push_bind(ended.session.to_string())
            .push_bind(now.millis())
            .push_bind(0_i64)
            .push_bind(now.millis());
    });
    let keep = tx.keeps(count);
    tx.count_statement(insert.sql().as_str());
    insert.build().persistent(keep).execute(&mut *tx.conn).await?;
    Ok(())
}

/// The active sessions that outlive these browser sessions, at most one batch of them.
pub(super) async fn outliving(
    tx: &mut Tx<'_>,
    browsers: &[BrowserSessionId],
) -> Result<Vec<SessionId>, DbError> {
    if browsers.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = QueryBuilder::<Db>::new(
        "SELECT id FROM session WHERE offline = 1 AND ended_reason IS NULL \
         AND browser_session_id IN (",
    );
    let mut ids = select.separated(", ");
    for browser in browsers {
        ids.push_bind(browser.as_bytes().to_vec());
    }
    select.push(") ORDER BY id LIMIT ").push_bind(BATCH);
    tx.count_statement(select.sql().as_str());
    let rows: Vec<(Vec<u8>,)> =
        select.build_query_as().persistent(false).fetch_all(&mut *tx.conn).await?;
    let id = |(id,): (Vec<u8>,)| SessionId::try_from(id.as_slice());
    rows.into_iter().map(id).collect::<Result<_, _>>().map_err(|_| corrupt("session", "id"))
}

struct Told {
    session: SessionId,
    user: Vec<u8>,
    client: String,
}

async fn with_listening_client(
    tx: &mut Tx<'_>,
    sessions: &[SessionId],
    now: Timestamp,
) -> Result<Vec<Told>, DbError> {
    let mut select = QueryBuilder::<Db>::new(
        "SELECT session.id, session.user_id, session.client_id FROM session \
         JOIN client ON client.id = session.client_id AND client.status <> 'disabled' \
         WHERE client.backchannel_logout_uri IS NOT NULL AND session.idle_expires_at > ",
    );
    select.push_bind(now.millis()).push(" AND session.max_expires_at > ").push_bind(now.millis());
    select.push(" AND session.id IN (");
    let mut ids = select.separated(", ");
    for session in sessions {
        ids.push_bind(session.as_bytes().to_vec());
    }
    select.push(")");
    let keep = tx.keeps(sessions.len());
    tx.count_statement(select.sql().as_str());
    let rows: Vec<(Vec<u8>, Vec<u8>, String)> =
        select.build_query_as().persistent(keep).fetch_all(&mut *tx.conn).await?;
    let told = |(id, user, client): (Vec<u8>, _, _)| {
        let session = SessionId::try_from(id.as_slice()).map_err(|_| corrupt("session", "id"))?;
        Ok(Told { session, user, client })
    };
    rows.into_iter().map(told).collect()
}

impl Execute<Engine> for NextNotice {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<Timestamp>, DbError> {
        let (due,): (Option<i64>,) =
            tx.query_as("SELECT MIN(due_at) FROM logout_notice").fetch_one(&mut *tx.conn).await?;
        Ok(due.map(Timestamp::from_millis))
    }
}

impl Execute<Engine> for TakeNotices {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<LogoutNotice>, DbError> {
        // Whoever waited for another node finds that what it has taken is due no longer.
        let mut take =
            QueryBuilder::<Db>::new("UPDATE logout_notice SET attempts = attempts + 1, due_at = ");
        take.push_bind(self.again_at.millis());
        take.push(" WHERE due_at <= ").push_bind(self.now.millis());
        take.push(" AND id IN (SELECT id FROM logout_notice WHERE due_at <= ");
        take.push_bind(self.now.millis());
        if !self.except.is_empty() {
            take.push(" AND client_id NOT IN (");
            let mut clients = take.separated(", ");
            for client in &self.except {
                clients.push_bind(client.as_str());
            }
            take.push(")");
        }
        take.push(" ORDER BY due_at, id LIMIT ").push_bind(i64::from(self.limit));
        take.push(for_update!());
        take.push(") RETURNING id, client_id, user_id, sid, due_at, attempts, created_at");
        tx.count_statement(take.sql().as_str());
        // Its text differs with the number of clients.
        let rows: Vec<NoticeRow> =
            take.build_query_as().persistent(false).fetch_all(&mut *tx.conn).await?;
        rows.into_iter().map(LogoutNotice::try_from).collect()
    }
}

impl Execute<Engine> for PostponeNotice {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        tx.query("UPDATE logout_notice SET due_at = $1 WHERE id = $2 AND attempts = $3")
            .bind(self.due_at.millis())
            .bind(self.notice.id.as_bytes().as_slice())
            .bind(i64::from(self.notice.attempts))
            .execute(&mut *tx.conn)
            .await?;
        Ok(())
    }
}

impl Execute<Engine> for DropNotice {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        delete(tx, self.0).await?;
        Ok(())
    }
}

impl Execute<Engine> for GiveUpNotice {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        if delete(tx, self.id).await? > 0 {
            append(tx, &self.audit).await?;
        }
        Ok(())
    }
}

async fn delete(tx: &mut Tx<'_>, id: NoticeId) -> Result<u64, DbError> {
    let delete = tx.query("DELETE FROM logout_notice WHERE id = $1");
    let deleted = delete.bind(id.as_bytes().as_slice()).execute(&mut *tx.conn).await?;
    Ok(deleted.rows_affected())
}

#[derive(sqlx::FromRow)]
struct NoticeRow {
    id: Vec<u8>,
    client_id: String,
    user_id: Vec<u8>,
    sid: String,
    due_at: i64,
    attempts: i64,
    created_at: i64,
}

impl TryFrom<NoticeRow> for LogoutNotice {
    type Error = DbError;

    fn try_from(row: NoticeRow) -> Result<Self, DbError> {
        let bad = |column| corrupt(TABLE, column);
        Ok(Self {
            id: NoticeId::try_from(row.id.as_slice()).map_err(|_| bad("id"))?,
            client_id: ClientId::parse(&row.client_id).map_err(|_| bad("client_id"))?,
            user_id: UserId::try_from(row.user_id.as_slice()).map_err(|_| bad("user_id"))?,
            session_id: SessionId::parse(&row.sid).ok_or_else(|| bad("sid"))?,
            due_at: Timestamp::from_millis(row.due_at),
            attempts: unsigned(row.attempts, TABLE, "attempts")?,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

const TABLE: &str = "logout_notice";
