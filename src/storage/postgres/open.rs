//! Opening the pool: its settings, the tables.

use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::super::StoreOptions;
use super::super::error::StorageError;

/// How connections to `url` are opened.
pub(super) fn connecting(
    url: &str,
    options: StoreOptions,
) -> Result<PgConnectOptions, StorageError> {
    let mut connect = PgConnectOptions::from_str(url)?.disable_statement_logging();
    if options.prepared_statements {
        // A statement that hangs must not hold its caller for longer than he waits.
        connect = connect.options([("statement_timeout", "5000"), ("lock_timeout", "3000")]);
    } else {
        // A pooler refuses such settings at the start of a connection: `BEGIN_POOLED` has them.
        // Nor does it know the digits of floating-point numbers, of which there are none here.
        connect = connect.statement_cache_capacity(0).extra_float_digits(None);
    }
    Ok(connect)
}

/// How a transaction begins where it may find itself on another connection than the one before:
/// what holds for a connection otherwise holds for it alone.
pub(super) const BEGIN_POOLED: &str =
    "BEGIN; SET LOCAL statement_timeout = 5000; SET LOCAL lock_timeout = 3000";

/// Brings the tables up to date, or makes sure that they are, in one transaction. It holds a lock,
/// so that of many nodes starting at once one migrates. That of sqlx belongs to the connection,
/// which behind a pooler is another one when the lock is to be given back.
pub(super) async fn migrate(
    conn: &mut PgConnection,
    options: StoreOptions,
) -> Result<(), StorageError> {
    let mut migrations = sqlx::migrate!("migrations/postgres");
    migrations.set_locking(false);
    let mut transaction = conn.begin_with(BEGIN_MIGRATION).await?;
    if !options.prepared_statements {
        // sqlx prepares its own by name, where an earlier migration may have left the same names.
        sqlx::raw_sql(FORGET_NAMES).execute(&mut *transaction).await?;
    }
    if options.migrate {
        sqlx::raw_sql(LOCK).execute(&mut *transaction).await?;
        migrations.run(&mut *transaction).await?;
    } else {
        super::super::migrations::check(&migrations, &mut *transaction).await?;
    }
    if !options.prepared_statements {
        sqlx::raw_sql(FORGET_NAMES).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// Others may have to wait for long, and so may a migration of large tables.
const BEGIN_MIGRATION: &str = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";
const FORGET_NAMES: &str = "DEALLOCATE ALL";
/// The number stands for the migrations of this program, in each database by itself.
const LOCK: &str = "SELECT pg_advisory_xact_lock(4846791580151137093)";
