//! The rotation of a session's refresh tokens.

use super::audit::append;
use super::session_rows::join_hashes;
use super::{DbError, Engine, Execute, Swap, Tx, swapped};
use crate::storage::ops::sessions::{AddLeaf, CountRetry, RotateSession, TouchSession};

impl Execute<Engine> for RotateSession {
    grouped!(rotations);

    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let rotated = tx
            .query(include_str!("rotate_session.sql"))
            .bind(self.child.as_bytes().as_slice())
            .bind(self.parent.as_bytes().as_slice())
            .bind(self.at.millis())
            .bind(self.sealed.as_slice())
            .bind(self.idle_expires_at.millis())
            .bind(self.address.map(|address| address.to_string()))
            .bind(self.id.as_bytes().as_slice())
            .bind(i64::from(self.from))
            .execute(&mut *tx.conn)
            .await?;
        Ok(swapped(rotated.rows_affected()))
    }
}

impl Execute<Engine> for AddLeaf {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let added = tx
            .query(
                "UPDATE session SET leaf_hashes = $1, successor_sealed = $2, reissued_at = $3, \
                 retry_generation = $4, retry_streak = $5, last_seen = $3 \
                 WHERE id = $6 AND generation = $7 AND reissued_at = $8 AND ended_reason IS NULL \
                 AND leaf_hashes = $9",
            )
            .bind(join_hashes(&self.leaves))
            .bind(self.sealed.as_slice())
            .bind(self.at.millis())
            .bind(i64::from(self.retries.generation))
            .bind(i64::from(self.retries.length))
            .bind(self.id.as_bytes().as_slice())
            .bind(i64::from(self.generation))
            .bind(self.reissued_at.millis())
            // Two siblings may fall into one millisecond; the leaves tell them apart.
            .bind(join_hashes(&self.leaves[..self.leaves.len().saturating_sub(1)]))
            .execute(&mut *tx.conn)
            .await?;
        if added.rows_affected() == 0 {
            return Ok(Swap::Lost);
        }
        if let Some(audit) = &self.audit {
            append(tx, audit).await?;
        }
        Ok(Swap::Won)
    }
}

impl Execute<Engine> for CountRetry {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let counted = tx
            .query(
                "UPDATE session SET retry_generation = $1, retry_streak = $2 \
                 WHERE id = $3 AND generation = $1 AND ended_reason IS NULL \
                 AND (retry_generation <> $1 OR retry_streak = 0)",
            )
            .bind(i64::from(self.retries.generation))
            .bind(i64::from(self.retries.length))
            .bind(self.id.as_bytes().as_slice())
            .execute(&mut *tx.conn)
            .await?;
        if counted.rows_affected() == 0 {
            return Ok(Swap::Lost);
        }
        if let Some(audit) = &self.audit {
            append(tx, audit).await?;
        }
        Ok(Swap::Won)
    }
}

impl Execute<Engine> for TouchSession {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let touched = tx
            .query(
                "UPDATE session SET last_seen = $1, idle_expires_at = $2, ip = $3 \
                 WHERE id = $4 AND ended_reason IS NULL",
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
