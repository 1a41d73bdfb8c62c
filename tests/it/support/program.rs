//! Programs of other languages, cut out of the pages that show them, which run beside the tests and
//! are spoken to line by line.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

use super::postgres::skip_or_fail;

/// A program that runs until this is dropped.
pub(crate) struct Program {
    child: Child,
    input: ChildStdin,
    output: Receiver<String>,
    folder: TempDir,
}

impl Program {
    /// Starts an interpreter on files that are written into a folder of their own.
    pub(crate) fn start(
        mut command: Command,
        files: &[(&str, String)],
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        std::os::unix::fs::symlink(installed("node_modules"), folder.path().join("node_modules"))
            .unwrap();
        let mut child = command
            .current_dir(folder.path())
            .envs(variables.iter().copied())
            // Nothing here is reached through a proxy.
            .env("no_proxy", "*")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join(COMPLAINTS)).unwrap())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, output) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|it| tell.send(it)));
        Self { child, input, output, folder }
    }

    /// Writes a line to the program.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// The next line of the program.
    pub(crate) fn hear(&self) -> String {
        self.output.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            let complaints = fs::read_to_string(self.folder.path().join(COMPLAINTS)).unwrap();
            panic!("the program says nothing: {error}: {complaints}");
        })
    }

    /// What it complains of, if it ends without success.
    pub(crate) fn fails(mut self) -> String {
        assert!(!self.child.wait().unwrap().success());
        fs::read_to_string(self.folder.path().join(COMPLAINTS)).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Node, if it is there and new enough; else that was said, or failed under CI.
pub(crate) fn node() -> Option<Command> {
    let version = Command::new("node").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let major = version.as_deref().unwrap_or_default().trim_start_matches('v').split('.').next();
    let enough = major.and_then(|major| major.parse::<u32>().ok()).is_some_and(|it| it >= 20);
    enough.then(|| Command::new("node")).or_else(|| skip("there is no Node 20 or newer"))
}

/// The same with the packages that `tests/interop/install` installs.
pub(crate) fn node_package() -> Option<Command> {
    let there = installed("node_modules/openid-client").exists();
    if there { node() } else { skip("openid-client is not installed: run tests/interop/install") }
}

/// Python with the packages that `tests/interop/install` installs, as for [`node`].
pub(crate) fn python() -> Option<Command> {
    let python = installed("python/bin/python");
    let there = Command::new(&python).args(["-c", "import authlib, flask, jwt, requests"]).status();
    let there = there.is_ok_and(|status| status.success());
    there
        .then(|| Command::new(python))
        .or_else(|| skip("PyJWT and Authlib are not installed: run tests/interop/install"))
}

fn skip(reason: &str) -> Option<Command> {
    skip_or_fail(std::thread::current().name().unwrap_or("a test"), reason);
    None
}

/// Where `tests/interop/install` puts this.
pub(crate) fn installed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop").join(name)
}

/// The block of a page whose fence says exactly this, such as `js api.mjs`.
pub(crate) fn block(page: &str, fence: &str) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let (_, rest) = page
        .split_once(&format!("\n```{fence}\n"))
        .unwrap_or_else(|| panic!("the page has no block {fence}"));
    let (block, _) = rest.split_once("\n```\n").unwrap();
    format!("{block}\n")
}

/// Where its standard error goes.
const COMPLAINTS: &str = "complaints";
const PATIENCE: Duration = Duration::from_mins(1);
