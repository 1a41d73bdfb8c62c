//! The tables, as they are brought up to date (C134).

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
