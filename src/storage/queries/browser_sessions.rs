//! Browser sessions.

use super::audit::append;
use super::browser_rows::{BrowserRow, FoundBrowserRow, TABLE};
use super::feed::publish;
use super::notices::{leave, outliving};
use super::session_ends::{ends, mark};
use super::{DbError, Engine, Execute, Swap, Tx, corrupt, swapped, words};
use crate::protocol::audit::AuditEvent;
use crate::protocol::browser_session::BrowserSession;
use crate::protocol::ids::BrowserSessionId;
use crate::protocol::session::EndReason;
use crate::storage::ops::browser_sessions::{
    BeginBrowserSession, BrowserSessions, EndBrowserSessions, EndedBrowserSessions,
    FindBrowserSession, FoundBrowserSession, ListBrowserSessions, RecentBrowserSessions,
    TouchBrowserSession,
};
use crate::storage::ops::sessions::{Ended, Sessions};
use crate::storage::ops::{BATCH, Revoking};

macro_rules! columns {
    () => {
        "browser_session.id, browser_session.secret_hash, browser_session.user_id, \
         browser_session.user_version, browser_session.auth_time, browser_session.acr, \
         browser_session.amr, browser_session.created_at, browser_session.last_seen, \
         browser_session.idle_expires_at, browser_session.max_expires_at, \
         browser_session.user_agent, browser_session.ip, browser_session.ended_reason"
    };
}

// Those of a user that are alive. Whose version was raised since, or who was begun before everything was
// ended, is over, though not marked.
macro_rules! alive {
    ($user:literal, $now:literal) => {
        concat!(
            "user_id = ",
            $user,
            " AND ended_reason IS NULL AND idle_expires_at > ",
            $now,
            " AND max_expires_at > ",
            $now,
            " AND created_at > COALESCE((SELECT ended_before FROM feed_head WHERE id = 1), -1) \
             AND user_version = (SELECT users.version FROM users \
             WHERE users.id = browser_session.user_id AND users.status = 'active')"
        )
    };
}

impl Execute<Engine> for BeginBrowserSession {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<EndedBrowserSessions>, DbError> {
        if !insert(tx, &self.session).await? {
            return Ok(None);
        }
        if let Some(replaced) = self.replaces {
            replace(tx, replaced, &self.session).await?;
        }
        append(tx, &self.audit).await?;
        let surplus = BrowserSessions::Surplus(self.session.user_id, self.session.id, self.keep);
        Ok(Some(end(tx, surplus, (EndReason::TooMany, &self.revoking), None).await?))
    }
}

async fn insert(tx: &mut Tx<'_>, session: &BrowserSession) -> Result<bool, DbError> {
    // The user is locked against a change until this commits: the change ends what it sees, and what
    // comes after it carries an old version and is not stored.
    let sql = concat!(
        "INSERT INTO browser_session (id, secret_hash, user_id, user_version, auth_time, acr, amr, \
         created_at, last_seen, idle_expires_at, max_expires_at, user_agent, ip) \
         SELECT $1, $2, users.id, users.version, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM users \
         WHERE users.id = $12 AND users.version = $13 AND users.status = 'active'",
        for_share!()
    );
    let inserted = tx
        .query(sql)
        .bind(session.id.as_bytes().as_slice())
        .bind(session.secret.as_bytes().as_slice())
        .bind(session.authentication.at.millis())
        .bind(session.authentication.acr.as_deref())
        .bind(words(session.authentication.amr.iter().map(String::as_str)))
        .bind(session.created_at.millis())
        .bind(session.last_seen.millis())
        .bind(session.life.idle_expires_at.millis())
        .bind(session.life.max_expires_at.millis())
        .bind(session.user_agent.as_deref())
        .bind(session.address.map(|address| address.to_string()))
        .bind(session.user_id.as_bytes().as_slice())
        .bind(session.user_version)
        .execute(&mut *tx.conn)
        .await?;
    Ok(inserted.rows_affected() > 0)
}

