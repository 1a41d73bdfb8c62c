//! Copying everything from one database to another: the way from one node to many, and back.
//! Must not know either database.

use crate::storage::ops::Swap;
use crate::storage::ops::copy::{Cell, ExportRows, ImportRows, Row, Table};
use crate::storage::ops::feed::ReadHead;
use crate::storage::{StorageError, Store};

/// Why a database was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The target is in use.
    #[error(
        "the target is not empty: table {} has rows. Copy into a database that nothing was \
         served from", .0.name()
    )]
    NotEmpty(Table),
    /// The source was in use.
    #[error(
        "the source was written to meanwhile: stop every server on it, and copy again into a new \
         database"
    )]
    WrittenMeanwhile,
    /// A row was not taken.
    #[error("a row of table {} does not have the columns of this version", .0.name())]
    Misfit(Table),
    /// One of the databases.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Copies every row of `from` to `to`, which must be empty, and tells `copied` of each table how
/// many rows it has. No server may write to either meanwhile; a copy that was interrupted is
/// begun again with a new target.
///
/// Everything stays what it was: keys stay sealed under the same master key, refresh tokens work,
/// and readers of the log of revocations go on where they were.
pub async fn copy(
    from: &Store,
    to: &Store,
    mut copied: impl FnMut(Table, usize),
) -> Result<(), CopyError> {
    for table in Table::EVERY {
        // Every database has the one row that says where its log ends.
        if *table != Table::FeedHead && !page(to, *table, None, 1).await?.is_empty() {
            return Err(CopyError::NotEmpty(*table));
        }
    }
    let before = from.read(ReadHead).await?;
    for table in Table::EVERY {
        copied(*table, copy_table(from, to, *table).await?);
    }
    let after = from.read(ReadHead).await?;
    let state = |head: &crate::protocol::revocation::FeedHead| (head.epoch, head.seq, head.changes);
    if state(&before) != state(&after) {
        return Err(CopyError::WrittenMeanwhile);
    }
    Ok(())
}

async fn copy_table(from: &Store, to: &Store, table: Table) -> Result<usize, CopyError> {
    let (mut copied, mut last) = (0, None);
    loop {
        let rows = page(from, table, last, BATCH).await?;
        let Some(newest) = rows.last() else {
            return Ok(copied);
        };
        // The key stands first.
        last = newest.first().cloned();
        copied += rows.len();
        if to.write(ImportRows { table, rows }).await? == Swap::Lost {
            return Err(CopyError::Misfit(table));
        }
    }
}

async fn page(
    store: &Store,
    table: Table,
    after: Option<Cell>,
    limit: u32,
) -> Result<Vec<Row>, StorageError> {
    store.read(ExportRows { table, after, limit }).await
}

/// Rows in one statement: the widest table stays far below the parameters that a statement may have.
const BATCH: u32 = 250;
