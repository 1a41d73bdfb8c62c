//! By the drivers alone: the server's own statement, with the server's settings of a connection.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::Chain;
use crate::stage::{ADDRESS, Leaf, Stage};

/// Rotates one session on a connection of either driver.
macro_rules! execute {
    ($leaf:expr, $conn:expr) => {{
        let rotated = sqlx::query(ROTATE)
            .bind(HASH.as_slice())
            .bind(HASH.as_slice())
            .bind(NOW)
            .bind(SEALED.as_slice())
            .bind(NOW)
            .bind(ADDRESS.to_string())
            .bind($leaf.session.as_bytes().as_slice())
            .bind(i64::from($leaf.generation))
            .execute($conn)
            .await;
        assert_eq!(rotated.unwrap().rows_affected(), 1);
        $leaf.generation += 1;
    }};
}

/// One connection, and the sessions that it rotates in each transaction.
pub(super) struct BareSqlite {
    conn: SqliteConnection,
    leaves: Vec<Leaf>,
}

impl BareSqlite {
    pub(super) fn new(stage: &Stage, number: u32) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(stage.folder.path().join("chancery.db"))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let conn = stage.runtime.block_on(options.connect()).unwrap();
        Self { conn, leaves: stage.leaves(number) }
    }
}

impl Chain for BareSqlite {
    async fn rotate(&mut self) {
        let mut transaction = self.conn.begin_with("BEGIN IMMEDIATE").await.unwrap();
        for leaf in &mut self.leaves {
            execute!(leaf, &mut *transaction);
        }
        transaction.commit().await.unwrap();
    }
}

/// One connection, whose every statement is a transaction.
pub(super) struct BarePostgres {
    conn: PgConnection,
    leaf: Leaf,
}

impl BarePostgres {
    pub(super) fn several(stage: &Stage, url: &str, number: u32) -> Vec<Self> {
        let options = PgConnectOptions::from_str(url).unwrap().disable_statement_logging();
        let connect = |leaf| {
            let conn = stage.runtime.block_on(options.connect()).unwrap();
            Self { conn, leaf }
        };
        stage.leaves(number).into_iter().map(connect).collect()
    }
}

impl Chain for BarePostgres {
    async fn rotate(&mut self) {
        execute!(self.leaf, &mut self.conn);
    }
}

const ROTATE: &str = include_str!("../../../../src/storage/queries/rotate_session.sql");
/// What a leaf is stored as.
pub(super) const HASH: [u8; 32] = [7; 32];
/// As long as a sealed successor.
pub(super) const SEALED: [u8; 61] = [7; 61];
const NOW: i64 = 1_800_000_000_000;
