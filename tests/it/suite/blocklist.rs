//! Passwords that everybody knows are taken nowhere (PWD-02).

use http::Method;
use serde_json::json;

use super::BACKEND;
use crate::support::{Home, Visitor};

const LIST: &str = "password1234567\nA favourite of many people\n";
const KNOWN: &str = "A Favourite of MANY people";
const GOOD: &str = "a favourite of nobody else";
const OWN: &str = "another favourite of nobody";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_everybody_knows_is_refused_wherever_one_is_set() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    home.write("known.txt", LIST);
    home.set("CHANCERY_PASSWORDS__BLOCKLIST", "known.txt");
    let serving = home.serve();
    let wire = home.wire(&serving);
    let admin = wire.admin_token().await;
    let create = async |password: &str| {
        let body = json!({"name": "anna", "password": password});
        wire.try_admin(&admin, Method::POST, "/users", &body).await.unwrap()
    };
    let refused = create(KNOWN).await;
    refused.assert_error(400, "invalid_request");
    assert!(refused.body.contains("leaked"), "{refused:?}");
    let anna = create(GOOD).await.json();
    let path = format!("/users/{}/password", anna["id"].as_str().unwrap());
    let set = wire.try_admin(&admin, Method::POST, &path, &json!({"password": KNOWN})).await;
    set.unwrap().assert_error(400, "invalid_request");
    // By his own hand.
    let mut visitor = Visitor::default();
    let page = visitor.open(&format!("{}/account", wire.issuer())).await;
    let page = visitor.submit(&page, &[("username", "anna"), ("password", GOOD)]).await;
    for (new, said) in
        [(KNOWN, "This password is too easy to guess"), (OWN, "Your password has been changed")]
    {
        let form = [("current_password", GOOD), ("new_password", new), ("repeat", new)];
        let page = visitor.submit_to("/account/password", &page, &form).await;
        assert!(page.reply.body.contains(said), "{new}: {page:?}");
    }
    // The command line has no server to ask.
    let ran = home.run_with_input(&["init", "--password-stdin"], KNOWN);
    assert!(ran.code == Some(1) && ran.err.contains("leaked"), "{ran:?}");
    let ran = home.run_with_input(&["user", "create", "bert", "--password-stdin"], KNOWN);
    assert!(ran.code == Some(1) && ran.err.contains("leaked"), "{ran:?}");
    let ran = home.run_with_input(&["user", "create", "bert", "--password-stdin"], GOOD);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_read_as_passwords_are_and_lines_that_are_none_are_counted_in_the_log() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    // A mark of the byte order, letters and accents apart, and two lines in an older encoding.
    let lines: [&[u8]; 4] = [
        b"\xef\xbb\xbfthe first favourite of many\n",
        "cafe\u{301} au lait, s'il vous plai\u{302}t\n".as_bytes(),
        b"a favourite of caf\xe9s\n",
        b"\xfcber alle Berge und weiter\n",
    ];
    std::fs::write(home.path("known.txt"), lines.concat()).unwrap();
    home.set("CHANCERY_PASSWORDS__BLOCKLIST", "known.txt");
    let (serving, log) = home.serve_and_keep_the_log();
    let wire = home.wire(&serving);
    let admin = wire.admin_token().await;
    for known in ["The first favourite of many", "Café au lait, s'il vous plaît"] {
        let body = json!({"name": "anna", "password": known});
        let refused = wire.try_admin(&admin, Method::POST, "/users", &body).await.unwrap();
        refused.assert_error(400, "invalid_request");
        assert!(refused.body.contains("leaked"), "{known}: {refused:?}");
    }
    serving.terminate();
    assert!(serving.ended().await.success());
    let log = log.join().unwrap();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("blocklist")).collect();
    assert!(told.len() == 1 && told[0].contains("\"lines\":2"), "{log}");
    assert!(!log.contains("favourite of caf") && !log.contains("alle Berge"), "{log}");
}

#[test]
fn a_list_that_cannot_be_read_or_is_empty_stops_the_start() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    // The second line is no password.
    home.write("empty.txt", "\n\t\n");
    home.succeed(&["init"]);
    home.set("CHANCERY_LISTEN", "127.0.0.1:0");
    home.set("CHANCERY_ISSUER", "http://localhost:8080");
    for (path, said) in [("missing.txt", "No such file"), ("empty.txt", "no password in it")] {
        home.set("CHANCERY_PASSWORDS__BLOCKLIST", path);
        // What sets no password does not depend on it.
        home.succeed(&["key", "list"]);
        // Nor is it tried again: 2 says so.
        for command in [&["serve"][..], &["apply"], &["config", "check"]] {
            let ran = home.run(command);
            assert_eq!(ran.code, Some(2), "{command:?}: {ran:?}");
            assert!(ran.err.contains("passwords.blocklist") && ran.err.contains(said), "{ran:?}");
        }
    }
}

#[test]
fn a_declared_password_that_everybody_knows_is_applied_nowhere() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    home.write("known.txt", LIST);
    home.write("anna.password", KNOWN);
    home.write("chancery.toml", "[[users]]\nname = 'anna'\npassword_file = 'anna.password'\n");
    home.succeed(&["init"]);
    home.set("CHANCERY_PASSWORDS__BLOCKLIST", "known.txt");
    home.set("CHANCERY_LISTEN", "127.0.0.1:0");
    home.set("CHANCERY_ISSUER", "http://localhost:8080");
    for command in [&["serve"][..], &["apply"], &["apply", "--dry-run"], &["config", "check"]] {
        let ran = home.run(command);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{command:?}: {ran:?}");
        let named = ran.err.contains("users[anna].password_file: ") && ran.err.contains("leaked");
        assert!(named && !ran.err.contains(KNOWN), "{command:?}: {ran:?}");
    }
    assert!(!home.succeed(&["user", "list"]).contains("anna"));
    home.write("anna.password", GOOD);
    home.succeed(&["config", "check"]);
    assert_eq!(home.succeed(&["apply"]), "+ user anna\n");
    // A list that was renewed stops nobody whose password is set already.
    home.write("known.txt", &format!("{LIST}\n{GOOD}\n"));
    assert_eq!(home.succeed(&["apply"]), "nothing to do: 1 as declared\n");
    drop(home.serve());
    home.write("anna.password", KNOWN);
    let refused = home.run(&["apply"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
}
