//! Whether the tables are those of this version.

use sqlx::migrate::{Migrate, MigrateError, Migrator};

use super::error::StorageError;

/// Makes sure that the tables are exactly those of `migrations`, without changing them.
pub(super) async fn check<C>(migrations: &Migrator, conn: &mut C) -> Result<(), StorageError>
where
    C: Migrate + Send,
{
    let applied = conn
        .list_applied_migrations(MIGRATIONS_TABLE)
        .await
        .map_err(|_| StorageError::Schema("the database has no tables yet".to_owned()))?;
    let known: Vec<_> = migrations.iter().collect();
    if let Some(newer) = applied.iter().find(|one| known.iter().all(|m| m.version != one.version)) {
        return Err(MigrateError::VersionMissing(newer.version).into());
    }
    if applied.len() < known.len() {
        return Err(StorageError::Schema(
            "the database is of an older version: run `chancery migrate`".to_owned(),
        ));
    }
    Ok(())
}

/// Where sqlx notes the migrations that have run.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";