/// Ends the browser session that `by` takes the place of, and moves the sessions of the same user. Of
/// many that replace one at once the first moves them: what was ended otherwise stays so.
async fn replace(
    tx: &mut Tx<'_>,
    replaced: BrowserSessionId,
    by: &BrowserSession,
) -> Result<(), DbError> {
    let ended = tx
        .query(
            "UPDATE browser_session SET ended_reason = $1, ended_at = $2 \
             WHERE id = $3 AND ended_reason IS NULL",
        )
        .bind(EndReason::Replaced.as_str())
        .bind((tx.now)().millis())
        .bind(replaced.as_bytes().as_slice())
        .execute(&mut *tx.conn)
        .await?;
    if ended.rows_affected() == 0 {
        return Ok(());
    }
    // What was over with the replaced one, since that had expired, stays over.
    tx.query(concat!(
        "UPDATE session SET browser_session_id = $1 WHERE id IN (SELECT id FROM session \
         WHERE browser_session_id = $2 AND user_id = $3 AND ended_reason IS NULL \
         AND (offline = 1 OR EXISTS (SELECT 1 FROM browser_session AS old WHERE old.id = $2 \
         AND old.idle_expires_at > $4 AND old.max_expires_at > $4)) ORDER BY id",
        for_update!(),
        ")"
    ))
    .bind(by.id.as_bytes().as_slice())
    .bind(replaced.as_bytes().as_slice())
    .bind(by.user_id.as_bytes().as_slice())
    .bind(by.created_at.millis())
    .execute(&mut *tx.conn)
    .await?;
    Ok(())
}

impl Execute<Engine> for FindBrowserSession {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<FoundBrowserSession>, DbError> {
        macro_rules! find {
            ($condition:literal, $bound:expr) => {{
                let sql = concat!(
                    "SELECT ",
                    columns!(),
                    ", ",
                    user_beside!(),
                    ", feed_head.ended_before FROM browser_session \
                     LEFT JOIN users ON users.id = browser_session.user_id \
                     CROSS JOIN feed_head WHERE ",
                    $condition
                );
                let query = tx.query_as::<FoundBrowserRow>(sql).bind($bound);
                query.fetch_optional(&mut *tx.conn).await?
            }};
        }
        let row = match self {
            Self::Secret(hash) => {
                find!("browser_session.secret_hash = $1", hash.as_bytes().as_slice())
            }
            Self::Id(id) => find!("browser_session.id = $1", id.as_bytes().as_slice()),
        };
        row.map(FoundBrowserSession::try_from).transpose()
    }
}

impl Execute<Engine> for TouchBrowserSession {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        // One that has expired meanwhile does not come back to life.
        let touched = tx
            .query(
                "UPDATE browser_session SET last_seen = $1, idle_expires_at = $2, \
                 ip = COALESCE($3, ip) WHERE id = $4 AND ended_reason IS NULL AND idle_expires_at > $1 \
                 AND max_expires_at > $1",
            )
            .bind(self.at.millis())
            .bind(self.idle_expires_at.millis())
            .bind(self.address.map(|address| address.to_string()))
            .bind(self.id.as_bytes().as_slice())
            .execute(&mut *tx.conn)
            .await?;
        Ok(swapped(touched.rows_affected()))
    }
}

impl Execute<Engine> for EndBrowserSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<EndedBrowserSessions, DbError> {
        end(tx, self.which, (self.reason, &self.revoking), self.audit.as_ref()).await
    }
}

