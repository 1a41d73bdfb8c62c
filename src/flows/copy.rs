//! Copying everything from one database to another: the way from one node to many, and back.
//! Must not know either database.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::storage::ops::Swap;
use crate::storage::ops::copy::{Cell, ExportRows, ImportRows, Row, Table};
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
    let mut marks = Vec::new();
    for table in Table::EVERY {
        let (rows, mark) = copy_table(from, to, *table).await?;
        copied(*table, rows);
        marks.push(mark);
    }
    // Every table is read once more after all were read: what is as it was then was so at one and
    // the same moment.
    for (table, mark) in Table::EVERY.iter().zip(marks) {
        if read_table(from, *table).await? != mark {
            return Err(CopyError::WrittenMeanwhile);
        }
    }
    Ok(())
}

/// Answers how many rows there were, and their mark.
async fn copy_table(from: &Store, to: &Store, table: Table) -> Result<(usize, u64), CopyError> {
    let mut walk = Walk::of(table);
    let mut copied = 0;
    while let Some(rows) = walk.next(from).await? {
        copied += rows.len();
        if to.write(ImportRows { table, rows }).await? == Swap::Lost {
            return Err(CopyError::Misfit(table));
        }
    }
    Ok((copied, walk.mark.finish()))
}

async fn read_table(from: &Store, table: Table) -> Result<u64, StorageError> {
    let mut walk = Walk::of(table);
    while walk.next(from).await?.is_some() {}
    Ok(walk.mark.finish())
}

/// One way through a table.
struct Walk {
    table: Table,
    last: Option<Cell>,
    /// Of everything that was read. It tells chance from change, not friend from foe.
    mark: DefaultHasher,
}

impl Walk {
    fn of(table: Table) -> Self {
        Self { table, last: None, mark: DefaultHasher::new() }
    }

    /// The next rows; `None` at the end.
    async fn next(&mut self, from: &Store) -> Result<Option<Vec<Row>>, StorageError> {
        let rows = page(from, self.table, self.last.take(), BATCH).await?;
        let Some(newest) = rows.last() else {
            return Ok(None);
        };
        // The key stands first.
        self.last = newest.first().cloned();
        rows.hash(&mut self.mark);
        Ok(Some(rows))
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
