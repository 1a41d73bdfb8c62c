//! The database itself.

use super::{DbError, Engine, Execute, Tx};
use crate::protocol::time::Timestamp;
use crate::storage::ops::database::{ReadClock, ReadDurability};

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

/// A setting's name, and how it is asked for.
type Setting = (&'static str, &'static str);
