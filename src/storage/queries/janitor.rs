//! Removing what nobody can need any more.

use super::{DbError, Engine, Execute, Tx, corrupt};
use crate::protocol::ids::{AuditId, BrowserSessionId, NoticeId, SessionId};
use crate::storage::ops::janitor::{
    SweepAudit, SweepBrowserSessions, SweepCodes, SweepNotices, SweepRevocations, SweepSessions,
    Swept,
};

impl Execute<Engine> for SweepSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<SessionId>, DbError> {
        let after = self.after.as_ref().map_or(Vec::new(), |id| id.as_bytes().to_vec());
        let last: Option<(Vec<u8>,)> = tx
            .query_as(
                "SELECT id FROM (SELECT id FROM session WHERE id > $1 ORDER BY id LIMIT $2) AS page \
                 ORDER BY id DESC LIMIT 1",
            )
            .bind(after.clone())
            .bind(i64::from(self.limit))
            .fetch_optional(&mut *tx.conn)
            .await?;
        let Some((last,)) = last else {
            return Ok(Swept { removed: 0, next: None });
        };
        let removed = tx
            .query(
                "DELETE FROM session WHERE id > $1 AND id <= $2 AND (idle_expires_at < $3 \
                 OR max_expires_at < $3 OR (ended_reason IS NOT NULL AND ended_at < $3))",
            )
            .bind(after.clone())
            .bind(last.clone())
            .bind(self.over_since.millis())
            .execute(&mut *tx.conn)
            .await?;
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
        Ok(Swept { removed: removed.rows_affected(), next: Some(next) })
    }
}

impl Execute<Engine> for SweepBrowserSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<BrowserSessionId>, DbError> {
        let after = self.after.as_ref().map_or(Vec::new(), |id| id.as_bytes().to_vec());
        let last: Option<(Vec<u8>,)> = tx
            .query_as(
                "SELECT id FROM (SELECT id FROM browser_session WHERE id > $1 ORDER BY id \
                 LIMIT $2) AS page ORDER BY id DESC LIMIT 1",
            )
            .bind(after.clone())
            .bind(i64::from(self.limit))
            .fetch_optional(&mut *tx.conn)
            .await?;
        let Some((last,)) = last else {
            return Ok(Swept { removed: 0, next: None });
        };
        let removed = tx
            .query(
                "DELETE FROM browser_session WHERE id > $1 AND id <= $2 AND (idle_expires_at < $3 \
                 OR max_expires_at < $3 OR (ended_reason IS NOT NULL AND ended_at < $3))",
            )
            .bind(after)
            .bind(last.clone())
            .bind(self.over_since.millis())
            .execute(&mut *tx.conn)
            .await?
            .rows_affected();
        let next = BrowserSessionId::try_from(last.as_slice());
        let next = next.map_err(|_| corrupt("browser_session", "id"))?;
        Ok(Swept { removed, next: Some(next) })
    }
}

impl Execute<Engine> for SweepCodes {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<()>, DbError> {
        let removed = tx
            .query(
                "DELETE FROM authorization_code WHERE hash IN (SELECT hash \
                 FROM authorization_code WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
            )
            .bind(self.before.millis())
            .bind(i64::from(self.limit))
            .execute(&mut *tx.conn)
            .await?
            .rows_affected();
        Ok(Swept { removed, next: (removed == u64::from(self.limit)).then_some(()) })
    }
}

impl Execute<Engine> for SweepNotices {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<NoticeId>, DbError> {
        // Ids sort by time, so the oldest come first.
        let removed = tx
            .query(
                "DELETE FROM logout_notice WHERE created_at < $2 AND id IN \
                 (SELECT id FROM logout_notice ORDER BY id LIMIT $1)",
            )
            .bind(i64::from(self.limit))
            .bind(self.before.millis())
            .execute(&mut *tx.conn)
            .await?
            .rows_affected();
        let more = removed == u64::from(self.limit);
        Ok(Swept { removed, next: more.then_some(NoticeId::from_bytes([0; 16])) })
    }
}

impl Execute<Engine> for SweepAudit {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<AuditId>, DbError> {
        // Ids sort by time, so the oldest events come first.
        let removed = tx
            .query(
                "DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT $1) \
                 AND at < $2",
            )
            .bind(i64::from(self.limit))
            .bind(self.before.millis())
            .execute(&mut *tx.conn)
            .await?
            .rows_affected();
        let more = removed == u64::from(self.limit);
        Ok(Swept { removed, next: more.then_some(AuditId::from_bytes([0; 16])) })
    }
}

impl Execute<Engine> for SweepRevocations {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<i64>, DbError> {
        let removed = tx
            .query(
                "DELETE FROM revocation WHERE seq IN (SELECT seq FROM revocation \
                 WHERE until < $1 AND seq < (SELECT seq FROM feed_head WHERE id = 1) \
                 ORDER BY seq LIMIT $2)",
            )
            .bind(self.until.millis())
            .bind(i64::from(self.limit))
            .execute(&mut *tx.conn)
            .await?
            .rows_affected();
        let more = removed == u64::from(self.limit);
        Ok(Swept { removed, next: more.then_some(0) })
    }
}
