//! Owns the PostgreSQL databases of the tests: one server per test process, one database per test.
//! Must not import the crate under test: a test hands in the function that migrates a database.
//!
//! The server is a private cluster of the installed programs that ends with the process, or the one
//! that `TEST_POSTGRES_URL` names (a superuser's URL). Nothing here belongs to a tokio runtime that
//! ends with a test: `#[tokio::test]` gives every test one of its own.

mod admin;
mod cluster;
mod pooler;
#[cfg(test)]
mod tests;

use std::env;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::OnceCell;
use url::Url;

use admin::{Admin, PREFIX};
use cluster::Cluster;
pub(crate) use cluster::{on_path, program};
pub(crate) use pooler::Pooler;

/// Why a test cannot run on this machine. A server that is there and fails panics instead.
#[derive(Clone, Debug)]
pub(crate) struct Skip {
    /// For people: what is missing.
    pub(crate) reason: String,
}

/// Says that a test did not run, past libtest's capture; in CI that is a failure.
///
/// # Panics
/// If the environment has `CI=true`: there a skipped test would go unseen for ever.
#[expect(
    clippy::disallowed_methods,
    reason = "CI and the test server are the environment's to say"
)]
pub(crate) fn skip_or_fail(test_name: &str, reason: &str) {
    assert!(
        env::var("CI").as_deref() != Ok("true"),
        "{test_name} must not be skipped in CI: {reason}"
    );
    // Not `eprintln!`, which libtest captures and then shows for failed tests only.
    writeln!(io::stderr(), "SKIPPED {test_name}: {reason}").unwrap_or_default();
}

/// A database of one test. It is dropped with this value, or ends with the private cluster.
pub(crate) struct TestDatabase {
    server: &'static Server,
    name: String,
    url: String,
}

impl TestDatabase {
    /// The URL of this database, for a user who may do anything in it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Dropping makes a checkpoint, which is wasted on a cluster that is about to be removed.
        if self.server.cluster.is_none()
            && let Err(error) = self.server.drop_database(&self.name)
        {
            eprintln!("{} stays until the next run: {error}", self.name);
        }
    }
}

/// A new database with the schema that `migrate` makes, given the URL of an empty one.
///
/// `migrate` runs once per process, on the template that all these databases are copied from, so
/// every caller must hand in the same function. It must not leave a task with a connection behind.
///
/// # Panics
/// If the server or `migrate` fails.
pub(crate) async fn database<M, E>(migrate: M) -> Result<TestDatabase, Skip>
where
    M: AsyncFnOnce(&str) -> Result<(), E>,
    E: fmt::Display,
{
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    copy_of(&TEMPLATE, migrate).await
}

/// A new database without any schema, for tests of the migrations themselves.
///
/// # Panics
/// If the server fails.
pub(crate) fn empty_database() -> Result<TestDatabase, Skip> {
    Ok(Server::shared()?.create("template0"))
}

async fn copy_of<M, E>(template: &OnceCell<String>, migrate: M) -> Result<TestDatabase, Skip>
where
    M: AsyncFnOnce(&str) -> Result<(), E>,
    E: fmt::Display,
{
    let server = Server::shared()?;
    let template = template.get_or_init(|| server.template(migrate)).await;
    Ok(server.create(template))
}

/// The server of this process and what names its databases.
struct Server {
    base: Url,
    admin: Admin,
    run: u64,
    /// `None` for the server of `TEST_POSTGRES_URL`, which outlives the process.
    cluster: Option<Cluster>,
}

