//! Transactions that sqlx begins. The writer begins its own.

use sqlx::{Error, SqlStr};
use sqlx_core::transaction::TransactionManager;

use super::{Direct, DirectSqlite};

/// Begins and ends them.
pub struct Transactions;

impl TransactionManager for Transactions {
    type Database = DirectSqlite;

    async fn begin(conn: &mut Direct, statement: Option<SqlStr>) -> Result<(), Error> {
        conn.command(statement.as_ref().map_or("BEGIN", SqlStr::as_str))
    }

    async fn commit(conn: &mut Direct) -> Result<(), Error> {
        conn.command("COMMIT")
    }

    async fn rollback(conn: &mut Direct) -> Result<(), Error> {
        conn.command("ROLLBACK")
    }

    fn start_rollback(conn: &mut Direct) {
        // Whoever drops a transaction cannot be told; the next to begin one is.
        let _ = conn.command("ROLLBACK");
    }

    fn get_transaction_depth(conn: &Direct) -> usize {
        usize::from(conn.is_in_transaction())
    }
}
