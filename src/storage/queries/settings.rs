//! Small facts of the installation.

use super::{DbError, Engine, Execute, Tx};
use crate::storage::ops::settings::{EnsureSetting, ReadSetting, WriteSetting};

impl Execute<Engine> for ReadSetting {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<Vec<u8>>, DbError> {
        read(tx, &self.0).await
    }
}

impl Execute<Engine> for EnsureSetting {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<u8>, DbError> {
        tx.query("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(self.name)
            .bind(self.value.as_slice())
            .execute(&mut *tx.conn)
            .await?;
        Ok(read(tx, self.name).await?.unwrap_or_else(|| self.value.clone()))
    }
}

impl Execute<Engine> for WriteSetting {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        tx.query(
            "INSERT INTO setting (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(self.name.to_string())
        .bind(self.value.as_slice())
        .execute(&mut *tx.conn)
        .await?;
        Ok(())
    }
}

async fn read(tx: &mut Tx<'_>, name: &str) -> Result<Option<Vec<u8>>, DbError> {
    let row: Option<(Vec<u8>,)> = tx
        .query_as("SELECT value FROM setting WHERE name = $1")
        .bind(name.to_owned())
        .fetch_optional(&mut *tx.conn)
        .await?;
    Ok(row.map(|(value,)| value))
}
