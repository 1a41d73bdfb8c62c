//! The one narrow seam to SQLite and PostgreSQL. Must import [`crate::protocol`] only.
//!
//! What can be done is a list of [`ops`], each atomic: a value with its inputs, executed as a whole
//! or not at all. How it is done is written once, in `queries/`, and compiled twice, for each
//! database with its own driver types. Transactions and connections never leave this module.

#[macro_use]
mod columns;
pub mod ops;

mod error;
mod group;
mod migrations;
mod operation;
mod postgres;
mod sqlite;
mod url;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use self::ops::database::TryWrite;

pub use error::StorageError;
pub use operation::Stored;
pub use postgres::Wakes;
pub use sqlite::{BackedUp, back_up};
pub use url::{DatabaseUrl, InvalidDatabaseUrl, StoreOptions};

use crate::protocol::time::Timestamp;

/// A database, open and migrated.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    /// Whether the last write found the database unable to take it.
    refused: Arc<AtomicBool>,
}

#[derive(Clone)]
enum Backend {
    Postgres(postgres::Database),
    Sqlite(sqlite::Database),
}

/// The clock that operations read, after they have locked what they change.
pub(crate) type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl Store {
    /// Opens the database at `url`, bringing its tables up to date first unless `options` say not
    /// to.
    pub async fn open(
        url: &DatabaseUrl,
        options: StoreOptions,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, StorageError> {
        let now = Arc::new(now);
        let backend = match url {
            DatabaseUrl::Postgres(url) => {
                Backend::Postgres(postgres::Database::open(url, options, now).await?)
            }
            DatabaseUrl::Sqlite(path) => {
                Backend::Sqlite(sqlite::Database::open(path, options, now).await?)
            }
        };
        Ok(Self { backend, refused: Arc::default() })
    }

    /// Executes a writing operation. `Ok` means committed and durable.
    pub async fn write<O: Stored>(&self, operation: O) -> Result<O::Output, StorageError> {
        let result = match &self.backend {
            Backend::Postgres(database) => database.write(operation).await,
            Backend::Sqlite(database) => database.write(operation).await,
        };
        match &result {
            Ok(_) => self.refused.store(false, Ordering::Relaxed),
            Err(StorageError::Unavailable(_) | StorageError::OutcomeUnknown(_)) => {
                self.refused.store(true, Ordering::Relaxed);
            }
            // What the database holds was in the way, and not the database.
            Err(_) => {}
        }
        result
    }

    /// Makes sure that the database takes writes, as far as is known. One that is full still
    /// answers: if the last write failed, this tries one that changes nothing.
    pub async fn check_writes(&self) -> Result<(), StorageError> {
        if self.refused.load(Ordering::Relaxed) { self.write(TryWrite).await } else { Ok(()) }
    }

    /// Executes an operation that only reads, on the primary.
    pub async fn read<O: Stored>(&self, operation: O) -> Result<O::Output, StorageError> {
        match &self.backend {
            Backend::Postgres(database) => database.read(operation).await,
            Backend::Sqlite(database) => database.read(operation).await,
        }
    }

    /// What wakes this node when another has changed something; none where looking is all there is.
    pub async fn wakes(&self) -> Result<Option<Wakes>, StorageError> {
        match &self.backend {
            Backend::Postgres(database) => database.wakes().await,
            Backend::Sqlite(_) => Ok(None),
        }
    }

    /// Finishes what was accepted and closes every connection.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Postgres(database) => database.close().await,
            Backend::Sqlite(database) => database.close().await,
        }
    }
}
