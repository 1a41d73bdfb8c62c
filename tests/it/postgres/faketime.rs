//! Nodes that run as processes and whose clocks a test sets, by a library between them and the machine's.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use http::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use super::BACKEND;
use crate::support::postgres::skip_or_fail;
use crate::support::{Home, Serving, Tokens, Wire, until};

/// The clock of a process, which runs as the machine's does and is off by what it was set to last.
struct Clock {
    library: PathBuf,
    folder: TempDir,
}

impl Clock {
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

/// A node whose clock is right, and one with this clock.
struct Nodes {
    _home: Home,
    _serving: [Serving; 2],
    right: Wire,
    other: Wire,
}

impl Nodes {
    fn start(clock: &Clock) -> Option<Self> {
        let mut home = Home::new(BACKEND)?;
        home.set("CHANCERY_ISSUER", "http://localhost:8080");
        let serving = [home.serve(), clock.serve(&mut home)];
        let [right, other] = [&serving[0], &serving[1]].map(|serving| home.wire(serving));
        Some(Self { _home: home, _serving: serving, right, other })
    }
}

async fn is_active(node: &Wire, tokens: &Tokens) -> bool {
    let reply = node.introspect(&tokens.access).await.unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["active"] == true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c135_a_process_whose_clock_steps_serves_nothing_until_it_is_right_and_harms_nobody() {
    let Some(clock) = Clock::new() else { return };
    // It starts with a clock that is wrong.
    clock.set("+30");
    let Some(Nodes { right, other, .. }) = &Nodes::start(&clock) else { return };
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
async fn c135_revocations_reach_a_process_whose_clock_is_nearly_a_second_off() {
    let Some(clock) = Clock::new() else { return };
    clock.set("-0.9");
    let Some(Nodes { right, other, .. }) = &Nodes::start(&clock) else { return };
    // Behind the node that gave the tokens, which look as if they were given later, and ahead of it, which it
    // waits for.
    for seconds in ["-0.9", "+0.9"] {
        clock.set(seconds);
        let admin = other.admin_token().await;
        let tokens = right.login().await;
        other.admin(&admin, Method::POST, "/revocations", &json!({"kind": "all"})).await;
        assert!(!is_active(other, &tokens).await, "{seconds}: at once where it was asked for");
        let heard = async { while is_active(right, &tokens).await {} };
        timeout(PATIENCE, heard).await.unwrap();
        // And the next login is none of what was revoked.
        let next = right.login().await;
        assert!(is_active(right, &next).await && is_active(other, &next).await, "{seconds}");
    }
}

/// Far more than a node takes to look.
const PATIENCE: Duration = Duration::from_secs(10);
