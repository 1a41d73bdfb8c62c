//! A private PostgreSQL cluster, kept by the script that the tests use too.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::figures::Failure;

/// A running cluster. It ends with this value.
pub(crate) struct Cluster {
    supervisor: Child,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Cluster {
    pub(crate) fn start() -> Result<Self, Failure> {
        let script = include_str!("../../../tests/it/support/postgres/cluster.sh");
        let mut supervisor = as_server_user()?
            .args(["-c", script, "supervisor"])
            .arg(programs()?)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let answers = supervisor.stdout.take().ok_or("the supervisor has no output")?;
        let mut cluster =
            Self { supervisor, answers: BufReader::new(answers), folder: PathBuf::new() };
        cluster.folder = cluster.ask("create")?.into();
        cluster.ask("start")?;
        Ok(cluster)
    }

    /// The URL of the database that every cluster has.
    pub(crate) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Makes an empty database of that name.
    pub(crate) fn create(&self, name: &str) -> Result<String, Failure> {
        if self.client("createdb")?.arg(name).status()?.success() {
            Ok(self.url_of(name))
        } else {
            Err(format!("PostgreSQL has no database {name}").into())
        }
    }

    /// Removes a database that nobody uses any more.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Failure> {
        if self.client("dropdb")?.args(["--force", name]).status()?.success() {
            Ok(())
        } else {
            Err(format!("PostgreSQL does not remove {name}").into())
        }
    }

    /// One of PostgreSQL's own programs, as a client of this cluster.
    pub(crate) fn client(&self, program: &str) -> Result<Command, Failure> {
        let mut command = Command::new(programs()?.join(program));
        command.arg("--host").arg(&self.folder).arg("--username=postgres");
        Ok(command)
    }

    /// The one value that a statement gives.
    pub(crate) fn ask_for(&self, database: &str, statement: &str) -> Result<String, Failure> {
        let mut psql = self.client("psql")?;
        psql.args(["--no-psqlrc", "--tuples-only", "--no-align", "--command", statement, database]);
        Ok(String::from_utf8(psql.output()?.stdout)?.trim().to_owned())
    }

    /// The process that is the parent of all others.
    pub(crate) fn postmaster(&self) -> Result<u32, Failure> {
        let text = std::fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        Ok(text.lines().next().ok_or("the file of the postmaster is empty")?.trim().parse()?)
    }

    fn url_of(&self, name: &str) -> String {
        let folder = self.folder.display();
        format!("postgres://postgres@localhost:5432/{name}?host={folder}&sslmode=disable")
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

/// What the server of a cluster says of itself.
pub(crate) fn postgres_version() -> Result<String, Failure> {
    let output = Command::new(programs()?.join("postgres")).arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
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
