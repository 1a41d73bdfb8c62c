//! The embedded database: one writer with group commit, and some readers.

mod backup;
mod driver;
mod open;
mod queue;
mod readers;
mod writer;

pub use self::backup::{BackedUp, back_up};

use std::path::Path;

use self::driver::{Direct, DirectSqlite};
use self::readers::Readers;
use self::writer::Writer;
use super::error::StorageError;
use super::operation::{self, Execute, Statements};
use super::{Now, StoreOptions};

// The dialect: nothing else is locked while the writer runs.
macro_rules! for_update {
    () => {
        ""
    };
}
macro_rules! for_share {
    () => {
        ""
    };
}

// There is one node, and no other to wake.
macro_rules! and_wake {
    () => {
        ""
    };
}
macro_rules! returning_wake {
    () => {
        ""
    };
}
macro_rules! clock {
    () => {
        "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    };
}
// What a commit is worth here: settings that are words, and settings that are numbers.
macro_rules! durability {
    () => {
        (&[("journal_mode", "PRAGMA journal_mode")], &[("synchronous", "PRAGMA synchronous")])
    };
}

// The writer commits together what is asked for together.
macro_rules! grouped {
    ($name:ident $(, $right:expr)?) => {};
}

#[path = "../queries/mod.rs"]
mod queries;

/// The driver's type of this database, for the shared queries.
type Db = DirectSqlite;

/// Marks the operations that this database executes.
pub struct Engine;

impl operation::Engine for Engine {
    type Db = Db;
    type Groups = ();
}

/// An open transaction, or a connection that reads.
type Tx<'c> = operation::Tx<'c, Engine>;

fn tx<'c>(conn: &'c mut Direct, now: &'c Now, statements: Statements) -> Tx<'c> {
    Tx { conn, now, persistent: true, statements, revoked_at: None }
}

/// An open SQLite database.
#[derive(Clone)]
pub(super) struct Database {
    writer: Writer,
    readers: Readers,
}

impl Database {
    pub(super) async fn open(
        path: &Path,
        options: StoreOptions,
        now: Now,
    ) -> Result<Self, StorageError> {
        let place = open::Place::prepare(path)?;
        place.migrate(options.migrate).await?;
        let writer = Writer::start(place.clone(), now.clone())?;
        let readers = Readers::new(place, options, now);
        Ok(Self { writer, readers })
    }

    pub(super) async fn write<O: Execute<Engine>>(
        &self,
        operation: O,
    ) -> Result<O::Output, StorageError> {
        self.writer.write(operation).await
    }

    pub(super) async fn read<O: Execute<Engine>>(
        &self,
        operation: O,
    ) -> Result<O::Output, StorageError> {
        self.readers.read(operation).await
    }

    pub(super) async fn close(&self) {
        // The last connection to close moves the write-ahead log into the file, which a reader may
        // not do.
        self.readers.close().await;
        self.writer.close().await;
    }
}
