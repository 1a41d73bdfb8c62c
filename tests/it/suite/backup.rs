//! A backup is put back, by the commands that the pages name (C144).

use std::fs;
use std::path::PathBuf;

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Backend, Home, Raw, Serving, Tokens, Wire, claims, postgres_program};

/// What was there when the backup was made, and what was done since.
struct Past {
    /// Not touched since.
    stays: Tokens,
    /// Ended since.
    revoked: Tokens,
    /// Refreshed since.
    rotated: Tokens,
    /// Begun since.
    late: Tokens,
    /// Where the feed was.
    head: Value,
}

/// An installation whose database was put back, and what was there before.
async fn put_back() -> Option<(Home, Past)> {
    let mut home = Home::new(BACKEND)?;
    // Each start listens elsewhere.
    home.set("CHANCERY_ISSUER", "http://localhost:8080");
    let serving = home.serve();
    let wire = home.wire(&serving);
    let [stays, revoked, before] = [wire.login().await, wire.login().await, wire.login().await];
    let backup = back_up(&home);
    assert_eq!(wire.revoke(&revoked.refresh).await.unwrap().status, 200);
    let rotated = wire.refresh(&before.refresh).await.unwrap().tokens();
    let late = wire.login().await;
    assert!(is_active(&wire, &late.access).await && !is_active(&wire, &revoked.access).await);
    let head = claims(&wire.get("/revocations").await.unwrap().body);
    stop(serving).await;
    restore(&home, &backup);
    Some((home, Past { stays, revoked, rotated, late, head }))
}

async fn stop(serving: Serving) {
    serving.terminate();
    assert!(serving.ended().await.success());
}

/// Makes a backup, as docs/operations.md says, while the server goes on.
fn back_up(home: &Home) -> PathBuf {
    let path = home.path("chancery.backup");
    match BACKEND {
        Backend::Sqlite => {
            let made = home.succeed(&["--json", "backup", path.to_str().unwrap()]);
            let made: Value = serde_json::from_str(&made).unwrap();
            assert_eq!(made["bytes"], fs::metadata(&path).unwrap().len());
        }
        Backend::Postgres => {
            let to = format!("--file={}", path.display());
            run("pg_dump", &["--format=custom", "--no-owner", &to, &home.url()]);
        }
    }
    path
}

/// Puts it back, while no server runs.
fn restore(home: &Home, backup: &PathBuf) {
    match BACKEND {
        Backend::Sqlite => {
            let url = home.url();
            let path = PathBuf::from(url.strip_prefix("sqlite://").unwrap());
            for companion in ["-wal", "-shm"] {
                let companion = format!("{}{companion}", path.display());
                let _ = fs::remove_file(companion);
            }
            fs::copy(backup, path).unwrap();
        }
        Backend::Postgres => {
            let to = format!("--dbname={}", home.url());
            // What the backup does not know of must not stay.
            let empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
            run("psql", &["--quiet", &to, "--command", empty]);
            let from = backup.to_str().unwrap();
            run(
                "pg_restore",
                &["--exit-on-error", "--single-transaction", "--no-owner", &to, from],
            );
        }
    }
}

fn run(program: &str, arguments: &[&str]) {
    let ran = std::process::Command::new(postgres_program(program)).args(arguments).output();
    let ran = ran.unwrap();
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
}

async fn is_active(wire: &Wire, token: &str) -> bool {
    wire.introspect(token).await.unwrap().json()["active"] == true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c144_what_was_revoked_after_the_backup_stays_revoked() {
    let Some((mut home, past)) = put_back().await else { return };
    let told: Value = serde_json::from_str(&home.succeed(&["--json", "restored"])).unwrap();
    assert!(
        told["effective_by"]["position"]["epoch"].as_i64() > past.head["epoch"].as_i64(),
        "{told}"
    );
    let serving = home.serve();
    let wire = home.wire(&serving);
    for tokens in [&past.stays, &past.revoked, &past.rotated, &past.late] {
        assert!(!is_active(&wire, &tokens.access).await);
        // Not 503: whoever holds one logs in again.
        wire.refresh(&tokens.refresh).await.unwrap().assert_invalid_grant();
    }
    let new = wire.login().await;
    assert!(is_active(&wire, &new.access).await);
    let next = wire.refresh(&new.refresh).await.unwrap().tokens();
    assert!(is_active(&wire, &next.access).await);
    // Whoever reads the feed by a place of before is given the whole of the new epoch.
    let (epoch, seq) = (&past.head["epoch"], &past.head["seq"]);
    let behind = format!("/revocations?epoch={epoch}&after={seq}");
    let behind = claims(&wire.get(&behind).await.unwrap().body);
    assert_eq!(behind["epoch"], told["effective_by"]["position"]["epoch"]);
    let admin = wire.admin_token().await;
    let events = "/audit?kind=restored";
    let events = wire.admin(&admin, Method::GET, events, &json!(null)).await.json();
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
    stop(serving).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_being_told_a_server_that_knew_nothing_of_the_loss_lets_in_what_was_revoked_since()
{
    // Why there is the command: nobody is there who had read more.
    let Some((mut home, past)) = put_back().await else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    wire.refresh(&past.revoked.refresh).await.unwrap().tokens();
    stop(serving).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restored_again_begins_one_more_epoch() {
    let Some((home, _)) = put_back().await else { return };
    let epochs = [home.succeed(&["--json", "restored"]), home.succeed(&["--json", "restored"])];
    let [one, two] = epochs.map(|told| serde_json::from_str::<Value>(&told).unwrap());
    assert!(
        one["effective_by"]["position"]["epoch"].as_i64()
            < two["effective_by"]["position"]["epoch"].as_i64()
    );
    let mut raw = Raw::open(home.database()).await;
    assert_eq!(raw.number("SELECT COUNT(*) FROM revocation WHERE kind = 'all'").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_the_version_before_is_put_back_and_brought_up_to_date() {
    let Some(home) = Home::new(BACKEND) else { return };
    home.succeed(&["init"]);
    let mut raw = Raw::open(home.database()).await;
    raw.run("DROP TABLE failed_login").await;
    raw.run("DELETE FROM _sqlx_migrations WHERE version = 2").await;
    drop(raw);
    let backup = back_up(&home);
    home.succeed(&["migrate"]);
    restore(&home, &backup);
    home.succeed(&["restored"]);
    let mut raw = Raw::open(home.database()).await;
    assert_eq!(raw.number("SELECT COUNT(*) FROM failed_login").await, 0);
    assert_eq!(raw.number("SELECT COUNT(*) FROM revocation WHERE kind = 'all'").await, 1);
}
