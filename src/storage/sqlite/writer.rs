//! The one writer: it runs every queued operation in one transaction and commits them together.
//!
//! A commit costs the same for one operation as for a hundred, so a busy server commits as often as
//! the disk allows and each commit carries what has queued up meanwhile. No caller hears a result
//! before the commit has returned, and an operation whose caller has left is executed all the same.

use std::iter;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::super::Now;
use super::super::error::{DbError, Severity, StorageError};
use super::super::operation::{Execute, Operation, Statements, check_commit};
use super::Engine;
use super::driver::{Direct, at_once};
use super::open::Place;
use super::queue::{Queue, Refused};
use crate::protocol::time::Timestamp;

/// The way to the writer's thread, which ends with the last of these.
#[derive(Clone)]
pub(super) struct Writer(Arc<Way>);

struct Way {
    queue: Arc<Queue<Box<dyn Queued>>>,
    /// Closed by the thread when it has ended.
    ended: watch::Receiver<()>,
}

impl Drop for Way {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Writer {
    pub(super) fn start(place: Place, now: Now) -> Result<Self, StorageError> {
        let conn = place.connect(true)?;
        let queue = Arc::new(Queue::new());
        let (ending, ended) = watch::channel(());
        let work = Work { place, now, conn: Some(conn), queue: queue.clone() };
        let thread = std::thread::Builder::new().name("sqlite-writer".to_owned());
        let started = thread.spawn(move || {
            work.run();
            drop(ending);
        });
        started.map_err(|error| unavailable(&format!("the writer did not start: {error}")))?;
        Ok(Self(Arc::new(Way { queue, ended })))
    }

    pub(super) async fn write<O: Execute<Engine>>(
        &self,
        operation: O,
    ) -> Result<O::Output, StorageError> {
        let (reply, answer) = oneshot::channel();
        let pending = Pending {
            operation,
            reply,
            output: None,
            statements: Statements::here(),
            revoked_at: None,
        };
        self.0.queue.push(Box::new(pending), O::URGENT).map_err(|refused| match refused {
            Refused::Full => unavailable("the queue of writes is full"),
            Refused::Closed => unavailable("the writer has stopped"),
        })?;
        answer.await.map_err(|_| unavailable("the writer has stopped"))?
    }

    /// Takes nothing more, and waits for what was taken to be committed.
    pub(super) async fn close(&self) {
        self.0.queue.close();
        // Nothing is ever sent: what comes is the end.
        let _ = self.0.ended.clone().changed().await;
    }
}

/// However the thread ends: what is still in the queue is dropped, and its callers are told.
impl Drop for Work {
    fn drop(&mut self) {
        self.queue.close();
        while self.queue.try_next().is_some() {}
    }
}

/// What the thread does.
struct Work {
    place: Place,
    now: Now,
    conn: Option<Direct>,
    queue: Arc<Queue<Box<dyn Queued>>>,
}

impl Work {
    fn run(mut self) {
        while let Some(first) = self.queue.next() {
            self.commit_batch(first);
        }
    }

    /// Runs `first` and what has queued up behind it.
    fn commit_batch(&mut self, first: Box<dyn Queued>) {
        let mut batch = vec![first];
        let result = self.run_batch(&mut batch);
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
                self.abandon_connection();
                for queued in batch {
                    queued.fail(&message);
                }
            }
        }
    }

    fn run_batch(&mut self, batch: &mut Vec<Box<dyn Queued>>) -> Result<(), sqlx::Error> {
        let started = (self.now)();
        let Self { conn, now, place, queue } = self;
        let conn = match begin(conn, place) {
            Ok(conn) => conn,
            Err(error) => {
                // Who has queued up behind it would wait as long for the same, one after the other.
                batch.extend(iter::from_fn(|| queue.try_next()));
                return Err(error);
            }
        };
        loop {
            // Only the last of the batch is not executed yet.
            if let Some(queued) = batch.last_mut() {
                execute(queued.as_mut(), conn, now)?;
            }
            if batch.len() >= MAX_BATCH || now().since(started) >= MAX_WORK {
                break;
            }
            match queue.next_in_a_moment() {
                Some(queued) => batch.push(queued),
                None => break,
            }
        }
        conn.command("COMMIT")
    }

    /// Closes a connection whose transaction failed: SQLite may have rolled back by itself, and
    /// what ran on it after that would be committed one by one.
    fn abandon_connection(&mut self) {
        if let Some(mut conn) = self.conn.take() {
            let _ = conn.command("ROLLBACK");
        }
    }
}

/// Begins a transaction, on a new connection where there is none.
fn begin<'c>(conn: &'c mut Option<Direct>, place: &Place) -> Result<&'c mut Direct, sqlx::Error> {
    let conn = match conn {
        Some(conn) => conn,
        None => conn.insert(place.connect(true)?),
    };
    conn.command("BEGIN IMMEDIATE")?;
    Ok(conn)
}

/// Executes one operation inside the open transaction. An error is one that ends the batch; that of
/// the operation alone is kept for its caller.
fn execute(queued: &mut dyn Queued, conn: &mut Direct, now: &Now) -> Result<(), sqlx::Error> {
    let bracketed = !queued.single_statement();
    if bracketed {
        conn.command("SAVEPOINT operation")?;
    }
    let failed = at_once(queued.execute(conn, now))??;
    if failed && bracketed {
        conn.command("ROLLBACK TO operation")?;
    }
    if bracketed {
        conn.command("RELEASE operation")?;
    }
    Ok(())
}

/// An operation in the queue, whatever its type.
trait Queued: Send {
    fn single_statement(&self) -> bool;

    /// Executes it and keeps the outcome. `true` is a failure of this operation alone, which leaves
    /// the rest of the batch as it is.
    fn execute<'a>(&'a mut self, conn: &'a mut Direct, now: &'a Now) -> Execution<'a>;

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
    statements: Statements,
    revoked_at: Option<Timestamp>,
}

impl<O: Execute<Engine>> Queued for Pending<O> {
    fn single_statement(&self) -> bool {
        O::SINGLE_STATEMENT
    }

    fn execute<'a>(&'a mut self, conn: &'a mut Direct, now: &'a Now) -> Execution<'a> {
        Box::pin(async move {
            let mut tx = super::tx(conn, now, self.statements.clone());
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

#[expect(clippy::cast_precision_loss, reason = "no more than the queue holds")]
fn len(batch: &[Box<dyn Queued>]) -> f64 {
    batch.len() as f64
}

const MAX_BATCH: usize = 256;
const MAX_WORK: Duration = Duration::from_millis(20);

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
