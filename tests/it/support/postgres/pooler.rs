//! Owns one private PgBouncer in transaction mode, in front of a server of the tests.
//! Must not import sqlx or tokio, as the clusters do not.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Child;

use url::Url;

use super::Skip;
use super::cluster::{on_path, supervise};

/// A running pooler. It ends with this value or with the test process, whichever comes first.
pub(crate) struct Pooler {
    supervisor: Child,
    url: String,
}

impl Pooler {
    /// Starts a pooler in front of the server of `database`, the URL of one of its databases.
    /// Without the program the test is to be skipped.
    ///
    /// # Panics
    /// If the program is there and fails.
    pub(crate) fn start(database: &str) -> Result<Self, Skip> {
        if program().is_none() {
            return Err(Skip { reason: "PgBouncer is not installed".to_owned() });
        }
        let mut url = Url::parse(database).unwrap();
        let socket = url.query_pairs().find(|(name, _)| name == "host").map(|(_, dir)| dir);
        let Some(socket) = socket.map(std::borrow::Cow::into_owned) else {
            return Err(Skip {
                reason: "the server of TEST_POSTGRES_URL has no socket".to_owned(),
            });
        };
        let script = include_str!("pooler.sh");
        let mut supervisor = supervise(script, &[&socket]).unwrap();
        let mut line = String::new();
        BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(("ok", dir)) = line.trim_end().split_once(' ') else {
            panic!("PgBouncer did not start: {line}");
        };
        url.set_port(Some(PORT)).unwrap();
        url.set_query(Some(&format!("host={dir}&sslmode=disable")));
        Ok(Self { supervisor, url: url.into() })
    }

    /// The database of [`Pooler::start`], through the pooler.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Pooler {
    /// Waits until the pooler is gone. `wait` closes the pipe first.
    fn drop(&mut self) {
        if let Err(error) = self.supervisor.wait() {
            eprintln!("PgBouncer's supervisor was lost: {error}");
        }
    }
}

/// Debian keeps it where only the administrator's `PATH` leads.
fn program() -> Option<PathBuf> {
    let debian = Some(PathBuf::from("/usr/sbin/pgbouncer")).filter(|file| file.is_file());
    on_path("pgbouncer").or(debian)
}

const PORT: u16 = 6432;
