//! The origins that clients register, each found by itself. A client that is disabled has none here.

use sqlx::QueryBuilder;

use super::{Db, DbError, Engine, Execute, Tx};
use crate::protocol::client::{Client, ClientStatus};
use crate::storage::ops::clients::HasOrigin;

impl Execute<Engine> for HasOrigin {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<bool, DbError> {
        // Several clients may have the same one.
        let found: Option<(String,)> = tx
            .query_as("SELECT origin FROM client_origin WHERE origin = $1 LIMIT 1")
            .bind(self.0.as_str())
            .fetch_optional(&mut *tx.conn)
            .await?;
        Ok(found.is_some())
    }
}

/// Puts the origins of a client in the place of those that it had.
pub(super) async fn replace_origins(tx: &mut Tx<'_>, client: &Client) -> Result<(), DbError> {
    let key = client.key.as_bytes().as_slice();
    tx.query("DELETE FROM client_origin WHERE key > $1 AND key < $2")
        .bind(key)
        .bind([key, BEYOND].concat())
        .execute(&mut *tx.conn)
        .await?;
    let origins = &client.settings.origins;
    if origins.is_empty() || client.status == ClientStatus::Disabled {
        return Ok(());
    }
    let mut insert = QueryBuilder::<Db>::new("INSERT INTO client_origin (key, origin) ");
    insert.push_values(origins, |mut row, origin| {
        row.push_bind([key, origin.as_str().as_bytes()].concat()).push_bind(origin.as_str());
    });
    insert.push(" ON CONFLICT DO NOTHING");
    let keep = tx.keeps(origins.len());
    tx.count_statement(insert.sql().as_str());
    insert.build().persistent(keep).execute(&mut *tx.conn).await?;
    Ok(())
}

/// A byte that no text begins with, and that comes after all that do.
const BEYOND: &[u8] = &[0xff];
