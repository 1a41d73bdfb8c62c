//! Nodes that run as processes and whose clocks a test sets, by a library between them and the machine's.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use chancery::env::{Clock, SystemClock};
use chancery::protocol::time::Timestamp;
use http::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use super::BACKEND;
use crate::support::postgres::skip_or_fail;
use crate::support::{Home, Serving, Tokens, Wire, claims, until};

/// The clock of a process, which runs as the machine's does and is off by what it was set to last.
struct Watch {
    library: PathBuf,
    folder: TempDir,
}

impl Watch {
    /// `None` if this machine has no libfaketime, which was said.
    fn new() -> Option<Self> {
        let folders = fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
        let mut libraries = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
        let Some(library) = libraries.find(|library| library.exists()) else {
            let name = std::thread::current().name().unwrap_or("a test").to_owned();
            skip_or_fail(&name, "there is no libfaketime");
            return None;
        };
        Some(Self { library, folder: tempfile::tempdir().unwrap() })
    }

    /// Sets it, in one step, by so many seconds from the machine's.
    fn set(&self, seconds: &str) {
        let next = self.folder.path().join("next");
        fs::write(&next, format!("{seconds}\n")).unwrap();
        fs::rename(&next, self.file()).unwrap();
    }

    /// Starts a server that goes by it.
    fn serve(&self, home: &mut Home) -> Serving {
        let library = self.library.display().to_string();
        let file = self.file().display().to_string();
        let variables = [
            ("LD_PRELOAD", &*library),
            ("FAKETIME_TIMESTAMP_FILE", &*file),
            ("FAKETIME_NO_CACHE", "1"),
            // Which no step of a clock moves.
            ("DONT_FAKE_MONOTONIC", "1"),
        ];
        for (name, value) in variables {
            home.set(name, value);
        }
        let serving = home.serve();
        for (name, _) in variables {
            home.unset(name);
        }
        // What the library shares with nobody here, and would leave behind where it is killed.
        for name in ["faketime_shm_", "sem.faketime_sem_"] {
            let _ = fs::remove_file(format!("/dev/shm/{name}{}", serving.id()));
        }
        serving
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}

/// Two nodes, which begin with clocks that are wrong by so many seconds.
struct Nodes {
    _home: Home,
    _serving: [Serving; 2],
    clocks: [Watch; 2],
    one: Wire,
    other: Wire,
}

impl Nodes {
    /// `None` if this machine has not all that it takes, which was said.
    fn start(seconds: [&str; 2]) -> Option<Self> {
        let clocks = [Watch::new()?, Watch::new()?];
        let mut home = Home::new(BACKEND)?;
        home.set("CHANCERY_ISSUER", "http://localhost:8080");
        let serving = [0, 1].map(|node| {
            clocks[node].set(seconds[node]);
            clocks[node].serve(&mut home)
        });
        let [one, other] = [&serving[0], &serving[1]].map(|serving| home.wire(serving));
        Some(Self { _home: home, _serving: serving, clocks, one, other })
    }
}

async fn is_active(node: &Wire, tokens: &Tokens) -> bool {
    let reply = node.introspect(&tokens.access).await.unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["active"] == true
}

/// In milliseconds.
fn part_of_a_second(clock: &impl Clock) -> i64 {
    Timestamp::from(clock.now()).millis().rem_euclid(1000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c135_a_process_whose_clock_steps_serves_nothing_until_it_is_right_and_harms_nobody() {
    let Some(Nodes { clocks: [_, clock], one: right, other, .. }) = &Nodes::start(["+0", "+30"])
    else {
        return;
    };
    let mut tokens = right.login().await;
    for seconds in ["+30", "-30", "+7200", "-7200"] {
        clock.set(seconds);
        until(503, async || other.get("/readyz").await.unwrap()).await;
        let revoked = right.login().await;
        let replies = [
            other.refresh(&tokens.refresh).await,
            other.introspect(&tokens.access).await,
            other.revoke(&revoked.refresh).await,
            other.try_login().await,
        ];
        for reply in replies {
            let reply = reply.unwrap();
            reply.assert_error(503, "temporarily_unavailable");
            assert!(reply.headers.contains_key("retry-after"), "{seconds}: {reply:?}");
        }
        assert_eq!(right.get("/readyz").await.unwrap().status, 200, "the others go on");
        assert!(is_active(right, &revoked).await, "{seconds}: nothing was stored");
        assert_eq!(right.revoke(&revoked.refresh).await.unwrap().status, 200);
        tokens = right.refresh(&tokens.refresh).await.unwrap().tokens();

        clock.set("+0");
        until(200, async || other.get("/readyz").await.unwrap()).await;
        assert!(!is_active(other, &revoked).await, "{seconds}: what it missed");
        other.refresh(&revoked.refresh).await.unwrap().assert_invalid_grant();
        assert!(is_active(other, &tokens).await);
        tokens = other.refresh(&tokens.refresh).await.unwrap().tokens();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c135_revocations_reach_a_process_whose_clock_is_nearly_two_seconds_from_the_others() {
    let seconds = [["+0.9", "-0.9"], ["-0.9", "+0.9"]];
    let machine = SystemClock::start();
    let Some(Nodes { clocks, one, other, .. }) = &Nodes::start(seconds[0]) else { return };
    // By a node that is behind, to which tokens look as if they were given later, and by one that is ahead.
    for seconds in seconds {
        for (clock, seconds) in clocks.iter().zip(seconds) {
            clock.set(seconds);
        }
        let admin = other.admin_token().await;
        // Where the second by the clock of one is two behind or ahead of the second by that of the other.
        while !(100..300).contains(&part_of_a_second(&machine)) {
            tokio::task::yield_now().await;
        }
        let tokens = one.login().await;
        let entry = json!({"kind": "sub", "value": claims(&tokens.access)["sub"]});
        other.admin(&admin, Method::POST, "/revocations", &entry).await;
        assert!(!is_active(other, &tokens).await, "{seconds:?}: at once where it was asked for");
        let heard = async { while is_active(one, &tokens).await {} };
        timeout(PATIENCE, heard).await.unwrap();
        // And the next login is none of what was revoked.
        let next = one.login().await;
        assert!(is_active(one, &next).await && is_active(other, &next).await, "{seconds:?}");
    }
}

/// Far more than a node takes to look.
const PATIENCE: Duration = Duration::from_secs(10);
