//! What a refused login asks of the database, and what it leaves in the audit log.

use std::collections::{BTreeMap, BTreeSet};

use chancery::protocol::audit::AuditKind;
use http::Method;
use metrics::set_default_local_recorder;
use serde_json::json;

use super::super::BACKEND;
use super::guessing::{ELSEWHERE, attempt};
use crate::support::{PASSWORD, Statements, TestServer};

#[tokio::test]
async fn c065_what_is_refused_before_a_password_is_compared_leaves_few_rows_and_hides_no_guess() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let failures = async || server.events(AuditKind::LoginFailed).await;
    for n in 0..40 {
        let name = format!("user{n}");
        attempt(&server, (&name, "with a \u{0}"), ELSEWHERE).await.assert_invalid_grant();
    }
    assert_eq!(failures().await, 10);
    attempt(&server, ("user0", "wrong"), ELSEWHERE).await.assert_invalid_grant();
    assert_eq!(failures().await, 11);
    for n in 0..200 {
        let from = [192, 0, 2, n];
        attempt(&server, ("user0", "with a \u{0}"), from).await.assert_invalid_grant();
    }
    assert_eq!(failures().await, 101, "of all networks together");
    attempt(&server, ("user1", "wrong"), [192, 0, 2, 201]).await.assert_invalid_grant();
    assert_eq!(failures().await, 102);
    // Nor does it hide who has guessed right, and is refused all the same.
    server.create_user("alice", &[]).await;
    let mut body = server.login_body();
    body["username"] = json!("alice");
    body["password"] = json!(PASSWORD);
    body["client_id"] = json!("chancery-admin");
    body.as_object_mut().unwrap().remove("client_secret");
    server.post_json("/login", &body).await.assert_error(400, "invalid_scope");
    assert_eq!(failures().await, 103);
}

#[tokio::test]
async fn c060_a_refusal_is_written_down_whether_or_not_somebody_has_the_name() {
    // Who waits for a commit and who does not would tell them apart.
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for name in ["alice", "bert"] {
        server.create_user(name, &[]).await;
    }
    attempt(&server, ("nobody", "wrong"), ELSEWHERE).await.assert_invalid_grant();
    for name in ["alice", "no-one", "bert", "nobody-else"] {
        let before = server.events(AuditKind::LoginFailed).await;
        for written in [1, 1] {
            attempt(&server, (name, "wrong"), ELSEWHERE).await.assert_invalid_grant();
            let events = server.events(AuditKind::LoginFailed).await;
            assert_eq!(events, before + written, "{name}: once in a minute");
        }
    }
}

#[tokio::test]
async fn c060_every_refusal_of_a_login_asks_the_same_of_the_database() {
    // Whoever has to wait for one statement more, which is less than noise in a single answer, is told apart.
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for (name, password) in [("alice", PASSWORD), ("right", PASSWORD), ("wrong", PASSWORD)] {
        let made = json!({"name": name, "password": password});
        let made = server.admin(Method::POST, "/users", &made).await.json();
        let path = format!("/users/{}", made["id"].as_str().unwrap());
        if name != "alice" {
            let disable = json!({"status": "disabled"});
            assert_eq!(server.admin(Method::PATCH, &path, &disable).await.status, 200);
        }
    }
    server.admin(Method::POST, "/users", &json!({"name": "empty"})).await.json();
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let mut asked = BTreeMap::<_, Vec<_>>::new();
    // One after the other: written down or not, let in by a claim or without one, put off, and again as time
    // goes by.
    for seconds in [0, 0, 0, 0, 0, 0, 0, 61, 0, 61, 5] {
        server.advance(seconds);
        server.look().await;
        for (name, from) in ["nobody", "alice", "right", "wrong", "empty"].into_iter().zip(1..) {
            let password = if name == "right" { PASSWORD } else { "not the password" };
            let before = statements.count();
            let reply = attempt(&server, (name, password), [192, 0, 2, from]).await;
            let cost = statements.count() - before;
            asked.entry(name).or_default().push((reply.status.as_u16(), cost));
        }
    }
    let nobody = &asked["nobody"];
    assert!(asked.values().all(|one| one == nobody), "{asked:#?}");
    let answers: BTreeSet<_> = nobody.iter().collect();
    assert!(answers.len() > 3 && nobody.iter().any(|answer| answer.0 == 429), "{nobody:?}");
}

#[tokio::test]
async fn c065_whoever_is_slowed_down_leaves_one_row_whatever_addresses_of_his_network_he_takes() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let from = |host| [0x2001, 0xdb8, 0, 1, 0, 0, 0, host];
    for n in 0..21 {
        attempt(&server, (&format!("user{n}"), "wrong"), from(n)).await.assert_invalid_grant();
    }
    let before = server.events(AuditKind::LoginFailed).await;
    assert_eq!(before, 21);
    for n in 100..140 {
        let slow = attempt(&server, (&format!("user{n}"), "wrong"), from(n)).await;
        slow.assert_error(429, "too_many_requests");
    }
    assert_eq!(server.events(AuditKind::LoginFailed).await, before + 1);
}