impl Server {
    fn shared() -> Result<&'static Self, Skip> {
        static SERVER: OnceLock<Result<Server, Skip>> = OnceLock::new();
        SERVER.get_or_init(Self::open).as_ref().map_err(Skip::clone)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "CI and the test server are the environment's to say"
    )]
    fn open() -> Result<Self, Skip> {
        let (url, cluster) = match env::var("TEST_POSTGRES_URL") {
            Ok(url) => (url, None),
            Err(_) => Cluster::start().map(|cluster| (cluster.url().to_owned(), Some(cluster)))?,
        };
        // The standard library seeds its hashers from the system, which keeps runs apart.
        let run = RandomState::new().hash_one("run");
        let base = Url::parse(&url).unwrap_or_else(|e| panic!("TEST_POSTGRES_URL: {e}"));
        let admin = Admin::connect(url, run).unwrap_or_else(|e| panic!("no PostgreSQL: {e}"));
        Ok(Self { base, admin, run, cluster })
    }

    /// Makes a template, and gives its name. If `migrate` fails the next test tries again.
    async fn template<M, E>(&self, migrate: M) -> String
    where
        M: AsyncFnOnce(&str) -> Result<(), E>,
        E: fmt::Display,
    {
        let name = self.next_name();
        self.execute(format!("CREATE DATABASE {name} TEMPLATE template0"));
        if let Err(error) = migrate(&self.url(&name)).await {
            panic!("the test database cannot be migrated: {error}");
        }
        // A database can be copied only while nobody is connected to it. Connections that are just
        // closing are waited for by the server.
        self.execute(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
        name
    }

    fn create(&'static self, template: &str) -> TestDatabase {
        let name = self.next_name();
        self.execute(format!("CREATE DATABASE {name} TEMPLATE {template}"));
        let url = self.url(&name);
        TestDatabase { server: self, name, url }
    }

    fn execute(&self, sql: String) {
        let shown = sql.clone();
        self.admin.execute(sql).unwrap_or_else(|e| panic!("{shown}: {e}"));
    }

    fn drop_database(&self, name: &str) -> sqlx::Result<()> {
        self.admin.execute(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    }

    fn next_name(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        format!("{PREFIX}{:016x}_{number}", self.run)
    }

    fn url(&self, database: &str) -> String {
        let mut url = self.base.clone();
        url.set_path(database);
        url.into()
    }
}

/// A cluster of one test alone, for tests that take the database away. It ends with this value.
pub(crate) struct OwnCluster {
    cluster: Arc<Mutex<Cluster>>,
    url: String,
}

impl OwnCluster {
    /// Creates and starts a cluster, always from the installed programs.
    ///
    /// # Panics
    /// If the programs are there and fail, as for all of these.
    pub(crate) async fn start() -> Result<Self, Skip> {
        Ok(Self::of(blocking(Cluster::start).await?))
    }

    /// The same with a file system of 64 MiB that it alone sees, for tables in `/mnt/small`.
    ///
    /// # Panics
    /// As for [`OwnCluster::start`].
    pub(crate) async fn start_with_room_for_tables() -> Result<Self, Skip> {
        Ok(Self::of(blocking(|| Cluster::start_with_a_small_disk("")).await?))
    }

    /// The same with its write-ahead log there.
    ///
    /// # Panics
    /// As for [`OwnCluster::start`].
    pub(crate) async fn start_with_room_for_its_log() -> Result<Self, Skip> {
        let options = "--waldir=/mnt/small --wal-segsize=1";
        Ok(Self::of(blocking(move || Cluster::start_with_a_small_disk(options)).await?))
    }

    /// Takes all room of the file system.
    pub(crate) async fn take_room(&self) {
        self.ask("fill").await;
    }

    /// Gives it back.
    pub(crate) async fn give_room(&self) {
        self.ask("free").await;
    }

    /// Starts the server again, whether it runs or has given up.
    pub(crate) async fn start_over(&self) {
        self.ask("restart").await;
    }

    fn of(cluster: Cluster) -> Self {
        let url = cluster.url().to_owned();
        Self { cluster: Arc::new(Mutex::new(cluster)), url }
    }

    /// The URL of an empty database; the same before and after a restart.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server as a crash would: every connection is cut, nothing is flushed.
    pub(crate) async fn stop_immediate(&self) {
        self.ask("stop").await;
    }

    /// Ends its parent process by SIGKILL; the children follow by themselves.
    pub(crate) async fn kill(&self) {
        self.ask("kill").await;
    }

    /// Starts the stopped server again at the same URL, and waits until it has recovered.
    pub(crate) async fn restart(&self) {
        self.ask("start").await;
    }

    async fn ask(&self, request: &'static str) {
        let cluster = Arc::clone(&self.cluster);
        blocking(move || cluster.lock().unwrap_or_else(PoisonError::into_inner).ask(request)).await;
    }
}

/// Off the test's runtime, which may be serving the very requests that the test is about.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
