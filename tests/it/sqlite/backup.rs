//! Copies of the embedded database.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::BACKEND;
use crate::support::{Home, Load, Raw};
use chancery::storage::DatabaseUrl;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_under_load_is_whole_and_opens() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut load = Load::prepare(&wire).await;
    let mut working = load.start(&wire).await;
    let mut sessions = Vec::new();
    for round in 0..3 {
        working.acknowledged(20).await;
        let copy = home.path(&format!("copy-{round}.db"));
        home.succeed(&["backup", copy.to_str().unwrap()]);
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        let mut raw = Raw::open(DatabaseUrl::sqlite(&copy)).await;
        sessions.push(raw.number("SELECT MAX(rotated_at) FROM session").await);
    }
    load.settle(working).await;
    assert!(sessions.is_sorted() && sessions[0] < sessions[2], "{sessions:?}");
    drop(serving);
    home.set("CHANCERY_DATABASE_URL", &format!("sqlite://{}", home.path("copy-2.db").display()));
    home.succeed(&["migrate"]);
    assert!(home.succeed(&["user", "list"]).contains("admin"));
    drop(home.serve());
}

#[test]
fn a_backup_takes_no_place_of_anything_and_leaves_nothing_behind_where_it_fails() {
    let Some(home) = Home::new(BACKEND) else { return };
    home.fail(&["backup", home.path("early.db").to_str().unwrap()]);
    home.succeed(&["init"]);
    home.write("there.db", "mine");
    for (to, said) in
        [("there.db", "there.db exists already"), ("no/such/folder.db", "No such file")]
    {
        let to = home.path(to);
        let told = home.fail(&["backup", to.to_str().unwrap()]);
        assert!(told.contains(said) && told.contains(to.to_str().unwrap()), "{told}");
    }
    assert_eq!(fs::read_to_string(home.path("there.db")).unwrap(), "mine");
    assert_eq!(parts(&home), 0);
}

#[test]
fn what_a_killed_backup_left_behind_stops_none_after_it() {
    let Some(home) = Home::new(BACKEND) else { return };
    home.succeed(&["init"]);
    // In a container the process has the same number each time.
    let by_number = r#"touch "$1.$$.part"; exec "$0" backup "$1""#;
    let to = home.path("copy.db");
    let ran = home.run_by("/bin/sh", &["-c", by_number, BINARY, to.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(parts(&home), 1, "only what was there before");
}

/// How many copies lie in the folder that are not whole.
fn parts(home: &Home) -> usize {
    let names = fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_str().unwrap().contains(".part")).count()
}

#[test]
fn where_there_is_no_database_nothing_is_said_to_be_restored() {
    let Some(home) = Home::new(BACKEND) else { return };
    let told = home.fail(&["restored"]);
    assert!(told.contains("does not exist"), "{told}");
    assert!(!home.path("chancery-data").exists());
}

const BINARY: &str = env!("CARGO_BIN_EXE_chancery");
