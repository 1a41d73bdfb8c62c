//! A connection beside the server, for what no server does: spoiling rows, undoing writes, holding
//! locks. It knows nothing of operations.

use std::time::Duration;

use chancery::storage::DatabaseUrl;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

use super::server::TestServer;

/// A connection of the test itself.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl TestServer {
    /// Connects to the database of this server.
    pub(crate) async fn raw(&self) -> Raw {
        Raw::open(self.url()).await
    }
}

impl Raw {
    /// Connects to a database.
    pub(crate) async fn open(url: DatabaseUrl) -> Self {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let options =
                    SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_mins(1));
                Self::Sqlite(options.connect().await.unwrap())
            }
            DatabaseUrl::Postgres(url) => {
                let options: PgConnectOptions = url.parse().unwrap();
                Self::Postgres(options.connect().await.unwrap())
            }
        }
    }

    /// Connects to a database that takes an index wherever there is one. PostgreSQL would rather read
    /// all of a small table.
    pub(crate) async fn led_by_indexes(url: DatabaseUrl) -> Self {
        let mut raw = Self::open(url).await;
        if let Self::Postgres(_) = raw {
            raw.run("SET enable_seqscan = off; SET enable_bitmapscan = off").await;
        }
        raw
    }

    /// Runs statements that both databases understand, written by the test.
    pub(crate) async fn run(&mut self, sql: &str) {
        let text = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = match self {
            Self::Sqlite(conn) => text.execute(conn).await.map(drop),
            Self::Postgres(conn) => text.execute(conn).await.map(drop),
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The one number that a query gives.
    pub(crate) async fn number(&mut self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(conn) => sqlx::query_scalar(sql).fetch_one(conn).await.unwrap(),
            Self::Postgres(conn) => sqlx::query_scalar(sql).fetch_one(conn).await.unwrap(),
        }
    }

    /// How the database answers a query, where it avoids to read a whole table if it can.
    pub(crate) async fn plan(&mut self, sql: &str) -> String {
        let lines: Vec<String> = match self {
            Self::Sqlite(conn) => {
                let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
                let rows = sqlx::query(sql).fetch_all(conn).await.unwrap();
                rows.iter().map(|row| row.get("detail")).collect()
            }
            Self::Postgres(conn) => {
                sqlx::query("SET enable_seqscan = off").execute(&mut *conn).await.unwrap();
                let sql = AssertSqlSafe(format!("EXPLAIN {sql}"));
                sqlx::query_scalar(sql).fetch_all(conn).await.unwrap()
            }
        };
        lines.join("\n")
    }

    /// The steps in which the database answers a statement, whatever the values bound to it but for
    /// its limit: for one that it does not know PostgreSQL expects a tenth of all rows.
    pub(crate) async fn explain(&mut self, sql: &str) -> Vec<String> {
        let sql = limited(sql);
        match self {
            Self::Sqlite(conn) => {
                let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
                let rows = sqlx::query(sql).persistent(false).fetch_all(conn).await.unwrap();
                rows.iter().map(|row| row.get("detail")).collect()
            }
            Self::Postgres(conn) => {
                let bound =
                    (1..100).take_while(|number| sql.contains(&format!("${number}"))).count();
                let values = vec!["NULL"; bound].join(", ");
                let values = if bound == 0 { values } else { format!("({values})") };
                let text = format!(
                    "SET plan_cache_mode = force_generic_plan; PREPARE explained AS {sql}; \
                     EXPLAIN EXECUTE explained {values}; DEALLOCATE explained"
                );
                let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(conn).await;
                let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Makes every insert into a table fail from now on.
    pub(crate) async fn refuse_inserts(&mut self, table: &str) {
        let (before, then) = match self {
            Self::Sqlite(_) => ("", "BEGIN SELECT RAISE(ABORT, 'refused'); END"),
            Self::Postgres(_) => (
                "CREATE OR REPLACE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql \
                 AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;",
                "FOR EACH ROW EXECUTE FUNCTION refused()",
            ),
        };
        self.run(&format!("{before} CREATE TRIGGER refused BEFORE INSERT ON {table} {then}")).await;
    }

    /// Lets inserts into a table be again.
    pub(crate) async fn allow_inserts(&mut self, table: &str) {
        let of_table = match self {
            Self::Sqlite(_) => String::new(),
            Self::Postgres(_) => format!("ON {table}"),
        };
        self.run(&format!("DROP TRIGGER refused {of_table}")).await;
    }

    /// A literal of these bytes.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        match self {
            Self::Sqlite(_) => format!("x'{hex}'"),
            Self::Postgres(_) => format!("decode('{hex}', 'hex')"),
        }
    }

    /// Keeps a copy of what a query selects, until [`Raw::put_back`].
    pub(crate) async fn keep(&mut self, table: &str, condition: &str) {
        let copy = format!("CREATE TABLE kept_{table} AS SELECT * FROM {table} WHERE {condition}");
        self.run(&copy).await;
    }

    /// Replaces the rows that [`Raw::keep`] has copied by their copies.
    pub(crate) async fn put_back(&mut self, table: &str, condition: &str) {
        self.run(&format!(
            "BEGIN; DELETE FROM {table} WHERE {condition}; \
             INSERT INTO {table} SELECT * FROM kept_{table}; DROP TABLE kept_{table}; COMMIT"
        ))
        .await;
    }
}

/// With numbers in the place of what is bound as the limit and the offset, which come last.
fn limited(sql: &str) -> String {
    ["LIMIT $", "OFFSET $", "LIMIT ?"].iter().fold(sql.to_owned(), |sql, limit| {
        let mut parts = sql.split(limit);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |whole, part| {
            let word = limit.trim_end_matches(['$', '?']);
            whole + word + "10" + part.trim_start_matches(|c: char| c.is_ascii_digit())
        })
    })
}
