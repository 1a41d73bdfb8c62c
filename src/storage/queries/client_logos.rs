//! The pictures of clients.

use super::audit::append;
use super::feed::note_change;
use super::{DbError, Engine, Execute, Swap, Tx, corrupt};
use crate::protocol::ids::ClientKey;
use crate::protocol::picture::Picture;
use crate::storage::ops::clients::{FindClientLogo, SetClientLogo};

impl Execute<Engine> for SetClientLogo {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let hash = self.logo.as_ref().map(Picture::hash);
        let hash = hash.as_ref().map(|hash| hash.as_bytes().as_slice());
        let changed = tx
            .query(
                "UPDATE client SET logo = $1, version = version + 1, updated_at = $2 WHERE key = $3",
            )
            .bind(hash)
            .bind((tx.now)().millis())
            .bind(self.key.as_bytes().as_slice())
            .execute(&mut *tx.conn)
            .await?;
        if changed.rows_affected() == 0 {
            return Ok(Swap::Lost);
        }
        remove_logo(tx, &self.key).await?;
        if let Some(logo) = &self.logo {
            tx.query("INSERT INTO client_logo (key, hash, bytes) VALUES ($1, $2, $3)")
                .bind(self.key.as_bytes().as_slice())
                .bind(hash)
                .bind(logo.bytes())
                .execute(&mut *tx.conn)
                .await?;
        }
        append(tx, &self.audit).await?;
        note_change(tx).await?;
        Ok(Swap::Won)
    }
}

impl Execute<Engine> for FindClientLogo {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<Picture>, DbError> {
        // Several clients may have the same one.
        let found: Option<(Vec<u8>,)> = tx
            .query_as("SELECT bytes FROM client_logo WHERE hash = $1 LIMIT 1")
            .bind(self.0.as_bytes().as_slice())
            .fetch_optional(&mut *tx.conn)
            .await?;
        let picture = |(bytes,)| Picture::parse(bytes).map_err(|_| corrupt(TABLE, "bytes"));
        found.map(picture).transpose()
    }
}

/// Removes the picture of a client.
pub(super) async fn remove_logo(tx: &mut Tx<'_>, key: &ClientKey) -> Result<(), DbError> {
    tx.query("DELETE FROM client_logo WHERE key = $1")
        .bind(key.as_bytes().as_slice())
        .execute(&mut *tx.conn)
        .await?;
    Ok(())
}

const TABLE: &str = "client_logo";
