//! Opening the pool: its settings, the tables.

use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::super::StoreOptions;
use super::super::error::StorageError;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// A pool of connections to `url`.
pub(super) async fn pool(url: &str, options: StoreOptions) -> Result<PgPool, StorageError> {
    let mut connect = PgConnectOptions::from_str(url)?.disable_statement_logging();
    if options.prepared_statements {
        // A statement that hangs must not hold its caller for longer than he waits. A pooler in
        // transaction mode refuses such settings at the start of a connection.
        connect = connect.options([("statement_timeout", "5000"), ("lock_timeout", "3000")]);
    } else {
        connect = connect.statement_cache_capacity(0);
    }
    Ok(PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_with(connect)
        .await?)
}

/// Brings the tables up to date, or makes sure that they are. The migrator holds an advisory lock,
/// so that of many nodes starting at once one migrates.
pub(super) async fn migrate(pool: &PgPool, allowed: bool) -> Result<(), StorageError> {
    if allowed {
        MIGRATIONS.run(pool).await?;
        return Ok(());
    }
    let mut conn = pool.acquire().await?;
    super::super::migrations::check(&MIGRATIONS, &mut *conn).await
}