async fn end(
    tx: &mut Tx<'_>,
    which: BrowserSessions,
    (reason, revoking): (EndReason, &Revoking),
    audit: Option<&AuditEvent>,
) -> Result<EndedBrowserSessions, DbError> {
    // First these: a code that is exchanged at the same time has locked its own, so its session is
    // there by the next statement, or it finds its browser session over.
    let browsers = mark_browsers(tx, which, reason).await?;
    let sessions = mark(tx, &Sessions::Under(which), reason).await?.sessions;
    if browsers.is_empty() && sessions.is_empty() {
        return Ok(EndedBrowserSessions::default());
    }
    // BCL-02: the user has signed out of the others' applications too, though those may act for him.
    let told = [&sessions[..], &outliving(tx, &browsers).await?].concat();
    leave(tx, &told, revoking).await?;
    if let Some(audit) = audit {
        append(tx, audit).await?;
    }
    let mut feed = None;
    if !sessions.is_empty() {
        let entries = ends(&sessions, revoking, (tx.now)());
        feed = Some(publish(tx, &entries, revoking).await?);
    }
    Ok(EndedBrowserSessions { browsers, sessions: Ended { sessions, feed } })
}

/// Marks browser sessions as ended.
async fn mark_browsers(
    tx: &mut Tx<'_>,
    which: BrowserSessions,
    reason: EndReason,
) -> Result<Vec<BrowserSessionId>, DbError> {
    let now = (tx.now)().millis();
    macro_rules! end_where {
        ($which:expr $(, $bound:expr)*) => {{
            let sql = concat!(
                "UPDATE browser_session SET ended_reason = $1, ended_at = $2 \
                 WHERE ended_reason IS NULL AND id IN (SELECT id FROM browser_session WHERE ",
                $which,
                for_update!(),
                ") RETURNING id"
            );
            tx.query_as::<(Vec<u8>,)>(sql)
                .bind(reason.as_str())
                .bind(now)
                $(.bind($bound))*
                .fetch_all(&mut *tx.conn)
                .await?
        }};
    }
    let rows = match &which {
        BrowserSessions::One(id) => end_where!("id = $3", id.as_bytes().as_slice()),
        BrowserSessions::OfUser(user, except) => end_where!(
            "user_id = $3 AND id <> $4 AND ended_reason IS NULL ORDER BY id LIMIT $5",
            user.as_bytes().as_slice(),
            except.as_ref().map_or(&[][..], |id| id.as_bytes().as_slice()),
            BATCH
        ),
        BrowserSessions::Surplus(user, begun, keep) => end_where!(
            // What stays is not locked, and what ends in the order of ids, as everywhere.
            concat!(
                "id IN (SELECT id FROM browser_session WHERE ",
                alive!("$3", "$2"),
                " AND id <> $4 ORDER BY last_seen DESC, id LIMIT $5 OFFSET $6) ORDER BY id"
            ),
            user.as_bytes().as_slice(),
            begun.as_bytes().as_slice(),
            BATCH,
            i64::from(*keep) - 1
        ),
    };
    let id = |(id,): (Vec<u8>,)| BrowserSessionId::try_from(id.as_slice());
    rows.into_iter().map(id).collect::<Result<_, _>>().map_err(|_| corrupt(TABLE, "id"))
}

impl Execute<Engine> for ListBrowserSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<BrowserSession>, DbError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM browser_session WHERE ",
            alive!("$1", "$3"),
            " AND id > $2 ORDER BY id LIMIT $4"
        );
        let rows = tx
            .query_as::<BrowserRow>(sql)
            .bind(self.user.as_bytes().as_slice())
            .bind(self.after.as_ref().map_or(&[][..], |id| id.as_bytes().as_slice()))
            .bind(self.now.millis())
            .bind(i64::from(self.limit))
            .fetch_all(&mut *tx.conn)
            .await?;
        rows.into_iter().map(BrowserSession::try_from).collect()
    }
}

impl Execute<Engine> for RecentBrowserSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<BrowserSession>, DbError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM browser_session WHERE ",
            alive!("$1", "$2"),
            " ORDER BY last_seen DESC, id LIMIT $3"
        );
        let rows = tx
            .query_as::<BrowserRow>(sql)
            .bind(self.user.as_bytes().as_slice())
            .bind(self.now.millis())
            .bind(i64::from(self.limit))
            .fetch_all(&mut *tx.conn)
            .await?;
        rows.into_iter().map(BrowserSession::try_from).collect()
    }
}
