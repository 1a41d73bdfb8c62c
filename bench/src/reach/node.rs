//! A node: the server's own binary, built like this program.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::admin::get;
use super::database::Cluster;
use super::relay::Relay;
use crate::figures::Failure;

/// A running node and the folder that it keeps things in. It ends with this value.
pub(super) struct Node {
    process: Child,
    home: TempDir,
    /// Where this node listens.
    pub(super) url: String,
    /// The issuer, which is the URL of the node that the APIs talk to.
    pub(super) issuer: String,
    secrets: String,
}

/// Builds the server in the profile of a release.
pub(super) fn build() -> Result<(), Failure> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--package", "chancery", "--bin", "chancery"])
        .status()?;
    if status.success() { Ok(()) } else { Err("the server could not be built".into()) }
}

impl Node {
    /// A node of its own, on SQLite.
    pub(super) async fn embedded() -> Result<Self, Failure> {
        let url = free_url()?;
        Self::start(&url, &url, None, None).await
    }

    /// Two nodes on one database, the second of which is the one that the issuer's name leads to.
    pub(super) async fn pair(cluster: &Cluster) -> Result<(Self, Self), Failure> {
        let (first, second) = (free_url()?, free_url()?);
        // The first run, with its secrets and its master key, is the second node's.
        let here = Self::start(&second, &second, Some(cluster), None).await?;
        let mut there = Self::start(&first, &second, Some(cluster), Some(&here)).await?;
        there.secrets.clone_from(&here.secrets);
        Ok((there, here))
    }

    /// A node whose name leads to it over a relay.
    pub(super) async fn behind_a_relay() -> Result<(Self, Relay), Failure> {
        let url = free_url()?;
        let relay = Relay::start(url.trim_start_matches("http://").to_owned()).await?;
        Ok((Self::start(&url, &relay.url, None, None).await?, relay))
    }

    async fn start(
        url: &str,
        issuer: &str,
        cluster: Option<&Cluster>,
        first: Option<&Self>,
    ) -> Result<Self, Failure> {
        let home = TempDir::new()?;
        let data = first.map_or(home.path(), |first| first.home.path()).join("data");
        let log = std::fs::File::create(home.path().join("log"))?;
        let mut command = Command::new(binary()?);
        command
            .env("CHANCERY_LISTEN", url.trim_start_matches("http://"))
            .env("CHANCERY_ISSUER", issuer)
            .env("CHANCERY_DATA_DIR", &data)
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        if let Some(cluster) = cluster {
            command.env("CHANCERY_DATABASE_URL", cluster.url());
        }
        let process = command.spawn()?;
        let (url, issuer) = (url.to_owned(), issuer.to_owned());
        let mut node = Self { process, home, url, issuer, secrets: String::new() };
        node.ready().await?;
        node.secrets = std::fs::read_to_string(data.join("first-run.env"))?;
        Ok(node)
    }

    async fn ready(&self) -> Result<(), Failure> {
        for _ in 0..200 {
            if get(&format!("{}/readyz", self.url)).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = std::fs::read_to_string(self.home.path().join("log"))?;
        Err(format!("the server did not become ready: {log}").into())
    }

    /// A value of what the first run has written down.
    pub(super) fn secret(&self, name: &str) -> Result<&str, Failure> {
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

/// The server beside this program.
fn binary() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    Ok(own.with_file_name("chancery"))
}

fn free_url() -> Result<String, Failure> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(format!("http://{}", listener.local_addr()?))
}
