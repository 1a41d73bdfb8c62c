//! What the writer promises its callers, with operations made for the purpose.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;

use tempfile::TempDir;

use super::super::Tx;
use super::super::driver::Opening;
use super::super::queue::ORDINARY;
use super::*;
use crate::protocol::time::Timestamp;

/// One statement.
struct One(&'static str);

impl Operation for One {
    type Output = ();
    const SINGLE_STATEMENT: bool = true;
}

impl Execute<Engine> for One {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        tx.query(self.0).execute(&mut *tx.conn).await?;
        Ok(())
    }
}

/// Two statements, as a whole or not at all.
struct Two(&'static str, &'static str);

impl Operation for Two {
    type Output = ();
}

impl Execute<Engine> for Two {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        tx.query(self.0).execute(&mut *tx.conn).await?;
        tx.query(self.1).execute(&mut *tx.conn).await?;
        Ok(())
    }
}

/// Gives up after a change.
struct Abandons;

impl Operation for Abandons {
    type Output = ();
}

impl Execute<Engine> for Abandons {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        tx.query("INSERT INTO t (n) VALUES (1000)").execute(&mut *tx.conn).await?;
        Err(DbError::Abandoned)
    }
}

/// Looks at the table from outside, where only commits show.
struct SeenOutside(PathBuf);

impl Operation for SeenOutside {
    type Output = i64;
}

impl Execute<Engine> for SeenOutside {
    async fn execute(&self, _: &mut Tx<'_>) -> Result<i64, DbError> {
        Ok(count(&self.0))
    }
}

/// Keeps the writer busy for as long as there is an end to its second channel.
struct Holds(mpsc::Sender<()>, Mutex<mpsc::Receiver<()>>);

impl Operation for Holds {
    type Output = ();
}

impl Execute<Engine> for Holds {
    async fn execute(&self, _: &mut Tx<'_>) -> Result<(), DbError> {
        self.0.send(()).unwrap();
        let _ = self.1.lock().unwrap().recv();
        Ok(())
    }
}

/// Keeps the writer busy until this value is gone.
async fn hold(writer: &Writer) -> mpsc::Sender<()> {
    let (begins, begun) = mpsc::channel();
    let (held, holds) = mpsc::channel();
    drop(queue(writer, Holds(begins, Mutex::new(holds))).await);
    begun.recv().unwrap();
    held
}

/// Notes that it was executed.
struct Notes<const URGENT: bool>(Arc<Mutex<Vec<usize>>>, usize);

impl<const URGENT: bool> Operation for Notes<URGENT> {
    type Output = ();
    const URGENT: bool = URGENT;
}

impl<const URGENT: bool> Execute<Engine> for Notes<URGENT> {
    async fn execute(&self, _: &mut Tx<'_>) -> Result<(), DbError> {
        self.0.lock().unwrap().push(self.1);
        Ok(())
    }
}

async fn start() -> (Writer, PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let now: Now = Arc::new(|| Timestamp::from_seconds(0));
    let writer = Writer::start(Place::prepare(&path).unwrap(), now).unwrap();
    writer.write(One("CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB) STRICT")).await.unwrap();
    writer.write(One("DELETE FROM t")).await.unwrap();
    (writer, path, folder)
}

fn count(path: &Path) -> i64 {
    let mut conn = Opening::new(path.to_owned(), false).open().unwrap();
    let counted = sqlx::query_as("SELECT COUNT(*) FROM t").fetch_one(&mut conn);
    let (count,): (i64,) = at_once(counted).unwrap().unwrap();
    count
}

/// Hands an operation to the writer.
async fn queue<'a, O: Execute<Engine>>(
    writer: &'a Writer,
    operation: O,
) -> Pin<Box<dyn Future<Output = Result<O::Output, StorageError>> + Send + 'a>> {
    let mut write = Box::pin(writer.write(operation));
    let pending =
        std::future::poll_fn(|context| Poll::Ready(write.as_mut().poll(context).is_pending()));
    assert!(pending.await, "it was not queued");
    write
}

fn is_unavailable<T>(result: &Result<T, StorageError>) -> bool {
    matches!(result, Err(StorageError::Unavailable(_)))
}

#[tokio::test]
async fn what_has_queued_up_is_one_transaction_and_a_failure_in_it_takes_only_itself() {
    let (writer, path, _folder) = start().await;
    let held = hold(&writer).await;
    let first = queue(&writer, One("INSERT INTO t (n) VALUES (1)")).await;
    let twin = queue(&writer, One("INSERT INTO t (n) VALUES (1)")).await;
    let half =
        queue(&writer, Two("INSERT INTO t (n) VALUES (2)", "INSERT INTO t (n) VALUES (1)")).await;
    let abandoned = queue(&writer, Abandons).await;
    let seen = queue(&writer, SeenOutside(path.clone())).await;
    let last =
        queue(&writer, Two("INSERT INTO t (n) VALUES (3)", "INSERT INTO t (n) VALUES (4)")).await;
    drop(held);
    assert!(matches!(twin.await, Err(StorageError::Conflict)));
    assert!(matches!(half.await, Err(StorageError::Conflict)));
    assert!(matches!(abandoned.await, Err(StorageError::Conflict)));
    first.await.unwrap();
    last.await.unwrap();
    assert_eq!(seen.await.unwrap(), 0, "all of it is committed at once");
    assert_eq!(count(&path), 3);
}

