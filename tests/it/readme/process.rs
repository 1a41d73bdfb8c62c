//! Owns the built binary as a process of a test, in a folder of its own on a free port.
//! Must not import the crate under test: what runs is what people run.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tempfile::TempDir;

/// A server that ends with this value.
pub(super) struct Running {
    child: Child,
    folder: TempDir,
    /// What reads its log, and gives it whole at the end.
    log: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts `chancery` in an empty folder and waits until it listens. `database` is the one
    /// variable that differs from a start without any configuration, but for the port.
    ///
    /// # Panics
    /// If it does not listen in time.
    pub(super) fn start(database: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let answers = folder.path().join("stdout");
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        command
            .current_dir(folder.path())
            .env("CHANCERY_LISTEN", format!("127.0.0.1:{}", free_port()))
            .env_remove("CHANCERY_CONFIG")
            .env_remove("CHANCERY_DATABASE_URL")
            // Everything that there is to log of this project, and more than usual of others.
            .env("CHANCERY_LOG__LEVEL", "debug,chancery=trace")
            .stdin(Stdio::null())
            .stdout(File::create(answers).unwrap())
            .stderr(Stdio::piped());
        if let Some(url) = database {
            command.env("CHANCERY_DATABASE_URL", url);
        }
        let mut running = Self { child: command.spawn().unwrap(), folder, log: None };
        running.wait_until_it_listens();
        running
    }

    /// What it has printed.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stdout")).unwrap()
    }

    /// Runs a script in the server's folder, as somebody who pastes it there.
    pub(super) fn sh(&self, script: &str) -> Output {
        Command::new("sh")
            .args(["-euc", script])
            .current_dir(self.folder.path())
            .env("no_proxy", "*")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Ends it, and answers everything that it logged.
    pub(super) fn end(mut self) -> String {
        self.child.kill().unwrap();
        self.log.take().unwrap().join().unwrap()
    }

    fn wait_until_it_listens(&mut self) {
        let mut log = BufReader::new(self.child.stderr.take().unwrap());
        let (tell, told) = mpsc::channel();
        self.log = Some(thread::spawn(move || {
            let mut seen = String::new();
            // The server must never wait for somebody to read its log.
            while log.read_line(&mut seen).is_ok_and(|read| read > 0) {
                if seen.contains(LISTENING) {
                    let _ = tell.send(Ok(()));
                }
            }
            let _ = tell.send(Err(seen.clone()));
            seen
        }));
        match told.recv_timeout(PATIENCE) {
            Ok(Ok(())) => {}
            Ok(Err(log)) => panic!("the server ended:\n{log}"),
            Err(mpsc::RecvTimeoutError::Timeout | mpsc::RecvTimeoutError::Disconnected) => {
                panic!("the server does not listen after {PATIENCE:?}")
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

const LISTENING: &str = r#""message":"listening""#;
/// A debug build makes two RSA keys first.
const PATIENCE: Duration = Duration::from_mins(2);
