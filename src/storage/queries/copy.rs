//! Copying a whole database.

use sqlx::query::Query;
use sqlx::{Database, QueryBuilder, Row as _};

use super::{Db, DbError, Engine, Execute, Swap, Tx};
use crate::storage::ops::copy::{Cell, CellType, ExportRows, ImportRows, Row, Table, tables};

macro_rules! statements {
    ($(
        $(#[$doc:meta])*
        $variant:ident = $table:ident by $key:ident: $kind:ident
            { $($column:ident: $of:ident),* }
    )*) => {
        fn select(table: Table) -> &'static str {
            match table {
                $(Table::$variant => concat!(
                    "SELECT ", stringify!($key), $(", ", stringify!($column),)*
                    " FROM ", stringify!($table), " WHERE ", stringify!($key),
                    " > $1 ORDER BY ", stringify!($key), " LIMIT $2"
                ),)*
            }
        }

        fn insert(table: Table) -> &'static str {
            match table {
                $(Table::$variant => concat!(
                    "INSERT INTO ", stringify!($table), " (", stringify!($key),
                    $(", ", stringify!($column),)* ") "
                ),)*
            }
        }
    };
}
tables!(statements);

impl Execute<Engine> for ExportRows {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Row>, DbError> {
        let columns = self.table.columns();
        let first = || match columns[0].1 {
            CellType::Integer => Cell::Integer(Some(i64::MIN)),
            CellType::Text => Cell::Text(Some(String::new())),
            CellType::Bytes => Cell::Bytes(Some(Vec::new())),
        };
        let query = tx.query(select(self.table));
        let rows = bind(query, self.after.clone().unwrap_or_else(first))
            .bind(i64::from(self.limit))
            .fetch_all(&mut *tx.conn)
            .await?;
        rows.iter().map(|row| read(row, columns)).collect()
    }
}

impl Execute<Engine> for ImportRows {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        if !self.rows.iter().all(|row| fits(row, self.table.columns())) {
            return Ok(Swap::Lost);
        }
        if self.table == Table::FeedHead {
            for row in &self.rows {
                replace_head(tx, row).await?;
            }
            return Ok(Swap::Won);
        }
        if self.rows.is_empty() {
            return Ok(Swap::Won);
        }
        let mut insert = QueryBuilder::<Db>::new(insert(self.table));
        insert.push_values(&self.rows, |mut values, row| {
            for cell in row.iter().cloned() {
                match cell {
                    Cell::Integer(value) => values.push_bind(value),
                    Cell::Text(value) => values.push_bind(value),
                    Cell::Bytes(value) => values.push_bind(value),
                };
            }
        });
        tx.count_statement(insert.sql().as_str());
        insert.build().persistent(false).execute(&mut *tx.conn).await?;
        Ok(Swap::Won)
    }
}

/// Puts a log's end in the place of the one that is here.
async fn replace_head(tx: &mut Tx<'_>, row: &Row) -> Result<(), DbError> {
    let update = tx.query(
        "UPDATE feed_head SET epoch = CASE WHEN epoch > $2 THEN epoch + 1 \
         WHEN seq > 0 THEN $2 + 1 ELSE $2 END, seq = $3, tip = $4, \
         changes = CASE WHEN changes > $5 THEN changes + 1 ELSE $5 + 1 END, \
         regressed_at = $6, ended_before = $7, whole_since = CASE WHEN epoch > $2 THEN epoch + 1 \
         WHEN seq > 0 THEN $2 + 1 ELSE $8 END WHERE id = $1",
    );
    row.iter().cloned().fold(update, bind).execute(&mut *tx.conn).await?;
    Ok(())
}

fn bind(
    query: Query<'_, Db, <Db as Database>::Arguments>,
    cell: Cell,
) -> Query<'_, Db, <Db as Database>::Arguments> {
    match cell {
        Cell::Integer(value) => query.bind(value),
        Cell::Text(value) => query.bind(value),
        Cell::Bytes(value) => query.bind(value),
    }
}

fn read(row: &<Db as Database>::Row, columns: &[(&'static str, CellType)]) -> Result<Row, DbError> {
    let cell = |(index, (_, of)): (usize, &(&'static str, CellType))| {
        Ok(match of {
            CellType::Integer => Cell::Integer(row.try_get(index)?),
            CellType::Text => Cell::Text(row.try_get(index)?),
            CellType::Bytes => Cell::Bytes(row.try_get(index)?),
        })
    };
    columns.iter().enumerate().map(cell).collect()
}

fn fits(row: &Row, columns: &[(&'static str, CellType)]) -> bool {
    let of = |cell: &Cell| match cell {
        Cell::Integer(_) => CellType::Integer,
        Cell::Text(_) => CellType::Text,
        Cell::Bytes(_) => CellType::Bytes,
    };
    row.iter().map(of).eq(columns.iter().map(|(_, of)| *of))
}
