//! `chancery user`.

use serde_json::{Value, json};

use super::{BACKEND, set_up};
use crate::support::{Installation, TestServer};

const PASSWORD: &str = "correct horse battery staple";
const IMPORTED: &str = "Grüße aus Łódź";
const IMPORTED_HASH: &str = "$2b$04$abcdefghijklmnopqrstuuTSS/rlYit7.KSGnqtRj4h6zUkRnQr.q";

async fn status(server: &TestServer, name: &str, password: &str) -> u16 {
    let body = json!({"username": name, "password": password, "client_id": "app"});
    server.post_json("/login", &body).await.status.as_u16()
}

#[test]
fn a_user_is_created_found_by_name_and_id_and_changed() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let made = installation.run("--json user create Alice --role admin --role staff").json();
    assert_eq!(made["roles"], json!(["admin", "staff"]));
    assert_eq!(made["status"], "active");
    installation.run("user create alice").fails(1, "a user of this name exists");
    let id = made["id"].as_str().unwrap();
    for which in ["alice", "ALICE", id] {
        assert_eq!(installation.run(&format!("--json user show {which}")).json(), made);
    }
    let disabled = installation.run("--json user disable alice").json();
    assert_eq!(disabled["status"], "disabled");
    assert!(disabled["effective_by"]["expiry"].is_string());
    let enabled = installation.run("--json user enable alice").json();
    assert_eq!(enabled["status"], "active");
    assert!(enabled.get("effective_by").is_none(), "nothing is refused by it: {enabled}");
    let roles = |arguments: &str| {
        installation.run(&format!("--json user roles alice {arguments}")).json()["roles"].clone()
    };
    assert_eq!(roles("--role staff"), json!(["staff"]));
    assert_eq!(roles("--none"), json!([]));
    let shown = installation.run("user list").ok();
    assert!(shown.lines().any(|line| line.starts_with("Alice  active")), "{shown}");
}

#[test]
fn what_is_known_of_a_user_is_given_changed_and_removed() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let create = "--json user create ada --claim name=Ada --claim email=ada@example.com \
                  --claim email_verified=true --claim address.country=UK \
                  --claim address.locality=London";
    let made = installation.run(create).json();
    let address = json!({"country": "UK", "locality": "London"});
    let mut profile = json!({
        "name": "Ada", "email": "ada@example.com", "email_verified": true, "address": address,
    });
    assert_eq!(made["profile"], profile);
    let claims = "--json user claims ada --claim name=Countess --claim email_verified= \
                  --claim address.country=";
    let changed = installation.run(claims).json();
    profile["name"] = json!("Countess");
    profile["address"] = json!({"locality": "London"});
    profile.as_object_mut().unwrap().remove("email_verified");
    assert_eq!(changed["profile"], profile);
    assert_eq!(installation.run("--json user show ada").json()["profile"], profile);
    let shown = installation.run("user show ada").ok();
    assert!(shown.lines().any(|line| line.starts_with("profile.address.locality")), "{shown}");
    installation.run("user claims ada").fails(2, "--claim");
    installation.run("user claims ada --claim is_admin=true").fails(2, "none of the standard");
    installation.run("user claims ada --claim email=ada").fails(1, "email is an address");
    installation.run("user create bob --claim email").fails(2, "NAME=VALUE");
    installation.run("user show bob").fails(1, "there is no such user");
}

#[test]
fn every_page_of_a_list_is_shown() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let lines: Vec<String> = (0..401).map(|n| format!("{{\"name\":\"user-{n}\"}}")).collect();
    let report = installation.run_on("--json user import -", &lines.join("\n")).json();
    assert_eq!(report["created"], 401);
    let listed = installation.run("--json user list").json();
    let items = listed["items"].as_array().unwrap();
    let names: std::collections::BTreeSet<_> =
        items.iter().map(|user| user["name"].as_str().unwrap()).collect();
    assert_eq!((items.len(), names.len()), (401, 401));
    assert_eq!(listed["next"], Value::Null);
}

#[tokio::test]
async fn a_password_is_one_line_of_standard_input_and_works_at_login() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    set_up(&installation);
    let line = format!("{PASSWORD}\n");
    let made = installation.run_on("user create alice --password-stdin", &line).ok();
    assert!(!made.contains(PASSWORD), "{made}");
    let server = installation.server().await;
    assert_eq!(status(&server, "alice", PASSWORD).await, 200);
    for (input, why) in [("", "missing"), ("short\n", "too short"), ("\n", "missing")] {
        let ran = installation.run_on("user create bob --password-stdin", input);
        ran.fails(1, why);
    }
    installation.run_on("user password alice --password-stdin", "another horse entirely").ok();
    assert_eq!(status(&server, "alice", PASSWORD).await, 400);
    assert_eq!(status(&server, "alice", "another horse entirely").await, 200);
    installation.run_on("user password alice --password-hash-stdin", IMPORTED_HASH).ok();
    assert_eq!(status(&server, "alice", IMPORTED).await, 200);
}

#[tokio::test]
async fn imported_users_log_in_with_their_old_passwords_and_bad_lines_are_reported() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    set_up(&installation);
    installation.run("user create taken").ok();
    let costly = "$argon2id$v=19$m=4194304,t=9,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA";
    let lines = [
        json!({"name": "alice", "password_hash": IMPORTED_HASH, "roles": ["staff"],
            "profile": {"email": "alice@example.com"}})
        .to_string(),
        String::new(),
        json!({"name": "taken", "password_hash": IMPORTED_HASH}).to_string(),
        json!({"name": "costly", "password_hash": costly}).to_string(),
        json!({"name": "plain", "password": "hunter2"}).to_string(),
        json!({"name": "a b"}).to_string(),
        json!({"name": "spaced", "roles": ["a b"]}).to_string(),
        "{".to_owned(),
        json!({"name": "bob"}).to_string(),
        json!({"name": "claims", "profile": {"email": "nowhere"}}).to_string(),
    ];
    installation.write("users.ndjson", &lines.join("\n"));
    let ran = installation.run("--json user import users.ndjson");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("2 users were created, 7 lines refused"), "{ran:?}");
    for secret in ["hunter2", IMPORTED_HASH, costly] {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{ran:?}");
    }
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let items = report["items"].as_array().unwrap();
    let errors: Vec<(u64, &str)> = items
        .iter()
        .filter_map(|item| Some((item["line"].as_u64().unwrap(), item["error"].as_str()?)))
        .collect();
    let malformed = [4, 5, 6, 7, 8, 10].map(|line| (line, "invalid_request"));
    assert_eq!(errors, [&[(3, "conflict")], &malformed[..]].concat());
    let server = installation.server().await;
    assert_eq!(status(&server, "alice", IMPORTED).await, 200);
    let alice = installation.run("--json user show alice").json();
    assert_eq!(alice["roles"], json!(["staff"]));
    assert_eq!(alice["profile"], json!({"email": "alice@example.com"}));
    // Without a hash nobody logs in.
    assert_eq!(status(&server, "bob", "").await, 400);
    installation.run("user import no-such-file").fails(1, "no-such-file");
}
