//! Owns the one superuser connection that creates and drops the databases of the tests.
//! Must not import the crate under test, nor anything of a test's own runtime.

use std::sync::mpsc;
use std::thread;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// What every database of the tests is called: `chancery_test_RUN_…`, RUN in 16 hex digits.
pub(super) const PREFIX: &str = "chancery_test_";

/// A connection on a thread and a runtime of its own, as each test's runtime ends with the test.
///
/// While it lives it holds an advisory lock on its run's number. A run whose lock is free has
/// ended. What that one left behind, on a server that outlives it, is dropped by the next run.
pub(super) struct Admin {
    work: mpsc::Sender<Work>,
}

struct Work {
    sql: String,
    done: mpsc::Sender<sqlx::Result<()>>,
}

impl Admin {
    /// Connects to the server and drops the databases of runs that have ended.
    pub(super) fn connect(url: String, run: u64) -> sqlx::Result<Self> {
        let (work, requests) = mpsc::channel();
        let (connected, outcome) = mpsc::channel();
        thread::spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return connected.send(Err(error.into())).unwrap_or_default(),
            };
            // Waiting for work blocks this runtime, which has nothing else to do.
            runtime.block_on(async move {
                match open(&url, run).await {
                    Ok(connection) => {
                        connected.send(Ok(())).unwrap_or_default();
                        serve(connection, requests).await;
                    }
                    Err(error) => connected.send(Err(error)).unwrap_or_default(),
                }
            });
        });
        outcome.recv().unwrap_or(Err(sqlx::Error::WorkerCrashed))?;
        Ok(Self { work })
    }

    /// Runs one statement and blocks until it is done, so that `Drop` can call it too.
    pub(super) fn execute(&self, sql: String) -> sqlx::Result<()> {
        let (done, outcome) = mpsc::channel();
        let sent = self.work.send(Work { sql, done });
        sent.map_err(|_| sqlx::Error::WorkerCrashed)?;
        outcome.recv().unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

async fn serve(mut connection: PgConnection, requests: mpsc::Receiver<Work>) {
    for Work { sql, done } in requests {
        let outcome = execute(&mut connection, sql).await;
        // Nobody listens any more when the test was ended meanwhile.
        done.send(outcome).unwrap_or_default();
    }
}

async fn open(url: &str, run: u64) -> sqlx::Result<PgConnection> {
    let mut connection = PgConnection::connect(url).await?;
    // Before the first database of this run exists, so that no other run takes it for a dead one's.
    try_lock(&mut connection, run).await?;
    drop_ended_runs(&mut connection, run).await?;
    Ok(connection)
}

async fn drop_ended_runs(connection: &mut PgConnection, own: u64) -> sqlx::Result<()> {
    let names: Vec<String> = sqlx::query_scalar("SELECT datname::text FROM pg_database")
        .fetch_all(&mut *connection)
        .await?;
    for name in names {
        let Some(run) = run_of(&name).filter(|run| *run != own) else {
            continue;
        };
        if try_lock(connection, run).await? {
            execute(connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        }
    }
    Ok(())
}

/// The run that a database of the tests belongs to; `None` for any other name.
fn run_of(name: &str) -> Option<u64> {
    let (run, rest) = name.strip_prefix(PREFIX)?.split_once('_')?;
    let ours =
        run.len() == 16 && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    u64::from_str_radix(run, 16).ok().filter(|_| ours)
}

/// Whether this connection holds the run's lock now. The server gives it back with the connection.
async fn try_lock(connection: &mut PgConnection, run: u64) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(run.cast_signed())
        .fetch_one(connection)
        .await
}

async fn execute(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    // The names in these statements are made here, of letters, digits and underscores.
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::run_of;

    #[test]
    fn only_databases_of_the_tests_are_ever_dropped() {
        assert_eq!(run_of("chancery_test_00000000000000ff_12"), Some(255));
        assert_eq!(run_of("chancery_test_00000000000000ff_template"), Some(255));
        let others =
            ["chancery", "chancery_test_ff_1", "chancery_test_00000000000000ff", "postgres"];
        assert!(others.iter().all(|name| run_of(name).is_none()));
        assert_eq!(run_of("chancery_test_00000000000000ff_1; x"), None);
    }
}
