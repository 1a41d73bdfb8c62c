//! An installation made from nothing by the `chancery` command, in an environment that a test
//! decides, with a server that runs as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::backend::{Backend, Place};
use super::command::Ran;

/// The folder and the environment of an installation.
pub(crate) struct Home {
    folder: TempDir,
    environment: Vec<(String, String)>,
    place: Place,
}

/// A server that runs until this is dropped.
pub(crate) struct Serving(Child);

impl Home {
    /// An installation on an empty database. `None` if the database is not to be had.
    pub(crate) fn new(backend: Backend) -> Option<Self> {
        let place = backend.empty()?;
        let mut home =
            Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new(), place };
        let url = home.place.url_text();
        home.set("CHANCERY_DATABASE_URL", &url);
        // Where nobody listens.
        home.set("CHANCERY_LISTEN", "127.0.0.1:1");
        // What is tested is not how slow hashes are.
        home.set("CHANCERY_PASSWORDS__ARGON2_MEMORY_KIB", "8");
        home.set("CHANCERY_PASSWORDS__ARGON2_ITERATIONS", "1");
        Some(home)
    }

    /// Sets a variable of the environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Takes a variable out of the environment.
    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.retain(|(one, _)| one != name);
    }

    /// The value of a variable.
    pub(crate) fn variable(&self, name: &str) -> &str {
        self.environment.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
    }

    /// The database's URL.
    pub(crate) fn url(&self) -> String {
        self.place.url_text()
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, "")
    }

    /// Runs a command that reads `input`.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        Ran::of(self.command(arguments), input)
    }

    /// Runs a command that must succeed, and answers what it printed.
    #[track_caller]
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome:?}");
        outcome.out
    }

    /// Runs a command that must fail, and answers what it said.
    #[track_caller]
    pub(crate) fn fail(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, Some(1), "{arguments:?}: {outcome:?}");
        outcome.err
    }

    /// Lets a server listen on a port that was free a moment ago.
    pub(crate) fn set_free_port(&mut self) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.set("CHANCERY_LISTEN", &format!("127.0.0.1:{port}"));
    }

    /// Starts a server on a free port, and waits until it listens.
    pub(crate) fn serve(&mut self) -> Serving {
        self.set_free_port();
        let mut child = self
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let serving = Serving(child);
        let mut said = String::new();
        while !said.contains("\"listening\"") {
            let read = log.read_line(&mut said).unwrap();
            assert!(read > 0, "the server did not start: {said}");
        }
        // Nobody reads the pipe from here on, so it has to be emptied.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        serving
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        command.args(arguments).current_dir(self.folder.path()).env_clear().envs(environment);
        command
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
