//! The one writer: it runs every queued operation in one transaction and commits them together.
//!
//! A commit costs the same for one operation as for a hundred, so a busy server commits as often as
//! the disk allows and each commit carries what has queued up meanwhile. No caller hears a result
//! before the commit has returned, and an operation whose caller has left is executed all the same.

use std::pin::Pin;
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use super::super::Now;
use super::super::error::{DbError, Severity, StorageError};
use super::super::operation::{Execute, Operation, check_commit};
use super::open::Place;
use super::{Engine, Tx};
use crate::protocol::time::Timestamp;

/// The way to the writer's task.
#[derive(Clone)]
pub(super) struct Writer {
    urgent: mpsc::Sender<Job>,
    ordinary: mpsc::Sender<Job>,
}

enum Job {
    Write(Box<dyn Queued>),
    /// Sent last: everything before it was committed.
    Close(oneshot::Sender<()>),
}

impl Writer {
    pub(super) async fn start(place: Place, now: Now) -> Result<Self, StorageError> {
        let conn = place.connect().await?;
        let (urgent, urgent_queue) = mpsc::channel(URGENT_QUEUE);
        let (ordinary, ordinary_queue) = mpsc::channel(ORDINARY_QUEUE);
        let task = Task { place, now, conn: Some(conn), urgent_queue, ordinary_queue };
        tokio::spawn(task.run());
        Ok(Self { urgent, ordinary })
    }

