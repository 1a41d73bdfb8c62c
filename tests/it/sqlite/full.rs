//! The disk has no room: what is still answered, and that nothing is used up by the rest.

use std::fs;
use std::process::Command;

use chancery::storage::DatabaseUrl;

use crate::support::postgres::skip_or_fail;
use crate::support::{Backend, Home, Serving, Tokens, Wire};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_without_room_are_503_and_use_nothing_up_until_there_is_room_again() {
    // C132
    if Command::new("prlimit").arg("--version").output().is_err() {
        let name = "writes_without_room_are_503_and_use_nothing_up_until_there_is_room_again";
        return skip_or_fail(name, "there is no prlimit");
    }
    let Some(mut home) = Home::new(Backend::Sqlite) else { return };
    let serving = home.serve_within_limits();
    let wire = home.wire(&serving);
    for room in [None, Some(6_000), Some(0)] {
        let untouched = wire.login().await;
        let filler = wire.login().await;
        let admin = wire.admin_token().await;
        let name = format!("user-{}", room.unwrap_or(1));
        // No room at all, room for a part of a transaction, and none behind what is there.
        limit(&serving, &room.map_or(0, |room| room + log_size(&home)).to_string());
        fill(&wire, filler).await;
        assert_full(&wire, &untouched, (&admin, &name)).await;

        limit(&serving, "unlimited");
        assert_eq!(wire.get("/readyz").await.unwrap().status, 200, "by itself");
        let active = wire.introspect(&untouched.access).await.unwrap();
        assert_eq!(active.json()["active"], true, "it was not revoked");
        let next = wire.refresh(&untouched.refresh).await.unwrap().tokens();
        let again = wire.refresh(&untouched.refresh).await.unwrap().tokens();
        assert_eq!(next.refresh, again.refresh);
        let made = wire.create_user(&admin, &name).await.unwrap();
        assert_eq!(made.status, 201, "the name was not taken: {made:?}");
        assert_eq!(wire.revoke(&next.refresh).await.unwrap().status, 200);
    }
}

pub(super) async fn assert_full(wire: &Wire, untouched: &Tokens, (admin, name): (&str, &str)) {
    let replies = [
        wire.refresh(&untouched.refresh).await,
        wire.revoke(&untouched.refresh).await,
        wire.revoke(&untouched.access).await,
        wire.create_user(admin, name).await,
        wire.try_login().await,
        wire.get("/readyz").await,
    ];
    for reply in replies {
        let reply = reply.unwrap();
        reply.assert_error(503, "temporarily_unavailable");
        assert_eq!(reply.header("retry-after"), "1");
    }
    for path in ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/healthz"] {
        assert_eq!(wire.get(path).await.unwrap().status, 200, "{path}");
    }
}

/// Refreshes, which writes as little as anything, until there is no room left.
pub(super) async fn fill(wire: &Wire, mut tokens: Tokens) {
    for _ in 0..2000 {
        let reply = wire.refresh(&tokens.refresh).await.unwrap();
        if reply.status != 200 {
            return;
        }
        tokens = reply.tokens();
    }
    panic!("there is room for ever");
}

/// Limits how long the files of the server may get, in bytes.
fn limit(serving: &Serving, bytes: &str) {
    let process = serving.id().to_string();
    let size = format!("--fsize={bytes}:unlimited");
    assert!(Command::new("prlimit").args(["--pid", &process, &size]).status().unwrap().success());
}

/// The length of the write-ahead log.
fn log_size(home: &Home) -> u64 {
    let DatabaseUrl::Sqlite(path) = home.database() else { unreachable!("it is SQLite's") };
    fs::metadata(format!("{}-wal", path.display())).unwrap().len()
}
