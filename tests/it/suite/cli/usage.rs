//! Exit codes, the two forms of answers, and what needs no database.

use std::collections::BTreeSet;

use super::BACKEND;
use crate::support::{Backend, Installation};

const REVOKE: [&str; 6] = [
    "--jti j",
    "--session 0199a7a0-1111-7222-8333-444455556666",
    "--user u",
    "--client c",
    "--key k",
    "--all",
];

#[test]
fn a_database_that_was_not_there_is_spoken_of_once() {
    let embedded = BACKEND == Backend::Sqlite;
    for (json, said) in [("--json ", false), ("", embedded)] {
        let Some(installation) = Installation::empty(BACKEND) else { return };
        let created = |what: &str| installation.run(&format!("{json}{what}"));
        let ran = created("resource create urn:api");
        let told = ran.err.contains("is new, and empty");
        assert_eq!((ran.code, told), (Some(0), said), "a program reads it, or it is said: {ran:?}");
        let ran = created("client create api --serves urn:api");
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "it is there");
    }
}

#[test]
fn wrong_usage_is_told_from_failure_by_the_exit_code() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    for wrong in [
        "no-such-command",
        "user",
        "user create",
        "user create alice --role a\"b",
        "user create alice --password-stdin --password-hash-stdin",
        "user password alice",
        "user roles alice",
        "client create api --grant password",
        "client create api --public --secret-stdin",
        "client create api --rotation sometimes",
        "client create 0199a7a0-1111-7222-8333-444455556666",
        "client rotate-secret api --overlap 2592001",
        "client rotate-secret api --overlap 1 --compromised",
        "resource create not-a-uri",
        "resource create urn:api --algorithm HS256",
        "session end not-an-id",
        "revoke",
        "completions ed",
    ] {
        let ran = installation.run(wrong);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{wrong}: {ran:?}");
        assert!(!ran.err.is_empty(), "{wrong}");
    }
    for missing in [
        "user show nobody",
        "user disable nobody",
        "client show nothing",
        "client delete nothing",
        "resource delete urn:nothing",
        "session end 0199a7a0-1111-7222-8333-444455556666",
        "session list --user nobody",
        "key compromise nothing",
        "revoke --user nobody",
        "revoke --client nothing",
    ] {
        installation.run(missing).fails(1, "chancery: there is no such ");
    }
}

#[test]
fn failures_are_json_too_where_json_is_asked_for() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    installation.run("user create alice").ok();
    for (command, code, error) in [
        ("user show nobody", 1, "not_found"),
        ("user create alice", 1, "conflict"),
        ("revoke --key nothing", 1, "not_found"),
        ("copy --from sqlite://missing.db --to sqlite://b.db", 1, "failed"),
        ("user create", 2, "invalid_usage"),
    ] {
        for command in [format!("--json {command}"), format!("{command} --json")] {
            let ran = installation.run(&command);
            assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{ran:?}");
            let told: serde_json::Value = serde_json::from_str(&ran.err).expect(&ran.err);
            assert_eq!(told["error"], error, "{command}");
            assert!(!told["error_description"].as_str().unwrap().is_empty(), "{command}");
        }
    }
    let wrong = [("CHANCERY_MIGRATE", "never")];
    let ran = installation.run_with("--json user list", "", &wrong);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.starts_with("{\"error\":\"invalid_configuration\""), "{ran:?}");
}

#[test]
fn exactly_one_thing_is_revoked() {
    let Some(installation) = Installation::empty(BACKEND) else { return };
    for one in REVOKE {
        for other in REVOKE.iter().filter(|other| **other > one) {
            installation.run(&format!("revoke {one} {other}")).fails(2, "cannot be used with");
        }
    }
}

#[test]
fn a_command_answers_in_json_wherever_the_flag_stands() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    for list in ["user list", "client list", "resource list", "session list", "key list"] {
        let before = installation.run(&format!("--json {list}")).json();
        assert_eq!(before["items"], serde_json::json!([]), "{list}");
        assert_eq!(installation.run(&format!("{list} --json")).json(), before);
        // People see the heads of the columns.
        assert_eq!(installation.run(list).ok().lines().count(), 1, "{list}");
    }
}

#[test]
fn tables_are_made_once_and_asked_for_where_they_are_not_made_by_the_way() {
    let Some(installation) = Installation::empty(BACKEND) else { return };
    let check = [("CHANCERY_MIGRATE", "check")];
    installation.run_with("user create alice", "", &check).fails(1, "no tables yet");
    for _ in 0..2 {
        let migrated = installation.run_with("--json migrate", "", &check).json();
        assert_eq!(migrated["up_to_date"], true);
    }
    installation.run_with("user list", "", &check).ok();
}