    pub(super) async fn write<O: Execute<Engine>>(
        &self,
        operation: O,
    ) -> Result<O::Output, StorageError> {
        let (reply, answer) = oneshot::channel();
        let job =
            Job::Write(Box::new(Pending { operation, reply, output: None, revoked_at: None }));
        let lane = if O::URGENT { &self.urgent } else { &self.ordinary };
        lane.try_send(job).map_err(|_| unavailable("the queue of writes is full"))?;
        answer.await.map_err(|_| unavailable("the writer has stopped"))?
    }

    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.ordinary.send(Job::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

struct Task {
    place: Place,
    now: Now,
    conn: Option<SqliteConnection>,
    urgent_queue: mpsc::Receiver<Job>,
    ordinary_queue: mpsc::Receiver<Job>,
}

impl Task {
    async fn run(mut self) {
        while let Some(job) = self.next().await {
            match job {
                Job::Write(first) => {
                    if let Some(closing) = self.commit_batch(first).await {
                        return self.finish(closing).await;
                    }
                }
                Job::Close(closing) => return self.finish(closing).await,
            }
        }
    }

    async fn next(&mut self) -> Option<Job> {
        tokio::select! {
            biased;
            Some(job) = self.urgent_queue.recv() => Some(job),
            job = self.ordinary_queue.recv() => job,
        }
    }

    /// Runs `first` and what has queued up behind it. Gives back a request to close that was met on
    /// the way.
    async fn commit_batch(&mut self, first: Box<dyn Queued>) -> Option<oneshot::Sender<()>> {
        let mut batch = vec![];
        let mut closing = None;
        let result = self.run_batch(first, &mut batch, &mut closing).await;
        metrics::histogram!("chancery_writer_batch_operations").record(len(&batch));
        match result {
            Ok(()) => {
                let now = (self.now)();
                for queued in batch {
                    queued.settle(now);
                }
            }
            Err(error) => {
                tracing::warn!(%error, operations = batch.len(), "a batch of writes was undone");
                let message = error.to_string();
                self.abandon_connection().await;
                for queued in batch {
                    queued.fail(&message);
                }
            }
        }
        closing
    }

    async fn run_batch(
        &mut self,
        first: Box<dyn Queued>,
        batch: &mut Vec<Box<dyn Queued>>,
        closing: &mut Option<oneshot::Sender<()>>,
    ) -> Result<(), sqlx::Error> {
        batch.push(first);
        let started = (self.now)();
        let Self { conn, now, place, .. } = self;
        let conn = match conn {
            Some(conn) => conn,
            None => conn.insert(place.connect().await.map_err(into_sqlx)?),
        };
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
        loop {
            // Only the last of the batch is not executed yet.
            if let Some(queued) = batch.last_mut() {
                execute(queued.as_mut(), conn, now).await?;
            }
            if batch.len() >= MAX_BATCH || now().since(started) >= MAX_WORK {
                break;
            }
            let waiting = self.urgent_queue.try_recv().or_else(|_| self.ordinary_queue.try_recv());
            match waiting {
                Ok(Job::Write(queued)) => batch.push(queued),
                Ok(Job::Close(done)) => {
                    *closing = Some(done);
                    break;
                }
                Err(_) => break,
            }
        }
        sqlx::query("COMMIT").execute(&mut *conn).await?;
        Ok(())
    }

    /// Closes a connection whose transaction failed: SQLite may have rolled back by itself, and
    /// what ran on it after that would be committed one by one.
    async fn abandon_connection(&mut self) {
        if let Some(mut conn) = self.conn.take() {
            let _ = sqlx::query("ROLLBACK").execute(&mut conn).await;
            let _ = conn.close().await;
        }
    }

    async fn finish(&mut self, closing: oneshot::Sender<()>) {
        self.urgent_queue.close();
        self.ordinary_queue.close();
        while let Ok(job) = self.urgent_queue.try_recv().or_else(|_| self.ordinary_queue.try_recv())
        {
            match job {
                Job::Write(queued) => {
                    self.commit_batch(queued).await;
                }
                Job::Close(done) => {
                    let _ = done.send(());
                }
            }
        }
        if let Some(conn) = self.conn.take() {
            let _ = conn.close().await;
        }
        let _ = closing.send(());
    }
}

/// Executes one operation inside the open transaction. An error is one that ends the batch; that of
/// the operation alone is kept for its caller.
async fn execute(
    queued: &mut dyn Queued,
    conn: &mut SqliteConnection,
    now: &Now,
) -> Result<(), sqlx::Error> {
    let bracketed = !queued.single_statement();
    if bracketed {
        sqlx::query("SAVEPOINT operation").execute(&mut *conn).await?;
    }
    let failed =
        queued.execute(Tx { conn: &mut *conn, now, persistent: true, revoked_at: None }).await?;
    if failed && bracketed {
        sqlx::query("ROLLBACK TO operation").execute(&mut *conn).await?;
    }
    if bracketed {
        sqlx::query("RELEASE operation").execute(&mut *conn).await?;
    }
    Ok(())
}

/// An operation in the queue, whatever its type.
trait Queued: Send {
    fn single_statement(&self) -> bool;

    /// Executes it and keeps the outcome. `true` is a failure of this operation alone, which leaves
    /// the rest of the batch as it is.
    fn execute<'a>(&'a mut self, tx: Tx<'a>) -> Execution<'a>;

    /// Tells the caller the outcome, which is durable `now`.
    fn settle(self: Box<Self>, now: Timestamp);

    /// Tells the caller that nothing was changed.
    fn fail(self: Box<Self>, message: &str);
}

type Execution<'a> = Pin<Box<dyn Future<Output = Result<bool, sqlx::Error>> + Send + 'a>>;

struct Pending<O: Operation> {
    operation: O,
    output: Option<Result<O::Output, StorageError>>,
    reply: oneshot::Sender<Result<O::Output, StorageError>>,
    revoked_at: Option<Timestamp>,
}

impl<O: Execute<Engine>> Queued for Pending<O> {
    fn single_statement(&self) -> bool {
        O::SINGLE_STATEMENT
    }

    fn execute<'a>(&'a mut self, mut tx: Tx<'a>) -> Execution<'a> {
        Box::pin(async move {
            let outcome = self.operation.execute(&mut tx).await;
            let failed = outcome.is_err();
            self.revoked_at = tx.revoked_at;
            match outcome {
                Err(DbError::Sql(error)) if DbError::severity_of(&error) != Severity::Operation => {
                    return Err(error);
                }
                // Without brackets around it, it cannot be undone alone.
                Err(error @ (DbError::Corrupt { .. } | DbError::Abandoned))
                    if O::SINGLE_STATEMENT =>
                {
                    return Err(into_sqlx(StorageError::from(error)));
                }
                outcome => self.output = Some(outcome.map_err(StorageError::from)),
            }
            Ok(failed)
        })
    }

    fn settle(self: Box<Self>, now: Timestamp) {
        let output = self.output.unwrap_or_else(|| Err(unavailable("the batch ended early")));
        let output = output.and_then(|it| check_commit(self.revoked_at, now).map(|()| it));
        // A caller that has left does not undo what was committed.
        let _ = self.reply.send(output);
    }

    fn fail(self: Box<Self>, message: &str) {
        let _ = self.reply.send(Err(unavailable(message)));
    }
}

fn unavailable(message: &str) -> StorageError {
    StorageError::Unavailable(message.to_owned())
}

fn into_sqlx(error: impl std::error::Error) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(error.to_string()))
}

#[expect(clippy::cast_precision_loss, reason = "a batch has at most 256 operations")]
fn len(batch: &[Box<dyn Queued>]) -> f64 {
    batch.len() as f64
}

const ORDINARY_QUEUE: usize = 4096;
const URGENT_QUEUE: usize = 1024;
const MAX_BATCH: usize = 256;
const MAX_WORK: Duration = Duration::from_millis(20);

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
