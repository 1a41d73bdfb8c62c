//! The connections of a node. sqlx's own pool asks the server whether a connection is alive whenever
//! one is taken, and again whenever it is given back: two more answers to wait for in each operation,
//! which itself is one or two. Here a connection that was used a moment ago is taken as it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::super::StoreOptions;
use super::super::error::StorageError;

/// Some connections, opened when they are needed first.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    connect: PgConnectOptions,
    permits: Arc<Semaphore>,
    connections: u32,
    /// The one that was used last is at the end, and is used next.
    idle: Mutex<Vec<Idle>>,
    patience: Duration,
}

struct Idle {
    conn: PgConnection,
    opened: Instant,
    used: Instant,
}

/// A connection on loan, or the place for one. One that is dropped, since whoever asked has gone
/// away, may still have an answer to come: it is waited for elsewhere.
pub(super) struct Lent {
    conn: Option<PgConnection>,
    opened: Instant,
    shared: Arc<Shared>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Pool {
    pub(super) fn new(connect: PgConnectOptions, options: StoreOptions) -> Self {
        let StoreOptions { connections, acquire_timeout: patience, .. } = options;
        let permits = Arc::new(Semaphore::new(connections as usize));
        let idle = Mutex::default();
        Self(Arc::new(Shared { connect, permits, connections, idle, patience }))
    }

    /// How connections are opened.
    pub(super) fn connect_options(&self) -> &PgConnectOptions {
        &self.0.connect
    }

    /// Until when one waits who asks now.
    pub(super) fn deadline(&self) -> Instant {
        now() + self.0.patience
    }

    /// A connection that was alive a moment ago. One that is free, and was used just now, is to be had
    /// after the deadline too.
    pub(super) async fn take(&self, deadline: Instant) -> Result<Lent, StorageError> {
        match timeout_at(deadline, self.taken()).await {
            Ok(lent) => lent,
            Err(_) => Err(unavailable("no connection was free in time")),
        }
    }

    /// Lets those who have a connection finish, and closes every other.
    pub(super) async fn close(&self) {
        // Who hangs is waited for as long as anybody waits for a connection.
        let all = timeout(self.0.patience, self.0.permits.acquire_many(self.0.connections)).await;
        self.0.permits.close();
        // Before that they would be those of whoever waits in line.
        drop(all);
        let idle = std::mem::take(&mut *self.0.idle());
        for Idle { conn, .. } in idle {
            // It is gone either way.
            let _ = conn.close().await;
        }
    }

    async fn taken(&self) -> Result<Lent, StorageError> {
        let permit = self.0.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| unavailable("the database is closed"))?;
        // Nothing is lost where nobody waits for the rest of this: what is on loan comes back.
        let mut lent =
            Lent { conn: None, opened: now(), shared: self.0.clone(), permit: Some(permit) };
        while let Some(Idle { conn, opened, used }) = self.0.next() {
            (lent.conn, lent.opened) = (Some(conn), opened);
            if now().duration_since(used) < TRUSTED || lent.conn().ping().await.is_ok() {
                return Ok(lent);
            }
        }
        lent.conn = Some(self.0.connect.connect().await?);
        lent.opened = now();
        Ok(lent)
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Idle> {
        self.idle().pop()
    }

    /// Keeps a connection for the next, and lets go of what is old.
    fn keep(&self, conn: PgConnection, opened: Instant) {
        let used = now();
        if self.permits.is_closed() || used.duration_since(opened) > LONGEST {
            return end(conn);
        }
        let mut idle = self.idle();
        idle.push(Idle { conn, opened, used });
        let unused = |one: &Idle| used.duration_since(one.used) > UNUSED;
        let old = idle.first().is_some_and(unused).then(|| idle.remove(0));
        drop(idle);
        if let Some(old) = old {
            end(old.conn);
        }
    }
}

impl Lent {
    /// The connection.
    pub(super) fn conn(&mut self) -> &mut PgConnection {
        #[expect(clippy::expect_used, reason = "it is there until this value ends")]
        self.conn.as_mut().expect("a connection on loan is there")
    }

    /// Gives it back, with nothing to come any more.
    pub(super) fn give_back(mut self) {
        if let Some(conn) = self.conn.take() {
            self.shared.keep(conn, self.opened);
        }
    }

    /// Lets go of a connection that is not to be relied on, and of the others, which came the same way
    /// and may have ended with it.
    pub(super) fn abandon(mut self) {
        self.conn = None;
        self.shared.idle().clear();
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        let (shared, opened, permit) = (self.shared.clone(), self.opened, self.permit.take());
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            // What was asked is answered, and what was begun is undone: also a transaction of which its
            // caller has not heard yet that it has begun. Nearly always there is none, and the database
            // would warn of a `ROLLBACK` alone.
            if matches!(timeout(PATIENCE, conn.execute("BEGIN; ROLLBACK")).await, Ok(Ok(_))) {
                shared.keep(conn, opened);
            } else {
                shared.idle().clear();
            }
            drop(permit);
        });
    }
}

/// Says good-bye, if there is still somebody to hear it.
fn end(conn: PgConnection) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(timeout(PATIENCE, conn.close()));
    }
}

fn unavailable(message: &str) -> StorageError {
    StorageError::Unavailable(message.to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the age of a connection, and a deadline, are real time"
)]
fn now() -> Instant {
    Instant::now()
}

/// How long after its last use a connection is taken to be alive.
const TRUSTED: Duration = Duration::from_secs(1);
/// How long a connection may be idle, and how long it may be open: a server that took over for
/// another, or a balancer, gets its share in time.
const UNUSED: Duration = Duration::from_mins(10);
const LONGEST: Duration = Duration::from_mins(30);
/// How long the end of an answer is waited for that nobody wants any more.
const PATIENCE: Duration = Duration::from_secs(10);
