//! Reading, on threads that may wait for the disk.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::super::error::{DbError, Severity, StorageError};
use super::super::operation::{Execute, Statements};
use super::super::{Now, StoreOptions};
use super::Engine;
use super::driver::{Direct, at_once};
use super::open::Place;

/// Some connections, opened when they are needed first.
#[derive(Clone)]
pub(super) struct Readers(Arc<Pool>);

struct Pool {
    place: Place,
    now: Now,
    permits: Arc<Semaphore>,
    connections: u32,
    idle: Mutex<Vec<Direct>>,
    patience: Duration,
}

impl Readers {
    pub(super) fn new(place: Place, options: StoreOptions, now: Now) -> Self {
        let StoreOptions { connections, acquire_timeout: patience, .. } = options;
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
        let (pool, statements) = (self.0.clone(), Statements::here());
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            pool.read(&operation, statements)
        });
        reading.await.map_err(|_| unavailable("a reader ended abnormally"))?
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
    fn read<O: Execute<Engine>>(
        &self,
        operation: &O,
        statements: Statements,
    ) -> Result<O::Output, StorageError> {
        let waiting = self.idle().pop();
        let mut conn = waiting.map_or_else(|| self.place.connect(false), Ok)?;
        let mut tx = super::tx(&mut conn, &self.now, statements);
        let outcome = at_once(operation.execute(&mut tx))?;
        let is_broken = matches!(&outcome, Err(DbError::Sql(error))
            if DbError::severity_of(error) != Severity::Operation);
        if !is_broken && !self.permits.is_closed() {
            self.idle().push(conn);
        }
        Ok(outcome?)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Direct>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(message: &str) -> StorageError {
    StorageError::Unavailable(message.to_owned())
}
