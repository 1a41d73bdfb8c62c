//! Opening the file: its settings, its tables.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use super::super::error::StorageError;
use super::driver::{Direct, Opening};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Where the database is.
#[derive(Clone)]
pub(super) struct Place {
    path: PathBuf,
}

impl Place {
    /// Makes sure that the file can be there. A folder made for it is the owner's alone.
    pub(super) fn prepare(path: &Path) -> Result<Self, StorageError> {
        let unavailable = |error: std::io::Error| {
            StorageError::Unavailable(format!("{}: {error}", path.display()))
        };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            private_folder(folder).map_err(unavailable)?;
        }
        private_file(path).map_err(unavailable)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Brings the tables up to date, or makes sure that they are.
    pub(super) async fn migrate(&self, allowed: bool) -> Result<(), StorageError> {
        // SQLite's migrator takes no lock of its own, and two processes may start at once.
        let _lock = self.lock().await?;
        let mut conn = self.migrating().await?;
        let migrated = if allowed {
            MIGRATIONS.run(&mut conn).await.map_err(StorageError::from)
        } else {
            super::super::migrations::check(&MIGRATIONS, &mut conn).await
        };
        let closed = conn.close().await;
        migrated.and(closed.map_err(StorageError::from))
    }

    /// A connection that writes, or one that only reads.
    pub(super) fn connect(&self, writes: bool) -> Result<Direct, sqlx::Error> {
        Opening::new(self.path.clone(), writes).open()
    }

    /// The migrator knows no driver but sqlx's own.
    async fn migrating(&self) -> Result<SqliteConnection, StorageError> {
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();
        Ok(options.connect().await?)
    }

    async fn lock(&self) -> Result<File, StorageError> {
        let path = self.path.with_extension("lock");
        let locked = tokio::task::spawn_blocking(move || {
            private_file(&path)?;
            let file = OpenOptions::new().write(true).open(&path)?;
            file.lock()?;
            Ok::<_, std::io::Error>(file)
        });
        match locked.await {
            Ok(Ok(file)) => Ok(file),
            Ok(Err(error)) => Err(StorageError::Unavailable(format!("migration lock: {error}"))),
            Err(error) => Err(StorageError::Unavailable(format!("migration lock: {error}"))),
        }
    }
}

/// Makes the folder, with rights for the owner only, if it is missing.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the file, with rights for the owner only, if it is missing. SQLite gives its companions
/// (`-wal`, `-shm`) the rights of the database.
fn private_file(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
