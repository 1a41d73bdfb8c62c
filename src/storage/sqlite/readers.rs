//! Reading, on threads that may wait for the disk. Each has its connection, so that what the library keeps for
//! that is in one piece.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::super::error::{DbError, Severity, StorageError};
use super::super::operation::{Execute, Statements};
use super::super::{Now, StoreOptions};
use super::Engine;
use super::driver::{Direct, at_once};
use super::open::Place;
use crate::worker::Worker;

/// Some readers, each made when it is needed first.
#[derive(Clone)]
pub(super) struct Readers(Arc<Pool>);

struct Pool {
    place: Place,
    now: Now,
    permits: Arc<Semaphore>,
    connections: u32,
    /// The one that was used last is at the end, and is used next.
    idle: Mutex<Vec<Reader>>,
    patience: Duration,
}

/// A thread, and the connection that is used on it alone.
struct Reader {
    worker: Worker,
    /// None before it is used first.
    conn: Option<Direct>,
}

impl Readers {
    pub(super) fn new(place: Place, options: StoreOptions, now: Now) -> Self {
        let StoreOptions { connections, acquire_timeout: patience, .. } = options;
        let connections = connections.min(useful());
        let permits = Arc::new(Semaphore::new(connections as usize));
        let idle = Mutex::default();
        Self(Arc::new(Pool { place, now, permits, connections, idle, patience }))
    }

    pub(super) async fn read<O: Execute<Engine>>(
        &self,
        operation: O,
    ) -> Result<O::Output, StorageError> {
        let permit = timeout(self.0.patience, self.0.permits.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| unavailable("too many read at once"))?;
        let permit = permit.map_err(|_| unavailable("the database is closed"))?;
        let reader = self.0.reader()?;
        let (pool, statements, worker) =
            (self.0.clone(), Statements::here(), reader.worker.clone());
        let (reply, answer) = oneshot::channel();
        worker.run(move || {
            let read = pool.read(reader, &operation, statements);
            drop(permit);
            // Nobody may be there to hear it any more.
            let _ = reply.send(read);
        });
        answer.await.map_err(|_| unavailable("a reader ended abnormally"))?
    }

    /// Lets those who read finish, and closes every connection.
    pub(super) async fn close(&self) {
        // Who hangs is waited for as long as anybody waits for a connection.
        let all = timeout(self.0.patience, self.0.permits.acquire_many(self.0.connections)).await;
        self.0.permits.close();
        // Before that they would be those of whoever waits in line.
        drop(all);
        self.0.idle().clear();
    }
}

impl Pool {
    fn reader(&self) -> Result<Reader, StorageError> {
        if let Some(reader) = self.idle().pop() {
            return Ok(reader);
        }
        let worker = Worker::start("sqlite-reader", || ());
        let worker = worker.map_err(|error| unavailable(&format!("no reader started: {error}")))?;
        Ok(Reader { worker, conn: None })
    }

    fn read<O: Execute<Engine>>(
        &self,
        mut reader: Reader,
        operation: &O,
        statements: Statements,
    ) -> Result<O::Output, StorageError> {
        let mut conn = reader.conn.take().map_or_else(|| self.place.connect(false), Ok)?;
        let mut tx = super::tx(&mut conn, &self.now, statements);
        let outcome = at_once(operation.execute(&mut tx))?;
        let is_broken = matches!(&outcome, Err(DbError::Sql(error))
            if DbError::severity_of(error) != Severity::Operation);
        if !is_broken && !self.permits.is_closed() {
            reader.conn = Some(conn);
            self.idle().push(reader);
        }
        Ok(outcome?)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many readers are of any use: as many as run at once, and some who wait for the disk meanwhile. Each more
/// would take a megabyte or two for nothing.
fn useful() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(cores).unwrap_or(u32::MAX).saturating_add(2)
}

fn unavailable(message: &str) -> StorageError {
    StorageError::Unavailable(message.to_owned())
}