#[test]
fn the_configuration_is_shown_without_secrets_and_checked() {
    let Some(installation) = Installation::empty(BACKEND) else { return };
    let shown = installation.run("config show --json").json();
    assert_eq!(shown["tokens.retry_window"], "10m");
    assert_eq!(shown["master_key"], "(set)");
    assert_eq!(shown["tokens.max_token_size"], 4096);
    assert_eq!(shown["database.pgbouncer"], false);
    assert_eq!(shown["listen"], serde_json::json!(["127.0.0.1:8080", "[::1]:8080"]));
    assert_eq!(shown["clients"], serde_json::json!([]));
    assert!(shown["database_url"].as_str().unwrap().contains("://"), "{shown}");
    let lines = installation.run("config show").ok();
    assert!(lines.lines().any(|line| line.starts_with("issuer ")), "{lines}");
    assert_eq!(installation.run("--json config check").json()["accepted"], true);
    installation.write("chancery.toml", "[tokens]\nretry_windo = '5m'\n");
    for command in ["config check", "config show", "user list", "serve"] {
        installation.run(command).fails(2, "did you mean `tokens.retry_window`?");
    }
    // What needs no configuration does not read it.
    installation.run("completions bash").ok();
    installation.run("--help").ok();
}

#[test]
fn a_picture_that_is_none_is_named_by_the_check_as_by_the_start() {
    let Some(installation) = Installation::empty(BACKEND) else { return };
    installation.write("text.png", "a text");
    for (file, why) in [("text.png", "pages.logo: "), ("none.png", "pages.logo: none.png: ")] {
        let logo = [("CHANCERY_PAGES__LOGO", file)];
        for command in ["config check", "serve"] {
            installation.run_with(command, "", &logo).fails(2, why);
        }
        installation.run_with("config show", "", &logo).ok();
    }
}

#[test]
fn completions_know_every_command() {
    let Some(installation) = Installation::empty(BACKEND) else { return };
    let scripts: Vec<String> = ["bash", "zsh", "fish", "powershell", "elvish"]
        .iter()
        .map(|shell| installation.run(&format!("completions {shell}")).ok())
        .collect();
    for script in &scripts {
        for word in ["rotate-secret", "compromise", "password-hash-stdin"] {
            assert!(script.contains(word), "{word}");
        }
    }
    assert_eq!(scripts.iter().collect::<BTreeSet<_>>().len(), scripts.len());
}

#[test]
fn a_wrong_master_key_is_named_before_anything_is_done() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    installation.run("client create api").ok();
    let other = [("CHANCERY_MASTER_KEY", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=")];
    for command in ["client disable api", "key rotate --now", "revoke --all", "client create b"] {
        installation.run_with(command, "", &other).fails(78, "master key");
    }
    for (key, code, said) in [(other[0].1, 78, "does not open"), ("none", 2, "32 bytes in base64")]
    {
        let issuer = ("CHANCERY_ISSUER", "http://localhost:8080");
        let serve = [issuer, ("CHANCERY_MASTER_KEY", key), ("CHANCERY_LISTEN", "127.0.0.1:0")];
        let ran = installation.run_with("serve", "", &serve);
        assert!(ran.code == Some(code) && ran.err.contains(said), "{ran:?}");
    }
    assert_eq!(installation.run("--json client show api").json()["status"], "active");
    // No key is opened for these.
    installation.run_with("client list", "", &other).ok();
    installation.run_with("user create alice", "", &other).ok();
}

#[test]
fn the_log_is_quiet_unless_it_is_configured() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    installation.run("user create alice").ok();
    let told = [("CHANCERY_LOG__LEVEL", "info")];
    let ran = installation.run_with("user create bob --json", "", &told);
    assert!(ran.err.contains("\"kind\":\"user_created\""), "{ran:?}");
    assert!(serde_json::from_str::<serde_json::Value>(&ran.out).is_ok(), "{ran:?}");
}

#[test]
fn a_picture_of_the_brand_that_is_none_stops_the_start() {
    let Some(installation) = Installation::empty(BACKEND) else { return };
    let serve = |logo: &str| installation.run_with("serve", "", &[("CHANCERY_PAGES__LOGO", logo)]);
    serve("missing.png").fails(2, "missing.png: No such file");
    installation.write("logo.svg", "<svg/>");
    serve("logo.svg").fails(2, "pages.logo: the logo is not a PNG");
    installation.write("large.gif", &format!("GIF89a{}", ".".repeat(256 * 1024)));
    serve("large.gif").fails(2, "large.gif: the picture is larger than 256 KiB");
}
