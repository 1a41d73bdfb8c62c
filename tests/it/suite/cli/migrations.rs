//! The tables, as they are brought up to date (C134).

use http::Method;
use serde_json::Value;

use super::{BACKEND, at_home};
use crate::support::{Home, Raw};

/// An installation as the version before the newest tables left it.
async fn behind(home: &Home) -> Raw {
    home.succeed(&["init"]);
    let mut raw = Raw::open(home.database()).await;
    raw.run("DROP TABLE failed_login").await;
    raw.run("DELETE FROM _sqlx_migrations WHERE version = 2").await;
    raw
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c134_a_database_that_is_behind_is_refused_where_it_is_not_migrated_by_the_way() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let mut raw = behind(&home).await;
    home.set("CHANCERY_MIGRATE", "check");
    for command in [&["user", "list"][..], &["serve"]] {
        let outcome = home.fail(command);
        assert!(outcome.contains("older version") && outcome.contains("chancery migrate"));
    }
    let tables = "SELECT COUNT(*) FROM _sqlx_migrations";
    assert_eq!(raw.number(tables).await, 1, "nothing was changed");
    home.succeed(&["migrate"]);
    assert_eq!(raw.number(tables).await, 2);
    home.succeed(&["user", "list"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c134_a_server_brings_a_database_that_is_behind_up_to_date_and_loses_nothing() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let mut raw = behind(&home).await;
    let users = raw.number("SELECT COUNT(*) FROM users").await;
    let serving = home.serve();
    assert_eq!(raw.number("SELECT COUNT(*) FROM users").await, users);
    assert_eq!(raw.number("SELECT COUNT(*) FROM failed_login").await, 0);
    drop(serving);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c134_tables_that_other_migrations_have_made_are_refused_and_not_tried_again() {
    let Some(home) = Home::new(BACKEND) else { return };
    home.succeed(&["init"]);
    let mut raw = Raw::open(home.database()).await;
    let checksum = raw.bytes(&[9; 48]);
    let other = format!("UPDATE _sqlx_migrations SET checksum = {checksum} WHERE version = 1");
    raw.run(&other).await;
    home.run(&["migrate"]).fails(78, "has been modified");
    let (code, said) = home.fail_to_serve();
    assert!(code == Some(78) && said.contains("has been modified"), "{code:?}: {said}");
}

#[test]
fn c134_of_many_that_migrate_an_empty_database_at_once_each_finds_it_done() {
    at_home(|home| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| home.succeed(&["migrate"]));
            }
        });
        home.succeed(&["init"]);
    });
}

/// Notes a migration that this version does not have, as a newer one would.
async fn bring_ahead(home: &Home) {
    let mut raw = Raw::open(home.database()).await;
    let checksum = raw.bytes(&[9; 48]);
    raw.run(&format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of tomorrow', TRUE, {checksum}, 1)"
    ))
    .await;
}

/// A command of every kind that opens the database, beside the one that serves.
const COMMANDS: [&str; 15] = [
    "init",
    "apply",
    "migrate",
    "user list",
    "user create alice",
    "client list",
    "client create app --public",
    "resource list",
    "session list",
    "key list",
    "key rotate",
    "key reseal",
    "revoke --all",
    "revoke --user admin",
    "feed",
];

/// Whether tables are brought up to date by the way, or only compared.
const MIGRATE: [&str; 2] = ["auto", "check"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c134_tables_of_a_newer_version_are_refused_by_every_command_and_whoever_serves_goes_on() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    let tokens = wire.login().await;
    bring_ahead(&home).await;
    home.set("CHANCERY_LISTEN", "127.0.0.1:1");
    for command in COMMANDS {
        for migrate in MIGRATE {
            home.set("CHANCERY_MIGRATE", migrate);
            let arguments: Vec<&str> = command.split(' ').collect();
            let refused = home.run(&arguments);
            assert_eq!(
                (refused.code, refused.out.as_str()),
                (Some(78), ""),
                "{command}: {refused:?}"
            );
            assert!(refused.err.contains("has migration 9999"), "{command}: {refused:?}");
            assert!(refused.err.contains("run the newer version"), "{command}: {refused:?}");
        }
    }
    for migrate in MIGRATE {
        home.set("CHANCERY_MIGRATE", migrate);
        // Whoever starts it again and again leaves off.
        let (code, said) = home.fail_to_serve();
        assert!(code == Some(78) && said.contains("has migration 9999"), "{code:?}: {said}");
    }
    let found = home.run(&["doctor"]);
    assert_eq!(found.code, Some(1), "{found:?}");
    assert!(found.out.contains("has migration 9999"), "{found:?}");
    // The nodes are brought up to date one after the other: what runs is not disturbed.
    let next = wire.refresh(&tokens.refresh).await.unwrap().tokens();
    let admin = wire.admin_token().await;
    wire.admin(&admin, Method::GET, "/users", &Value::Null).await;
    assert_eq!(wire.get("/readyz").await.unwrap().status, 200);
    assert_eq!(wire.revoke(&next.refresh).await.unwrap().status, 200);
    assert_eq!(wire.introspect(&next.access).await.unwrap().json()["active"], false);
}
