//! An installation made from nothing by the `chancery` command, in an environment that a test
//! decides, with a server that runs as a process of its own.

use std::io::{BufRead, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use chancery::storage::DatabaseUrl;
use tempfile::TempDir;

use super::backend::{Backend, Place};
use super::command::Ran;
use super::port::free_address;
use super::wire::{Secrets, Wire};

/// The folder and the environment of an installation.
pub(crate) struct Home {
    folder: TempDir,
    environment: Vec<(String, String)>,
    place: Place,
}

/// A server that runs until this is dropped.
pub(crate) struct Serving {
    child: Child,
    address: SocketAddr,
}

impl Home {
    /// An installation on an empty database. `None` if the database is not to be had.
    pub(crate) fn new(backend: Backend) -> Option<Self> {
        Some(Self::on(backend.empty()?))
    }

    /// An installation on this database.
    pub(crate) fn on(place: Place) -> Self {
        let mut home =
            Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new(), place };
        let url = home.place.url_text();
        home.set("CHANCERY_DATABASE_URL", &url);
        // Where nobody listens.
        home.set("CHANCERY_LISTEN", "127.0.0.1:1");
        // What is tested is not how slow hashes are.
        home.set("CHANCERY_PASSWORDS__ARGON2_MEMORY_KIB", "8");
        home.set("CHANCERY_PASSWORDS__ARGON2_ITERATIONS", "1");
        home
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

    /// Where the database itself is, without any pooler.
    pub(crate) fn database(&self) -> DatabaseUrl {
        self.place.direct()
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
        Ran::of(self.command(BINARY, arguments), input)
    }

    /// Runs a command by a program that starts it.
    pub(crate) fn run_by(&self, program: &str, arguments: &[&str]) -> Ran {
        Ran::of(self.command(program, arguments), "")
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

    /// Lets a server listen on a port that nobody else takes.
    pub(crate) fn set_free_port(&mut self) -> SocketAddr {
        let address = free_address();
        self.set("CHANCERY_LISTEN", &address.to_string());
        address
    }

    /// Starts a server on a free port, and waits until it listens.
    pub(crate) fn serve(&mut self) -> Serving {
        self.serve_by(BINARY, &["serve"])
    }

    /// Starts a server where the last one of [`Home::serve`] has listened.
    pub(crate) fn serve_again(&self) -> Serving {
        self.start(BINARY, &["serve"])
    }

    /// Like [`Home::serve`], with a server whose writes fail at a limit on the size of files. A limit
    /// would end it otherwise.
    pub(crate) fn serve_within_limits(&mut self) -> Serving {
        self.serve_by("/bin/sh", &["-c", "trap '' XFSZ; exec \"$0\" serve", BINARY])
    }

    /// Like [`Home::serve`]; the log is whole once the server has ended.
    pub(crate) fn serve_and_keep_the_log(&mut self) -> (Serving, JoinHandle<String>) {
        self.set_free_port();
        let (serving, mut said, mut log) = self.begin(BINARY, &["serve"]);
        let kept = std::thread::spawn(move || {
            log.read_to_string(&mut said).unwrap();
            said
        });
        (serving, kept)
    }

    /// Like [`Home::serve`], by a program that starts it.
    pub(crate) fn serve_by(&mut self, program: &str, arguments: &[&str]) -> Serving {
        self.set_free_port();
        self.start(program, arguments)
    }

    fn start(&self, program: &str, arguments: &[&str]) -> Serving {
        let (serving, _, mut log) = self.begin(program, arguments);
        // Nobody reads the pipe from here on, so it has to be emptied.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        serving
    }

    /// Starts a server that must not, and answers its exit code and what it said.
    pub(crate) fn fail_to_serve(&self) -> (Option<i32>, String) {
        let (mut serving, mut log) = self.spawn(BINARY, &["serve"]);
        let (said, listens) = until_it_listens(&mut log);
        assert!(!listens, "the server did start: {said}");
        (serving.child.wait().unwrap().code(), said)
    }

    /// Starts a server, and answers what it said until it listened, and where it says more.
    fn begin(
        &self,
        program: &str,
        arguments: &[&str],
    ) -> (Serving, String, BufReader<ChildStderr>) {
        let (serving, mut log) = self.spawn(program, arguments);
        let (said, listens) = until_it_listens(&mut log);
        assert!(listens, "the server did not start: {said}");
        (serving, said, log)
    }

    fn spawn(&self, program: &str, arguments: &[&str]) -> (Serving, BufReader<ChildStderr>) {
        let address = self.variable("CHANCERY_LISTEN").parse().unwrap();
        let mut command = self.command(program, arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        (Serving { child, address }, log)
    }

    /// The way to a server of this installation, as whom the first run has made.
    pub(crate) fn wire(&self, serving: &Serving) -> Wire {
        let secrets = std::fs::read_to_string(self.path("chancery-data/first-run.env")).unwrap();
        Wire { address: serving.address, secrets: Secrets::parse(&secrets) }
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        command.args(arguments).current_dir(self.folder.path()).env_clear().envs(environment);
        command
    }
}

impl Serving {
    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that the process ever had, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Ends the process as SIGKILL does, at whatever it was doing.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to end, as SIGTERM does.
    pub(crate) fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end of the process, off the runtime of the test.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        tokio::task::spawn_blocking(move || self.child.wait().unwrap()).await.unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what a server says, until it listens or ends.
fn until_it_listens(log: &mut BufReader<ChildStderr>) -> (String, bool) {
    let mut said = String::new();
    loop {
        // As a member of JSON, or for people.
        let listens = said.contains("\"listening\"") || said.contains(" listening ");
        if listens || log.read_line(&mut said).unwrap() == 0 {
            return (said, listens);
        }
    }
}

const BINARY: &str = env!("CARGO_BIN_EXE_chancery");
