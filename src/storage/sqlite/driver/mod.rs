//! SQLite for sqlx, in the thread that asks. sqlx's own driver gives every connection a thread and
//! every statement two changes between threads, which cost more than most statements do. Here a
//! statement is a call, on a thread that is there for it; so no future of this driver ever waits, and
//! [`at_once`] is all that it takes to run one.

mod arguments;
mod connection;
mod error;
mod row;
mod transaction;
mod value;

use futures_util::FutureExt as _;
use sqlx::Database;

pub(super) use connection::{Direct, Opening};

use arguments::Arguments;
use connection::Prepared;
use row::{Column, DirectRow};
use transaction::Transactions;
use value::{Kind, Value};

/// The database, as sqlx names its drivers.
#[derive(Debug)]
pub struct DirectSqlite;

impl Database for DirectSqlite {
    type Connection = Direct;
    type TransactionManager = Transactions;
    type Row = DirectRow;
    type QueryResult = Changes;
    type Column = Column;
    type TypeInfo = Kind;
    type Value = Value;
    type ValueRef<'r> = &'r Value;
    type Arguments = Arguments;
    type ArgumentBuffer = Vec<Value>;
    type Statement = Prepared;

    const NAME: &'static str = "SQLite";
    const URL_SCHEMES: &'static [&'static str] = &["sqlite"];
}

impl sqlx::database::HasStatementCache for DirectSqlite {}

/// How many rows a statement has changed.
#[derive(Debug, Default)]
pub struct Changes(u64);

impl Changes {
    /// How many rows a statement has changed.
    pub fn rows_affected(&self) -> u64 {
        self.0
    }
}

impl Extend<Self> for Changes {
    fn extend<I: IntoIterator<Item = Self>>(&mut self, others: I) {
        self.0 += others.into_iter().map(|one| one.0).sum::<u64>();
    }
}

/// What a future that waits for nothing but this driver comes to.
///
/// # Errors
///
/// If it waits for something else, which is a fault of its author: there is nobody to wake it.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> Result<T, sqlx::Error> {
    future.now_or_never().ok_or_else(|| {
        sqlx::Error::Protocol("an operation on SQLite waits for something else".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Error};

    use super::*;

    fn open(folder: &tempfile::TempDir) -> Direct {
        Opening::new(folder.path().join("test.db"), true).open().unwrap()
    }

    #[test]
    fn arguments_go_where_their_numbers_stand_and_values_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = open(&folder);
        let query = sqlx::query_as("SELECT $3 AS c, $1 AS a, $2 AS b, $1 AS d, $4 AS e")
            .bind(7_i64)
            .bind("text")
            .bind(b"\x00\xff".as_slice())
            .bind(None::<i64>);
        let row: (Vec<u8>, i64, String, i64, Option<i64>) =
            at_once(query.fetch_one(&mut conn)).unwrap().unwrap();
        assert_eq!(row, (b"\x00\xff".to_vec(), 7, "text".to_owned(), 7, None));
        let wrong = sqlx::query_as::<_, (i64,)>("SELECT 'text'").fetch_one(&mut conn);
        assert!(matches!(at_once(wrong).unwrap(), Err(Error::ColumnDecode { .. })));
    }

    #[test]
    fn changes_are_counted_and_what_contradicts_a_table_is_told_from_what_fails() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = open(&folder);
        conn.command("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
        let changed = |conn: &mut Direct, sql| {
            at_once(sqlx::query(sql).execute(conn)).unwrap().map(|changes| changes.rows_affected())
        };
        assert_eq!(changed(&mut conn, "INSERT INTO t VALUES (1), (2)").unwrap(), 2);
        assert_eq!(changed(&mut conn, "UPDATE t SET n = n + 7 RETURNING n").unwrap(), 2);
        assert_eq!(changed(&mut conn, "SELECT n FROM t").unwrap(), 0);
        let twin = changed(&mut conn, "INSERT INTO t VALUES (9)").unwrap_err();
        assert!(twin.as_database_error().unwrap().is_unique_violation());
        let nonsense = changed(&mut conn, "INSERT INTO nowhere VALUES (9)").unwrap_err();
        assert_eq!(nonsense.as_database_error().unwrap().kind(), sqlx::error::ErrorKind::Other);
    }

    #[test]
    fn a_transaction_that_is_dropped_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = open(&folder);
        conn.command("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
        let insert = "INSERT INTO t VALUES (1)";
        let mut transaction = at_once(conn.begin()).unwrap().unwrap();
        at_once(sqlx::query(insert).execute(&mut *transaction)).unwrap().unwrap();
        drop(transaction);
        let mut transaction = at_once(conn.begin()).unwrap().unwrap();
        at_once(sqlx::query(insert).execute(&mut *transaction)).unwrap().unwrap();
        at_once(transaction.commit()).unwrap().unwrap();
        assert!(!conn.is_in_transaction());
    }

    #[test]
    fn a_future_that_waits_is_an_error_and_no_deadlock() {
        assert!(at_once(std::future::pending::<()>()).is_err());
    }
}
