//! The database itself.

use super::{DbError, Engine, Execute, Tx};
use crate::protocol::time::Timestamp;
use crate::storage::ops::database::{ReadClock, ReadDurability, TryWrite};

impl Execute<Engine> for ReadClock {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Timestamp, DbError> {
        let (millis,): (i64,) = tx.query_as(clock!()).fetch_one(&mut *tx.conn).await?;
        Ok(Timestamp::from_millis(millis))
    }
}

impl Execute<Engine> for ReadDurability {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<(&'static str, String)>, DbError> {
        let (words, numbers): (&[Setting], &[Setting]) = durability!();
        let mut settings = Vec::new();
        for (name, sql) in words {
            let (value,): (String,) = tx.query_as(sql).fetch_one(&mut *tx.conn).await?;
            settings.push((*name, value));
        }
        for (name, sql) in numbers {
            let (value,): (i64,) = tx.query_as(sql).fetch_one(&mut *tx.conn).await?;
            settings.push((*name, value.to_string()));
        }
        Ok(settings)
    }
}

impl Execute<Engine> for TryWrite {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        let empty: &[u8] = &[];
        tx.query("INSERT INTO setting (name, value) VALUES ('try_write', $1)")
            .bind(empty)
            .execute(&mut *tx.conn)
            .await?;
        tx.query("DELETE FROM setting WHERE name = 'try_write'").execute(&mut *tx.conn).await?;
        Ok(())
    }
}

/// A setting's name, and how it is asked for.
type Setting = (&'static str, &'static str);
