//! A proxy as a process of its own: an installed program, on the loopback, with a folder of its own.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::gate::PATIENCE;
use super::port::free_address;
use super::postgres::{on_path, skip_or_fail};

/// The program of a proxy.
pub(crate) struct ProxyProgram {
    path: PathBuf,
}

/// A proxy that runs until this is dropped.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl ProxyProgram {
    /// Finds a program on the path, or where only the administrator's leads. `None` if it is not
    /// installed, which was said, or failed under CI.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let debian = Some(PathBuf::from("/usr/sbin").join(name)).filter(|file| file.is_file());
        let found = on_path(name).or(debian).map(|path| Self { path });
        if found.is_none() {
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            skip_or_fail(&test, &format!("{name} is not installed"));
        }
        found
    }

    /// Runs the program in a folder with these files. They tell it to listen on `address`.
    pub(crate) fn run(
        &self,
        address: SocketAddr,
        files: &[(&str, String)],
        arguments: &[&str],
    ) -> Proxy {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let log = File::create(folder.path().join(LOG)).unwrap();
        let here = format!("{}/", folder.path().display());
        let child = Command::new(&self.path)
            .args(arguments.iter().map(|argument| argument.replace("{folder}", &here)))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Proxy { child, address, folder }
    }
}

impl Proxy {
    /// Starts one on a free port, and again on another if somebody else has taken it meanwhile, and
    /// waits until it listens.
    pub(crate) async fn start(run: impl Fn(SocketAddr) -> Self) -> Self {
        for _ in 0..3 {
            let mut proxy = run(free_address());
            if timeout(PATIENCE, proxy.listens()).await.unwrap() {
                return proxy;
            }
            eprintln!("the proxy has ended:\n{}", proxy.log());
        }
        panic!("no proxy listens")
    }

    /// Whether it listens at last, and has not ended before.
    async fn listens(&mut self) -> bool {
        while TcpStream::connect(self.address).await.is_err() {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            tokio::task::yield_now().await;
        }
        true
    }

    fn log(&self) -> String {
        read(&self.folder.path().join(LOG))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the proxy's log:\n{}", self.log());
        }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

const LOG: &str = "log";
