//! Removing what nobody can need any more.

use super::{DbError, Engine, Execute, Tx, corrupt};
use crate::protocol::ids::{BrowserSessionId, SessionId};
use crate::protocol::time::Timestamp;
use crate::storage::ops::janitor::{
    SweepAudit, SweepBrowserSessions, SweepCodes, SweepNotices, SweepRevocations, SweepSessions,
    Swept,
};

/// How a table of rows that have a life is gone through, in the order of their ids.
struct Walk {
    /// Finds where the next page ends.
    page: &'static str,
    /// Removes what is over in it.
    remove: &'static str,
}

macro_rules! walk {
    ($table:literal) => {
        Walk {
            page: concat!(
                "SELECT id FROM (SELECT id FROM ",
                $table,
                " WHERE id > $1 ORDER BY id LIMIT $2) AS page ORDER BY id DESC LIMIT 1"
            ),
            remove: concat!(
                "DELETE FROM ",
                $table,
                " WHERE id > $1 AND id <= $2 AND (idle_expires_at < $3 OR max_expires_at < $3 \
                 OR (ended_reason IS NOT NULL AND ended_at < $3))"
            ),
        }
    };
}

impl Execute<Engine> for SweepSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<SessionId>, DbError> {
        let after = self.after.as_ref().map_or(Vec::new(), |id| id.as_bytes().to_vec());
        let part = (after.clone(), self.limit);
        let Some((removed, last)) = step(tx, &walk!("session"), part, self.over_since).await?
        else {
            return Ok(Swept { removed: 0, next: None });
        };
        tx.query(
            "UPDATE session SET successor_sealed = NULL WHERE id > $1 AND id <= $2 \
             AND successor_sealed IS NOT NULL AND rotated_at < $3 AND reissued_at < $3",
        )
        .bind(after)
        .bind(last.clone())
        .bind(self.sealed_before.millis())
        .execute(&mut *tx.conn)
        .await?;
        let next = SessionId::try_from(last.as_slice()).map_err(|_| corrupt("session", "id"))?;
        Ok(Swept { removed, next: Some(next) })
    }
}

impl Execute<Engine> for SweepBrowserSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<BrowserSessionId>, DbError> {
        let after = self.after.as_ref().map_or(Vec::new(), |id| id.as_bytes().to_vec());
        let (walk, part) = (walk!("browser_session"), (after, self.limit));
        let Some((removed, last)) = step(tx, &walk, part, self.over_since).await? else {
            return Ok(Swept { removed: 0, next: None });
        };
        let next = BrowserSessionId::try_from(last.as_slice());
        let next = next.map_err(|_| corrupt("browser_session", "id"))?;
        Ok(Swept { removed, next: Some(next) })
    }
}

/// Takes the next step of a walk: how many rows it removed, and where it ended. None behind the last row.
async fn step(
    tx: &mut Tx<'_>,
    walk: &Walk,
    (after, limit): (Vec<u8>, u32),
    over_since: Timestamp,
) -> Result<Option<(u64, Vec<u8>)>, DbError> {
    let page = tx.query_as(walk.page).bind(after.clone()).bind(i64::from(limit));
    let last: Option<(Vec<u8>,)> = page.fetch_optional(&mut *tx.conn).await?;
    let Some((last,)) = last else {
        return Ok(None);
    };
    let remove = tx.query(walk.remove).bind(after).bind(last.clone()).bind(over_since.millis());
    let removed = remove.execute(&mut *tx.conn).await?.rows_affected();
    Ok(Some((removed, last)))
}

impl Execute<Engine> for SweepCodes {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<()>, DbError> {
        let sql = "DELETE FROM authorization_code WHERE hash IN (SELECT hash \
                   FROM authorization_code WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
        remove(tx, sql, self.before, self.limit).await
    }
}

impl Execute<Engine> for SweepNotices {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<()>, DbError> {
        // Ids sort by time, so the oldest come first.
        let sql = "DELETE FROM logout_notice WHERE created_at < $1 AND id IN \
                   (SELECT id FROM logout_notice ORDER BY id LIMIT $2)";
        remove(tx, sql, self.before, self.limit).await
    }
}

impl Execute<Engine> for SweepAudit {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<()>, DbError> {
        // Ids sort by time, so the oldest events come first.
        let sql = "DELETE FROM audit WHERE at < $1 AND id IN \
                   (SELECT id FROM audit ORDER BY id LIMIT $2)";
        remove(tx, sql, self.before, self.limit).await
    }
}

impl Execute<Engine> for SweepRevocations {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<()>, DbError> {
        // Those that go on are not looked at, however many there are.
        let sql = "DELETE FROM revocation WHERE seq IN (SELECT seq FROM revocation \
                   WHERE until < $1 AND seq < (SELECT seq FROM feed_head WHERE id = 1) \
                   ORDER BY until LIMIT $2)";
        remove(tx, sql, self.until, self.limit).await
    }
}

/// Removes what is from before a time, at most `limit` rows. There may be more where it were so many.
async fn remove(
    tx: &mut Tx<'_>,
    sql: &'static str,
    before: Timestamp,
    limit: u32,
) -> Result<Swept<()>, DbError> {
    let remove = tx.query(sql).bind(before.millis()).bind(i64::from(limit));
    let removed = remove.execute(&mut *tx.conn).await?.rows_affected();
    Ok(Swept { removed, next: (removed == u64::from(limit)).then_some(()) })
}
