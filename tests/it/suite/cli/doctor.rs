//! `chancery doctor`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::{KEYS, at_home};
use crate::support::{Home, Ran};

/// The statuses of a check, in order.
fn statuses(outcome: &Ran, check: &str) -> Vec<String> {
    let report = report(outcome);
    let checks = report["checks"].as_array().unwrap().iter();
    let of = checks.filter(|one| one["check"] == check);
    of.map(|one| one["status"].as_str().unwrap().to_owned()).collect()
}

/// What was found, whether or not all is well.
fn report(outcome: &Ran) -> Value {
    serde_json::from_str(&outcome.out).unwrap_or_else(|_| panic!("not JSON: {outcome:?}"))
}

fn doctor(home: &Home) -> Ran {
    home.run(&["doctor", "--json"])
}

#[test]
fn a_running_installation_is_in_order() {
    at_home(|mut home| {
        let serving = home.serve();
        let outcome = doctor(&home);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert_eq!(report(&outcome)["ok"], true);
        for check in ["configuration", "issuer", "data_dir", "database", "master_key", "metadata"] {
            assert_eq!(statuses(&outcome, check), ["ok"], "{check}: {outcome:?}");
        }
        assert_eq!(statuses(&outcome, "first_run"), ["warn"], "{outcome:?}");
        assert!(statuses(&outcome, "keys").iter().all(|status| status == "ok"), "{outcome:?}");
        assert!(statuses(&outcome, "keys").len() >= 3, "{outcome:?}");
        assert!(!statuses(&outcome, "durability").contains(&"fail".to_owned()), "{outcome:?}");
        let is_postgres = home.url().starts_with("postgres");
        let clock: &[&str] = if is_postgres { &["ok"] } else { &[] };
        assert_eq!(statuses(&outcome, "clock"), clock, "{outcome:?}");
        drop(serving);
        assert_eq!(statuses(&doctor(&home), "metadata"), ["warn"]);
    });
}

#[test]
fn it_changes_nothing_where_there_is_nothing_yet() {
    let Some(mut home) = Home::new(crate::support::Backend::Sqlite) else { return };
    let url = format!("sqlite://{}", home.path("data/new.db").display());
    home.set("CHANCERY_DATABASE_URL", &url);
    let outcome = doctor(&home);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(statuses(&outcome, "database"), ["warn"]);
    assert_eq!(fs::read_dir(home.path("")).unwrap().count(), 0);
}

#[test]
fn c136_a_key_file_that_others_can_read_stops_every_command() {
    at_home(|home| {
        home.succeed(&["init"]);
        let key = home.path("chancery-data/master.key");
        let rights = |mode| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        for mode in [0o604, 0o606, 0o602] {
            rights(mode);
            for command in [&["serve"][..], &["user", "list"], &["key", "list"]] {
                home.run(command).fails(78, "chmod 600");
            }
        }
        // Platforms that hand secrets out by a group of the container do so.
        rights(0o640);
        home.succeed(&["key", "list"]);
    });
}

#[test]
fn files_that_others_can_read_are_named() {
    at_home(|home| {
        home.succeed(&["init"]);
        let key = home.path("chancery-data/master.key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let outcome = home.run(&["doctor"]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.out.contains("chmod 600"), "{outcome:?}");
        assert!(outcome.out.contains("master.key"), "{outcome:?}");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(doctor(&home).code, Some(0));
    });
}

#[test]
fn a_wrong_master_key_and_a_foreign_database_fail() {
    at_home(|mut home| {
        home.succeed(&["init"]);
        home.set("CHANCERY_MASTER_KEY", KEYS[1]);
        let outcome = doctor(&home);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert_eq!(statuses(&outcome, "master_key"), ["fail"]);
        home.set("CHANCERY_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
        let outcome = doctor(&home);
        assert_eq!(statuses(&outcome, "database"), ["fail"], "{outcome:?}");
    });
}

#[test]
fn a_configuration_that_does_not_load_is_a_finding() {
    at_home(|mut home| {
        home.set("CHANCERY_ISSUER", "http://auth.example.com");
        let outcome = doctor(&home);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert_eq!(statuses(&outcome, "configuration"), ["fail"]);
        let text = report(&outcome)["checks"][0]["message"].clone();
        assert!(matches!(&text, Value::String(text) if text.contains("CHANCERY_ISSUER")), "{text}");
    });
}

#[test]
fn another_server_under_the_issuers_name_fails() {
    at_home(|mut home| {
        let serving = home.serve();
        let listen = home.variable("CHANCERY_LISTEN").replace("127.0.0.1", "http://127.0.0.1");
        home.set("CHANCERY_ISSUER", &listen);
        let outcome = doctor(&home);
        assert_eq!(statuses(&outcome, "metadata"), ["fail"], "{outcome:?}");
        drop(serving);
    });
}

#[test]
fn an_installation_that_nobody_can_administer_says_how_to_change_that() {
    at_home(|mut home| {
        // A user from before the first start: it is no first run any more.
        home.succeed(&["user", "create", "early", "--role", "Admin"]);
        drop(home.serve());
        assert!(!home.path("chancery-data/first-run.env").exists());
        let outcome = doctor(&home);
        assert_eq!(statuses(&outcome, "administration"), ["warn", "warn"], "{outcome:?}");
        assert!(outcome.out.contains("chancery init"), "{outcome:?}");
        assert!(outcome.out.contains("mends chancery-admin"), "{outcome:?}");
        assert!(home.fail(&["init", "--username", "early"]).contains("a user of this name exists"));
        home.succeed(&["init"]);
        assert_eq!(statuses(&doctor(&home), "administration"), ["ok"]);
        assert!(home.fail(&["init", "--username", "other"]).contains("there is an administrator"));
        home.succeed(&["user", "disable", "admin"]);
        home.succeed(&["client", "disable", "chancery-admin"]);
        assert_eq!(statuses(&doctor(&home), "administration"), ["warn", "warn"]);
    });
}
