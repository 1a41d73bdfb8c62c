//! A node: the server's own binary, built like this program.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::Cluster;
use super::http::get;
use crate::figures::{Failure, now};

/// A running node and the folder that it keeps things in. It ends with this value.
pub(crate) struct Node {
    command: Command,
    process: Child,
    home: TempDir,
    /// Where this node listens.
    pub(crate) url: String,
    /// The issuer, which is the URL of the node that the APIs talk to.
    pub(crate) issuer: String,
    secrets: String,
}

/// How a node is to be started.
#[derive(Default)]
pub(crate) struct Launch<'a> {
    /// Where it listens.
    pub(crate) url: String,
    /// Its issuer, where that is not where it listens.
    pub(crate) issuer: Option<String>,
    /// Its database on PostgreSQL, if it is to have one.
    pub(crate) database: Option<String>,
    /// The node with whose secrets and master key it is to start.
    pub(crate) first: Option<&'a Node>,
    /// Further variables of its environment.
    pub(crate) environment: &'a [(&'a str, &'a str)],
    /// The only processor that it is to run on.
    pub(crate) processor: Option<usize>,
}

/// Builds the server in the profile of a release, in the folder of what was built with this program.
pub(crate) fn build() -> Result<(), Failure> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--package", "chancery", "--bin", "chancery", "--target-dir"])
        .arg(target_folder()?)
        .status()?;
    if status.success() { Ok(()) } else { Err("the server could not be built".into()) }
}

impl Node {
    /// A node of its own, on SQLite.
    pub(crate) async fn embedded() -> Result<Self, Failure> {
        Self::start(Launch { url: free_url()?, ..Launch::default() }).await
    }

    /// Two nodes on one database, the second of which is the one that the issuer's name leads to.
    pub(crate) async fn pair(cluster: &Cluster) -> Result<(Self, Self), Failure> {
        let database = Some(cluster.url());
        // The first run, with its secrets and its master key, is the second node's.
        let launch = Launch { url: free_url()?, database: database.clone(), ..Launch::default() };
        let here = Self::start(launch).await?;
        let launch = Launch {
            url: free_url()?,
            issuer: Some(here.url.clone()),
            database,
            first: Some(&here),
            ..Launch::default()
        };
        let mut there = Self::start(launch).await?;
        there.secrets.clone_from(&here.secrets);
        Ok((there, here))
    }

    /// Starts a node and waits until it is ready.
    pub(crate) async fn start(launch: Launch<'_>) -> Result<Self, Failure> {
        let home = TempDir::new()?;
        let data = launch.first.map_or(home.path(), |first| first.home.path()).join("data");
        let issuer = launch.issuer.unwrap_or_else(|| launch.url.clone());
        let mut command = on(launch.processor, binary()?);
        command
            .env("CHANCERY_LISTEN", launch.url.trim_start_matches("http://"))
            .env("CHANCERY_ISSUER", &issuer)
            .env("CHANCERY_DATA_DIR", &data)
            .envs(launch.database.map(|url| ("CHANCERY_DATABASE_URL", url)))
            .envs(launch.environment.iter().copied())
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(home.path().join("log"))?);
        let process = command.spawn()?;
        let (url, secrets) = (launch.url, String::new());
        let mut node = Self { command, process, home, url, issuer, secrets };
        node.ready().await?;
        node.secrets = std::fs::read_to_string(data.join("first-run.env"))?;
        Ok(node)
    }

    /// Stops the server, starts it again, and answers how long it took until it was ready.
    pub(crate) async fn restart(&mut self) -> Result<Duration, Failure> {
        self.stop()?;
        self.start_again().await
    }

    /// Stops the server, and waits until it has.
    pub(crate) fn stop(&mut self) -> Result<(), Failure> {
        let stopped = Command::new("kill").arg(self.id().to_string()).status()?;
        if !stopped.success() || !self.process.wait()?.success() {
            return Err("the server did not stop as it should".into());
        }
        Ok(())
    }

    /// Starts the server that was stopped, and answers how long it took until it was ready.
    pub(crate) async fn start_again(&mut self) -> Result<Duration, Failure> {
        let start = now();
        self.process = self.command.spawn()?;
        self.ready().await?;
        Ok(start.elapsed())
    }

    /// Where its database is, if that is embedded.
    pub(crate) fn database_file(&self) -> PathBuf {
        self.home.path().join("data/chancery.db")
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    async fn ready(&self) -> Result<(), Failure> {
        for _ in 0..MOST_LOOKS {
            if get(&format!("{}/readyz", self.url)).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let log = std::fs::read_to_string(self.home.path().join("log"))?;
        Err(format!("the server did not become ready: {log}").into())
    }

    /// A value of what the first run has written down.
    pub(crate) fn secret(&self, name: &str) -> Result<&str, Failure> {
        let mut lines = self.secrets.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let value = value.ok_or_else(|| format!("first-run.env has no {name}"))?;
        Ok(value.trim_matches('\''))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Half a minute, or longer where a start takes most of the processor's time.
const MOST_LOOKS: u32 = 15_000;

/// A command that runs a program, on one processor alone if need be.
pub(crate) fn on(processor: Option<usize>, program: PathBuf) -> Command {
    let Some(processor) = processor else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &processor.to_string()]).arg(program);
    command
}

/// A URL of this machine at which nobody listens.
pub(crate) fn free_url() -> Result<String, Failure> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(format!("http://{}", listener.local_addr()?))
}

/// The folder of what was built with this program.
pub(crate) fn target_folder() -> Result<PathBuf, Failure> {
    let binary = binary()?;
    let folder = binary.ancestors().nth(2).ok_or("this program was not built by cargo")?;
    Ok(folder.to_owned())
}

/// The server beside this program.
fn binary() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    Ok(own.with_file_name("chancery"))
}
