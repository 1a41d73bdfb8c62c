//! The way to the database: connections, transactions, bounded retries. Must not know what is asked.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Postgres, Transaction};
use tokio::time::{Instant, timeout};

use super::super::error::{DbError, Severity, StorageError};
use super::super::operation::{self, Execute};
use super::super::{Now, StoreOptions};
use super::pool::{Lent, Pool};
use super::{Engine, Tx, Wakes, open};

/// The way to a database.
#[derive(Clone)]
pub(super) struct Link {
    pool: Pool,
    now: Now,
    persistent: bool,
}

/// An attempt that failed.
enum Failure {
    /// The same again may work: nothing was changed.
    Contention(StorageError),
    /// The connection had ended before anything began: another may work.
    Ended(StorageError),
    Final(StorageError),
}

impl Link {
    pub(super) async fn open(
        url: &str,
        options: StoreOptions,
        now: Now,
    ) -> Result<Self, StorageError> {
        let pool = Pool::new(open::connecting(url, options)?, options);
        let mut conn = pool.take(pool.deadline()).await?;
        open::migrate(conn.conn(), options).await?;
        conn.give_back();
        Ok(Self { pool, now, persistent: options.prepared_statements })
    }

    /// Until when an operation that is asked for now may wait: for others of its kind, for a
    /// connection, and for another after that one was no good.
    pub(super) fn deadline(&self) -> Instant {
        self.pool.deadline()
    }

    pub(super) async fn write<O: Execute<Engine>>(
        &self,
        operation: &O,
        deadline: Instant,
    ) -> Result<O::Output, StorageError> {
        let mut attempt = 1;
        loop {
            let result = if O::SINGLE_STATEMENT && self.persistent {
                self.execute(operation, deadline).await
            } else {
                self.transact(operation, deadline).await
            };
            match result {
                Ok(output) => return Ok(output),
                Err(Failure::Contention(_) | Failure::Ended(_)) if attempt < MAX_ATTEMPTS => {
                    attempt += 1;
                }
                Err(Failure::Contention(error) | Failure::Ended(error) | Failure::Final(error)) => {
                    return Err(error);
                }
            }
        }
    }

    pub(super) async fn read<O: Execute<Engine>>(
        &self,
        operation: &O,
        deadline: Instant,
    ) -> Result<O::Output, StorageError> {
        let mut attempt = 1;
        loop {
            let mut conn = self.pool.take(deadline).await?;
            let executed = timeout(LIMIT, self.read_on(conn.conn(), operation)).await;
            let Ok(executed) = executed else {
                abandon(conn);
                return Err(StorageError::Unavailable(SILENT.to_owned()));
            };
            match settle(conn, executed.as_ref().err()) {
                // Whatever was read has changed nothing: another connection may work.
                Settled::Over if attempt < MAX_ATTEMPTS => attempt += 1,
                _ => return Ok(executed?),
            }
        }
    }

