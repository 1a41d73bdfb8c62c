//! Owns one private PostgreSQL cluster: finding the server's programs, and the script that runs it.
//! Must not import sqlx or tokio: a cluster outlives every test's runtime.

use std::env;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::Skip;

/// Where Debian and Ubuntu keep the servers, one folder per major version.
const VERSIONED: &str = "/usr/lib/postgresql";

const CLUSTER: &str = include_str!("cluster.sh");
const SMALL: &str = include_str!("small.sh");

/// A running server in a folder of its own, with one superuser `postgres` that needs no password.
///
/// It ends with this value or with the test process, whichever comes first.
pub(super) struct Cluster {
    supervisor: Child,
    answers: BufReader<ChildStdout>,
    url: String,
}

impl Cluster {
    /// Creates a cluster and starts it. Without server programs the test is to be skipped.
    ///
    /// # Panics
    /// If there are programs and they fail: that is a fault, not a reason to skip.
    pub(super) fn start() -> Result<Self, Skip> {
        Self::start_by(|bin| supervise(CLUSTER, &[bin]))
    }

    /// The same in namespaces of its own, where there is a small file system, with these options of `initdb`.
    ///
    /// # Panics
    /// As for [`Cluster::start`].
    pub(super) fn start_with_a_small_disk(options: &str) -> Result<Self, Skip> {
        let probe = supervise(SMALL, &["exit 0", "", ""]).and_then(|mut probe| probe.wait());
        if !probe.is_ok_and(|status| status.success()) {
            return Err(Skip { reason: "no namespaces of one's own".to_owned() });
        }
        Self::start_by(|bin| supervise(SMALL, &[CLUSTER, bin, options]))
    }

    fn start_by(start: impl FnOnce(&str) -> io::Result<Child>) -> Result<Self, Skip> {
        let bin = programs().ok_or_else(|| Skip {
            reason: "no PostgreSQL server programs and no TEST_POSTGRES_URL".to_owned(),
        })?;
        let mut supervisor =
            start(&bin.display().to_string()).unwrap_or_else(|e| panic!("no supervisor: {e}"));
        let Some(stdout) = supervisor.stdout.take() else {
            unreachable!("the supervisor's output is piped");
        };
        let mut cluster = Self { supervisor, answers: BufReader::new(stdout), url: String::new() };
        let dir = cluster.ask("create");
        // A socket speaks no TLS; without `sslmode` each connection would ask for it first.
        cluster.url =
            format!("postgres://postgres@localhost:5432/postgres?host={dir}&sslmode=disable");
        cluster.ask("start");
        Ok(cluster)
    }

    /// The URL of the superuser's database. It stays the same over `stop` and `start`.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Makes a request to the supervisor, such as `stop`, and waits until it is done.
    /// Gives the cluster's folder.
    ///
    /// # Panics
    /// If the server's programs report a failure: nothing can be tested without the server.
    pub(super) fn ask(&mut self, request: &str) -> String {
        let line = self
            .exchange(request)
            .unwrap_or_else(|e| panic!("PostgreSQL's supervisor does not answer {request}: {e}"));
        match line.trim_end().split_once(' ') {
            Some(("ok", dir)) => dir.to_owned(),
            _ => panic!("PostgreSQL did not {request}: {line}"),
        }
    }

    fn exchange(&mut self, request: &str) -> io::Result<String> {
        let pipe = self.supervisor.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(pipe, "{request}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line)
    }
}

impl Drop for Cluster {
    /// Waits until the server is stopped and its folder removed. `wait` closes the pipe first.
    fn drop(&mut self) {
        if let Err(error) = self.supervisor.wait() {
            eprintln!("PostgreSQL's supervisor was lost: {error}");
        }
    }
}

/// Starts a script with arguments, as the user `postgres` if this is root: the programs refuse to
/// run as root.
pub(super) fn supervise(script: &str, arguments: &[&str]) -> io::Result<Child> {
    let mut command = match (is_root(), on_path("setpriv")) {
        (false, _) => Command::new("sh"),
        (true, Some(setpriv)) => {
            let mut command = Command::new(setpriv);
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
            command
        }
        (true, None) => {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
            command
        }
    };
    command
        .args(["-c", script, "supervisor"])
        .args(arguments)
        // The tests' own folder may be closed to the server's user.
        .current_dir("/")
        // Ctrl-C in a terminal reaches the test process; this group hears of it by the pipe.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// One of the programs of PostgreSQL.
pub(crate) fn program(name: &str) -> PathBuf {
    programs().unwrap_or_default().join(name)
}

/// The folder with `initdb` and `pg_ctl`: the newest versioned one, else what `pg_config` or `PATH`
/// lead to.
fn programs() -> Option<PathBuf> {
    let has_server = |bin: &PathBuf| bin.join("initdb").is_file() && bin.join("pg_ctl").is_file();
    newest(VERSIONED)
        .into_iter()
        .chain(pg_config())
        .chain(on_path("initdb").and_then(|initdb| Some(initdb.parent()?.to_owned())))
        .find(has_server)
}

/// The `bin` folders under `/usr/lib/postgresql`, the highest version first.
fn newest(versioned: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(versioned)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, bin)| bin).collect()
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let bin = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(bin.trim()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests look for programs of the machine that they run on"
)]
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