#[tokio::test]
async fn a_full_database_undoes_the_whole_batch_and_the_writer_goes_on_when_there_is_room() {
    // C132
    let (writer, path, _folder) = start().await;
    let held = hold(&writer).await;
    // SQLite takes the number of pages that there are for the least that may be.
    let full = queue(&writer, One("PRAGMA max_page_count = 1")).await;
    let small = queue(&writer, One("INSERT INTO t (n) VALUES (1)")).await;
    let large = queue(&writer, One("INSERT INTO t (n, b) VALUES (2, zeroblob(1000000))")).await;
    let next = queue(&writer, One("INSERT INTO t (n) VALUES (3)")).await;
    drop(held);
    for undone in [full.await, small.await, large.await] {
        // The first two fitted, and were undone with the last.
        assert!(is_unavailable(&undone), "{undone:?}");
    }
    next.await.unwrap();
    assert_eq!(count(&path), 1, "nothing of the batch, and the one that came after");
    // The next connection knows no limit.
    writer.write(One("INSERT INTO t (n, b) VALUES (2, zeroblob(1000000))")).await.unwrap();
    assert_eq!(count(&path), 2);
}

/// Takes the time that the writer waits for a lock, which is SQLite's own.
#[tokio::test]
async fn where_no_transaction_can_begin_all_that_wait_are_told_at_once() {
    let (writer, path, _folder) = start().await;
    let mut other = Opening::new(path.clone(), true).open().unwrap();
    other.command("BEGIN IMMEDIATE").unwrap();
    let first = queue(&writer, One("INSERT INTO t (n) VALUES (1)")).await;
    let second = queue(&writer, One("INSERT INTO t (n) VALUES (2)")).await;
    let third = queue(&writer, One("INSERT INTO t (n) VALUES (3)")).await;
    assert!(is_unavailable(&first.await));
    other.command("ROLLBACK").unwrap();
    assert!(is_unavailable(&second.await));
    assert!(is_unavailable(&third.await));
    writer.write(One("INSERT INTO t (n) VALUES (4)")).await.unwrap();
    assert_eq!(count(&path), 1, "nothing is executed whose caller was told that it is not");
}

#[tokio::test]
async fn an_operation_whose_caller_has_left_is_executed_all_the_same() {
    let (writer, path, _folder) = start().await;
    drop(queue(&writer, One("INSERT INTO t (n) VALUES (1)")).await);
    drop(queue(&writer, Abandons).await);
    writer.write(One("INSERT INTO t (n) VALUES (2)")).await.unwrap();
    assert_eq!(count(&path), 2);
}

#[tokio::test]
async fn a_full_queue_is_told_at_once_and_what_is_urgent_has_places_of_its_own_and_goes_first() {
    // C131
    let (writer, _, _folder) = start().await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let (held, mut queued) = (hold(&writer).await, Vec::new());
    for number in 0..ORDINARY {
        queued.push(queue(&writer, Notes::<false>(order.clone(), number)).await);
    }
    let refused = writer.write(Notes::<false>(order.clone(), 0));
    assert!(is_unavailable(&refused.await));
    let urgent = queue(&writer, Notes::<true>(order.clone(), usize::MAX)).await;
    drop(held);
    urgent.await.unwrap();
    for write in queued {
        write.await.unwrap();
    }
    let order = order.lock().unwrap();
    assert_eq!(order.first(), Some(&usize::MAX));
    assert!(order[1..].is_sorted(), "the others in their order");
    assert_eq!(order.len(), ORDINARY + 1);
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let (writer, path, _folder) = start().await;
    let (held, mut queued) = (hold(&writer).await, Vec::new());
    for _ in 0..MAX_BATCH + 10 {
        queued.push(queue(&writer, One("INSERT INTO t DEFAULT VALUES")).await);
    }
    let seen = queue(&writer, SeenOutside(path)).await;
    drop(held);
    for write in queued {
        write.await.unwrap();
    }
    // The one that held it is one of the batch.
    assert_eq!(seen.await.unwrap(), i64::try_from(MAX_BATCH).unwrap() - 1);
}

#[tokio::test]
async fn closing_finishes_what_was_accepted_and_takes_nothing_more() {
    let (writer, path, _folder) = start().await;
    let mut queued = Vec::new();
    for _ in 0..2 * MAX_BATCH {
        queued.push(queue(&writer, One("INSERT INTO t DEFAULT VALUES")).await);
    }
    writer.close().await;
    for write in queued {
        write.await.unwrap();
    }
    assert!(is_unavailable(&writer.write(One("INSERT INTO t DEFAULT VALUES")).await));
    assert_eq!(count(&path), i64::try_from(2 * MAX_BATCH).unwrap());
    writer.close().await;
}

/// Fails in a way that nobody has thought of.
struct Panics;

impl Operation for Panics {
    type Output = ();
}

impl Execute<Engine> for Panics {
    async fn execute(&self, _: &mut Tx<'_>) -> Result<(), DbError> {
        panic!("on purpose");
    }
}

#[tokio::test]
async fn nobody_waits_for_a_writer_that_is_gone() {
    let (writer, _, _folder) = start().await;
    let held = hold(&writer).await;
    let last = queue(&writer, Panics).await;
    let behind = queue(&writer, One("INSERT INTO t (n) VALUES (1)")).await;
    drop(held);
    assert!(is_unavailable(&last.await));
    assert!(is_unavailable(&behind.await));
    assert!(is_unavailable(&writer.write(One("INSERT INTO t (n) VALUES (2)")).await));
    writer.close().await;
}