    /// What wakes this node; none behind a pooler, which hands connections around.
    pub(super) async fn wakes(&self) -> Result<Option<Wakes>, StorageError> {
        if !self.persistent {
            return Ok(None);
        }
        Wakes::open(self.pool.connect_options()).await.map(Some)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    async fn read_on<O: Execute<Engine>>(
        &self,
        conn: &mut PgConnection,
        operation: &O,
    ) -> Result<O::Output, DbError> {
        if self.persistent {
            return operation.execute(&mut self.tx(conn)).await;
        }
        // A pooler may hand the connection to somebody else between the preparation of a statement
        // and its execution, but not within a transaction.
        let mut transaction = self.begin(conn).await?;
        let output = operation.execute(&mut self.tx(&mut transaction)).await;
        // There is nothing to undo, but the connection has to be given back before it is used next.
        let _ = transaction.rollback().await;
        output
    }

    /// One statement, which the database commits by itself.
    async fn execute<O: Execute<Engine>>(
        &self,
        operation: &O,
        deadline: Instant,
    ) -> Result<O::Output, Failure> {
        let mut conn = self.pool.take(deadline).await.map_err(Failure::Final)?;
        let executed = timeout(LIMIT, operation.execute(&mut self.tx(conn.conn()))).await;
        let Ok(executed) = executed else { return Err(given_up(conn)) };
        settle(conn, executed.as_ref().err());
        executed.map_err(committing)
    }

    async fn transact<O: Execute<Engine>>(
        &self,
        operation: &O,
        deadline: Instant,
    ) -> Result<O::Output, Failure> {
        let mut conn = self.pool.take(deadline).await.map_err(Failure::Final)?;
        let transacted = timeout(LIMIT, self.transact_on(conn.conn(), operation)).await;
        let Ok(transacted) = transacted else { return Err(given_up(conn)) };
        match &transacted {
            Ok(_) => conn.give_back(),
            Err(Failure::Ended(_)) => conn.abandon(),
            // Whether it is still good is found elsewhere.
            Err(_) => drop(conn),
        }
        transacted
    }

    async fn transact_on<O: Execute<Engine>>(
        &self,
        conn: &mut PgConnection,
        operation: &O,
    ) -> Result<O::Output, Failure> {
        let begun = self.begin(conn).await;
        let mut transaction = begun.map_err(|error| Failure::Ended(error.into()))?;
        let mut tx = self.tx(&mut transaction);
        let executed = operation.execute(&mut tx).await;
        let revoked_at = tx.revoked_at;
        match executed {
            Ok(output) => {
                transaction.commit().await.map_err(|error| committing(error.into()))?;
                operation::check_commit(revoked_at, (self.now)()).map_err(Failure::Final)?;
                Ok(output)
            }
            Err(error) => {
                // Dropping it would roll back too, but only when the connection is used next.
                let _ = transaction.rollback().await;
                Err(undone(error))
            }
        }
    }

    async fn begin<'c>(
        &self,
        conn: &'c mut PgConnection,
    ) -> sqlx::Result<Transaction<'c, Postgres>> {
        if self.persistent { conn.begin().await } else { conn.begin_with(open::BEGIN_POOLED).await }
    }

    fn tx<'c>(&'c self, conn: &'c mut PgConnection) -> Tx<'c> {
        let statements = operation::Statements::here();
        Tx { conn, now: &self.now, persistent: self.persistent, statements, revoked_at: None }
    }
}

/// A change that the database does not answer: it may be there or not.
fn given_up(conn: Lent) -> Failure {
    abandon(conn);
    Failure::Final(StorageError::OutcomeUnknown(SILENT.to_owned()))
}

/// Closes a connection on which an answer may still arrive, which nobody else must take for his.
fn abandon(conn: Lent) {
    tracing::warn!("a connection is closed: {SILENT}");
    conn.abandon();
}

/// What became of a connection after a statement.
enum Settled {
    GivenBack,
    Over,
}

/// Gives a connection back after a statement, unless that has shown it to be broken.
fn settle(conn: Lent, error: Option<&DbError>) -> Settled {
    match error {
        Some(DbError::Sql(error)) if is_over(error) => {
            conn.abandon();
            Settled::Over
        }
        _ => {
            conn.give_back();
            Settled::GivenBack
        }
    }
}

/// Whether the connection has ended with this error: the database said so (class 57P), or the pooler did
/// (class 08), or nobody said anything.
fn is_over(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().map(|error| error.code().unwrap_or_default());
    code.is_none_or(|code| ["57P", "08"].iter().any(|class| code.starts_with(class)))
}

/// An error before the commit: nothing was changed.
fn undone(error: DbError) -> Failure {
    match error {
        DbError::Sql(error) if DbError::severity_of(&error) == Severity::Contention => {
            Failure::Contention(error.into())
        }
        error => Failure::Final(error.into()),
    }
}

/// An error of a statement that may have been committed: if the database did not say that it
/// failed, nobody knows. A server that is being stopped (class 57P) may say so after the commit, or
/// while it waits for a standby to confirm it; a pooler (class 08) when it has lost the server.
fn committing(error: DbError) -> Failure {
    let unknown = |error: &sqlx::Error| {
        is_over(error)
            || error
                .as_database_error()
                .is_some_and(|error| error.code().as_deref() == Some("40003"))
    };
    match error {
        DbError::Sql(error) if unknown(&error) => {
            Failure::Final(StorageError::OutcomeUnknown(error.to_string()))
        }
        error => undone(error),
    }
}

const MAX_ATTEMPTS: u32 = 4;

/// How long an operation may take in all. The database itself ends a statement sooner; this is for
/// one that has fallen silent, as a machine that lost its power, which TCP notices after minutes.
const LIMIT: Duration = Duration::from_secs(10);
pub(super) const SILENT: &str = "the database has fallen silent";
