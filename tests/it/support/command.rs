//! The `chancery` command, as an operator runs it: a process of its own, with an environment and a
//! folder of its own, on a database that another server may use at the same time.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use chancery::storage::DatabaseUrl;
use serde_json::Value;
use tempfile::TempDir;

use super::backend::{Backend, Place};
use super::server::{MASTER_KEY, TestServer};

/// A database, and the folder that the command runs in.
pub(crate) struct Installation {
    folder: TempDir,
    place: Arc<Place>,
}

/// A command that has run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Installation {
    /// An installation on a database without any table. `None` if the database is not to be had,
    /// which was said.
    pub(crate) fn empty(backend: Backend) -> Option<Self> {
        let place = Arc::new(backend.empty()?);
        Some(Self { folder: tempfile::tempdir().unwrap(), place })
    }

    /// An installation with tables, and nothing in them.
    pub(crate) fn migrated(backend: Backend) -> Option<Self> {
        let installation = Self::empty(backend)?;
        installation.run("migrate").ok();
        Some(installation)
    }

    /// Runs a command whose arguments hold no spaces.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        self.run_on(arguments, "")
    }

    /// Like [`Installation::run`], with a text on standard input.
    pub(crate) fn run_on(&self, arguments: &str, input: &str) -> Ran {
        self.run_with(arguments, input, &[])
    }

    /// Like [`Installation::run_on`], with further variables.
    pub(crate) fn run_with(&self, arguments: &str, input: &str, more: &[(&str, &str)]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chancery"))
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .env("CHANCERY_DATA_DIR", self.folder.path())
            .env("CHANCERY_DATABASE_URL", self.url())
            .env("CHANCERY_MASTER_KEY", MASTER_KEY)
            .envs(more.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Writes a file into the folder that commands run in.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// A server on the same database.
    pub(crate) async fn server(&self) -> TestServer {
        TestServer::beside(self.place.clone()).await
    }

    fn url(&self) -> String {
        match self.place.url() {
            DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
            DatabaseUrl::Postgres(url) => url,
        }
    }
}

impl Ran {
    /// Asserts success without a word on standard error, and gives what was answered.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{self:?}");
        self.out
    }

    /// The answer of a successful command that was asked for JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// Asserts a failure that says this on standard error, and nothing on standard output.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, says: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{self:?}");
        assert!(self.err.contains(says), "{self:?}");
    }
}
