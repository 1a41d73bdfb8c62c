//! A server of its own, on either database, and a connection to it that stays open.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chancery::protocol::password::argon2id::{self, Argon2Params};
use chancery::protocol::password::{HashMemory, Password};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Skip;
use super::cluster::Cluster;
use super::port::free_address;

/// An installation whose server runs until this is dropped.
pub(crate) struct Site {
    folder: TempDir,
    /// PostgreSQL, if that is its database.
    cluster: Option<Cluster>,
    server: Child,
    connection: BufReader<TcpStream>,
    pub(crate) address: SocketAddr,
    /// What hashes a password as the server does.
    pub(crate) hash: String,
    /// How many have asked so far. Each comes from an address of his own, since what an address has
    /// failed would delay it.
    callers: u32,
}

/// A request.
pub(crate) struct Asked {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// An answer, and how long it took.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
    pub(crate) took: Duration,
}

impl Site {
    /// A new installation on each database, one after the other. Without PostgreSQL there is one, which is
    /// said, or fails under CI.
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        [false, true].into_iter().filter_map(|on_postgres| {
            let cluster = if on_postgres { Some(cluster()?) } else { None };
            println!("on {}:", if on_postgres { "PostgreSQL" } else { "SQLite" });
            Some(Self::start(cluster))
        })
    }

    fn start(cluster: Option<Cluster>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        let mut server = command((&folder, &cluster), address, &["serve"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(server.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening") {
            assert!(log.read_line(&mut line).unwrap() > 0, "it did not start: {line}");
        }
        // The pipe has to be emptied.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        let connection = connect(address);
        let password = Password::presented(PASSWORD).unwrap();
        let hash = argon2id::hash(&password, [7; 16], &params(), &mut HashMemory::new());
        let hash = hash.as_str().to_owned();
        Self { folder, cluster, server, connection, address, hash, callers: 0 }
    }

    /// Whether its database is a server.
    pub(crate) fn is_on_postgres(&self) -> bool {
        self.cluster.is_some()
    }

    /// A value that the first run has written down.
    pub(crate) fn secret(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("chancery-data/first-run.env"));
        let text = text.unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap().trim_matches('\'').to_owned()
    }

    /// Creates users of these names, with the password or without one, and answers their ids.
    pub(crate) fn import(&self, names: &[String], has_password: bool) -> Vec<String> {
        let hash = has_password.then_some(&self.hash);
        let line = |name: &String| json!({"name": name, "password_hash": hash}).to_string();
        let lines: Vec<String> = names.iter().map(line).collect();
        std::fs::write(self.folder.path().join("users"), lines.join("\n")).unwrap();
        let arguments = ["--json", "user", "import", "users"];
        let place = (&self.folder, &self.cluster);
        let ran = command(place, self.address, &arguments).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let items = report["items"].as_array().unwrap();
        items.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Sends a request from an address that has never asked, and takes the time until all of its answer is
    /// there.
    #[expect(clippy::disallowed_methods, reason = "the time of a process is what is measured")]
    pub(crate) fn ask(&mut self, asked: &Asked) -> Answered {
        self.callers += 1;
        let caller = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() + self.callers);
        let Asked { method, path, headers, body } = asked;
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\n", self.address.port());
        let length = body.len();
        let _ = write!(
            text,
            "X-Forwarded-For: {caller}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        let began = Instant::now();
        self.connection.get_mut().write_all(text.as_bytes()).unwrap();
        let (head, body) = read(&mut self.connection);
        let took = began.elapsed();
        if head.to_ascii_lowercase().contains("connection: close") {
            self.connection = connect(self.address);
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answered { status, head, body, took }
    }
}

impl Asked {
    pub(crate) fn json(path: &str, authorization: &str, body: &Value) -> Self {
        Self::sent("POST", path, (authorization, "application/json"), body.to_string())
    }

    pub(crate) fn form(path: &str, authorization: &str, fields: &[(&str, &str)]) -> Self {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::sent("POST", path, (authorization, "application/x-www-form-urlencoded"), body)
    }

    pub(crate) fn sent(
        method: &'static str,
        path: &str,
        (authorization, content): (&str, &str),
        body: String,
    ) -> Self {
        let mut headers = format!("Content-Type: {content}\r\n");
        if !authorization.is_empty() {
            let _ = write!(headers, "Authorization: {authorization}\r\n");
        }
        Self { method, path: path.to_owned(), headers, body }
    }
}

impl Answered {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status / 100, 2, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// How long the server hashes for, as the median of some.
#[expect(clippy::disallowed_methods, reason = "the time of a hash is what is measured")]
pub(crate) fn time_of_a_hash() -> Duration {
    let password = Password::presented(PASSWORD).unwrap();
    let mut memory = HashMemory::new();
    let mut one = || {
        let began = Instant::now();
        argon2id::hash(&password, [7; 16], &params(), &mut memory);
        began.elapsed()
    };
    super::statistics::median(&(0..21).map(|_| one()).collect::<Vec<_>>())
}

#[expect(clippy::disallowed_methods, reason = "CI is the environment's to say")]
fn cluster() -> Option<Cluster> {
    let started = Cluster::start().map_err(|Skip { reason }| {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "not to be skipped in CI: {reason}");
        println!("SKIPPED on PostgreSQL: {reason}");
    });
    started.ok()
}

fn command(
    (folder, cluster): (&TempDir, &Option<Cluster>),
    address: SocketAddr,
    arguments: &[&str],
) -> Command {
    let database = cluster.as_ref().map_or("sqlite://chancery.db", Cluster::url);
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    command
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("CHANCERY_DATABASE_URL", database)
        .env("CHANCERY_LISTEN", address.to_string())
        .env("CHANCERY_TRUSTED_PROXIES", "127.0.0.1")
        .env("CHANCERY_PASSWORDS__ARGON2_MEMORY_KIB", MEMORY_KIB.to_string())
        .env("CHANCERY_PASSWORDS__ARGON2_ITERATIONS", ITERATIONS.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    BufReader::new(stream)
}

fn read(connection: &mut BufReader<TcpStream>) -> (String, String) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(connection.read_line(&mut head).unwrap() > 0, "it hung up: {head}");
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    connection.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

fn params() -> Argon2Params {
    Argon2Params::new(MEMORY_KIB, ITERATIONS, 1).unwrap()
}

pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// A hash that is real and takes a fifth of the time of one of the defaults, so that many can be taken.
const MEMORY_KIB: u32 = 8192;
const ITERATIONS: u32 = 1;
