//! A private PostgreSQL cluster, kept by the script that the tests use too.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::figures::Failure;

/// A running cluster. It ends with this value.
pub(super) struct Cluster {
    supervisor: Child,
    answers: BufReader<ChildStdout>,
    url: String,
}

impl Cluster {
    pub(super) fn start() -> Result<Self, Failure> {
        let script = include_str!("../../../tests/it/support/postgres/cluster.sh");
        let mut supervisor = as_server_user()?
            .args(["-c", script, "supervisor"])
            .arg(programs()?)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let answers = supervisor.stdout.take().ok_or("the supervisor has no output")?;
        let mut cluster = Self { supervisor, answers: BufReader::new(answers), url: String::new() };
        let folder = cluster.ask("create")?;
        cluster.url =
            format!("postgres://postgres@localhost:5432/postgres?host={folder}&sslmode=disable");
        cluster.ask("start")?;
        Ok(cluster)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn ask(&mut self, request: &str) -> Result<String, Failure> {
        let pipe = self.supervisor.stdin.as_mut().ok_or("the supervisor has no input")?;
        writeln!(pipe, "{request}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        match line.trim_end().split_once(' ') {
            Some(("ok", folder)) => Ok(folder.to_owned()),
            _ => Err(format!("PostgreSQL did not {request}: {line}").into()),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The end of its input is what stops it.
        let _ = self.supervisor.wait();
    }
}

/// The server's programs do not run as root.
fn as_server_user() -> Result<Command, Failure> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(Command::new("sh"));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
    Ok(command)
}

/// Where Debian keeps the newest server.
fn programs() -> Result<PathBuf, Failure> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").map_err(|_| "no PostgreSQL server")?;
    let newest = versions
        .flatten()
        .filter(|version| version.path().join("bin/initdb").is_file())
        .filter_map(|version| Some((version.file_name().to_str()?.parse::<u32>().ok()?, version)))
        .max_by_key(|(number, _)| *number);
    let (_, newest) = newest.ok_or("no PostgreSQL server")?;
    Ok(newest.path().join("bin"))
}
