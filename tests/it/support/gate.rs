//! `chancery gate` as a process of its own, in an environment and a folder that a test decides, and
//! plain requests to it or to whatever stands in front of it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::Reply;
use super::wire;

/// A gate that runs until this is dropped.
pub(crate) struct GateProcess {
    child: Child,
    pub(crate) address: SocketAddr,
    folder: TempDir,
    /// What reads its log, and gives it whole at the end.
    log: Option<JoinHandle<String>>,
}

impl GateProcess {
    /// Starts a gate with these variables alone, on a free port unless they say another, and waits
    /// until it listens.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_chancery"))
            .arg("gate")
            .current_dir(folder.path())
            .env_clear()
            .env("CHANCERY_GATE__LISTEN", "127.0.0.1:0")
            // Everything that there is to log.
            .env("CHANCERY_LOG__LEVEL", "debug,chancery=trace,chancery_verifier=trace")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let (tell, told) = mpsc::channel();
        let log = std::thread::spawn(move || {
            let (mut seen, mut line) = (String::new(), String::new());
            // The gate must never wait for somebody to read its log.
            while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
                if let Some(address) = listening(&line) {
                    let _ = tell.send(Ok(address));
                }
                seen.push_str(&std::mem::take(&mut line));
            }
            let _ = tell.send(Err(seen.clone()));
            seen
        });
        match told.recv_timeout(PATIENCE) {
            Ok(Ok(address)) => Self { child, address, folder, log: Some(log) },
            Ok(Err(log)) => panic!("the gate ended:\n{log}"),
            Err(mpsc::RecvTimeoutError::Timeout | mpsc::RecvTimeoutError::Disconnected) => {
                panic!("the gate does not listen after {PATIENCE:?}")
            }
        }
    }

    /// Asks `/verify` with what stands behind it about a token.
    pub(crate) async fn verify(&self, behind: &str, token: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        ask(self.address, &format!("/verify{behind}"), &[("Authorization", &bearer)]).await
    }

    /// Waits until the gate has this status for `/verify` with the token.
    pub(crate) async fn until(&self, status: u16, behind: &str, token: &str) -> Reply {
        until(status, async || self.verify(behind, token).await).await
    }

    /// Waits until the gate can judge tokens.
    pub(crate) async fn ready(&self) {
        until(200, async || ask(self.address, "/readyz", &[]).await).await;
    }

    /// The names of what it has put into its folder.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Asks the process to end, as SIGTERM does; its exit code and everything that it logged.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        (code, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for GateProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a GET with these headers, each on a line of its own, and reads the answer to its end.
pub(crate) async fn ask(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Reply {
    let lines: Vec<String> =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let lines = lines.concat();
    let close = if lines.contains("Connection:") { "" } else { "Connection: close\r\n" };
    let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{close}{lines}\r\n");
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let text = || panic!("{target}: {:?}", String::from_utf8_lossy(&answer));
        wire::parse(&answer).unwrap_or_else(text)
    };
    timeout(PATIENCE, exchange).await.unwrap()
}

/// Asks again until the answer has this status.
pub(crate) async fn until(status: u16, asking: impl AsyncFn() -> Reply) -> Reply {
    let waiting = async {
        loop {
            let reply = asking().await;
            if reply.status.as_u16() == status {
                return reply;
            }
            tokio::task::yield_now().await;
        }
    };
    if let Ok(reply) = timeout(PATIENCE, waiting).await {
        return reply;
    }
    panic!("no {status}, but {:?}", asking().await)
}

/// The address in the line that says that the gate listens.
fn listening(line: &str) -> Option<SocketAddr> {
    let json: serde_json::Value = serde_json::from_str(line).ok()?;
    let addresses = (json["message"] == "listening").then(|| json["addresses"].as_str())??;
    addresses.trim_matches(['[', ']']).parse().ok()
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
