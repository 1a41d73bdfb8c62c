//! Owns the built binary as a process of a test, in a folder of its own on a free port.
//! Must not import the crate under test: what runs is what people run.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tempfile::TempDir;

use crate::support::free_address;

/// A server that ends with this value, and what was started beside it.
pub(super) struct Running {
    child: Child,
    folder: TempDir,
    /// What its environment has that others do not have.
    environment: Vec<(&'static str, String)>,
    beside: Vec<Child>,
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
        let mut environment = vec![("CHANCERY_LISTEN", free_address().to_string())];
        environment.extend(database.map(|url| ("CHANCERY_DATABASE_URL", url.to_owned())));
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        command
            .current_dir(folder.path())
            .env_remove("CHANCERY_CONFIG")
            .env_remove("CHANCERY_DATABASE_URL")
            .envs(environment.clone())
            // Everything that there is to log of this project, and more than usual of others.
            .env("CHANCERY_LOG__LEVEL", "debug,chancery=trace")
            .stdin(Stdio::null())
            .stdout(File::create(answers).unwrap())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let address = free_address().to_string();
        // Where the example listens, and where the tour looks for it.
        environment.push(("API", format!("http://{address}")));
        environment.push(("LISTEN", address));
        let mut running = Self { child, folder, environment, beside: Vec::new(), log: None };
        running.put_on_the_path();
        running.wait_until_it_listens();
        running
    }

    /// What it has printed.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stdout")).unwrap()
    }

    /// Runs a script in the server's folder, as somebody who pastes it there.
    ///
    /// # Panics
    /// If it does not end in time.
    pub(super) fn sh(&self, script: &str) -> Output {
        let mut command = self.shell(script);
        // With a group of its own, so that what it has started can be ended with it.
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let child = command.spawn().unwrap();
        let group = format!("-{}", child.id());
        let (tell, told) = mpsc::channel();
        thread::spawn(move || tell.send(child.wait_with_output()));
        let Ok(output) = told.recv_timeout(PATIENCE) else {
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            panic!("not ended after {PATIENCE:?}: {script}\n{}", self.said_beside());
        };
        output.unwrap()
    }

    /// What the scripts that go on have printed.
    pub(super) fn said_beside(&self) -> String {
        fs::read_to_string(self.folder.path().join(BESIDE)).unwrap_or_default()
    }

    /// Starts a script that goes on until this value ends.
    pub(super) fn start_beside(&mut self, script: &str) {
        // The shell becomes what it starts last, so that ending it ends that.
        let script = script.replacen("cargo run", "exec cargo run", 1);
        let said = File::create(self.folder.path().join(BESIDE)).unwrap();
        let mut command = self.shell(&script);
        command.stdout(said.try_clone().unwrap()).stderr(said);
        self.beside.push(command.spawn().unwrap());
    }

    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-euc", script])
            .current_dir(self.folder.path())
            .envs(self.environment.clone())
            .env("no_proxy", "*")
            .stdin(Stdio::null());
        command
    }

    /// Puts the binary where `chancery` is found, and the example where `cargo` would run it.
    fn put_on_the_path(&mut self) {
        let folder = self.folder.path().join("bin");
        fs::create_dir(&folder).unwrap();
        symlink(env!("CARGO_BIN_EXE_chancery"), folder.join("chancery")).unwrap();
        let cargo = format!(
            "#!/bin/sh\ntest \"$*\" = \"{EXAMPLE_ARGUMENTS}\" && exec \"{}\"\n",
            example().display()
        );
        fs::write(folder.join("cargo"), cargo).unwrap();
        fs::set_permissions(folder.join("cargo"), fs::Permissions::from_mode(0o700)).unwrap();
        #[expect(clippy::disallowed_methods, reason = "what is run there needs the usual programs")]
        let path = std::env::var("PATH").unwrap();
        self.environment.push(("PATH", format!("{}:{path}", folder.display())));
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
        for child in std::iter::once(&mut self.child).chain(&mut self.beside) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The built example, beside the folder of this test's binary.
fn example() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let find = || {
        let own = std::env::current_exe().unwrap();
        let profile = own.parent().and_then(Path::parent).unwrap();
        let example = profile.join("examples").join("api");
        // Cargo builds it with all tests of the workspace, but not with a single one.
        if !example.exists() {
            build_example(profile);
        }
        example
    };
    BUILT.get_or_init(find).clone()
}

/// Builds it into the folder of a profile.
fn build_example(folder: &Path) {
    let profile = match folder.file_name().and_then(|name| name.to_str()).unwrap() {
        "debug" => "dev",
        other => other,
    };
    let mut command = Command::new("cargo");
    command
        .args(["build", "--quiet", "--locked", "--profile", profile, "--target-dir"])
        .arg(folder.parent().unwrap())
        .args(EXAMPLE_ARGUMENTS.split(' ').skip(1));
    assert!(command.status().unwrap().success(), "the example could not be built");
}

const EXAMPLE_ARGUMENTS: &str = "run -p chancery-verifier --example api --features client,axum";

/// Where the scripts that go on print.
const BESIDE: &str = "beside";
const LISTENING: &str = r#""message":"listening""#;
/// A debug build makes two RSA keys first.
const PATIENCE: Duration = Duration::from_mins(2);
