//! Guessing passwords on many nodes at once (C065).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use chancery::flows::admin::By;
use chancery::flows::admin::users::{UserChange, change};
use chancery::flows::janitor::Sweep;
use chancery::protocol::audit::AuditKind;
use chancery::protocol::ids::UserId;
use http::{Method, Request};
use metrics::set_default_local_recorder;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::super::BACKEND;
use super::two_nodes;
use crate::support::{PASSWORD, Reply, Statements, TestServer};

/// Tries to log in from an address.
async fn attempt(
    server: &TestServer,
    (name, password): (&str, &str),
    from: impl Into<IpAddr>,
) -> Reply {
    let mut body = server.login_body();
    body["username"] = json!(name);
    body["password"] = json!(password);
    let peer = SocketAddr::new(from.into(), 50_000);
    let request = Request::builder()
        .method(Method::POST)
        .uri("/login")
        .header("content-type", "application/json")
        .extension(ConnectInfo(peer))
        .body(Body::from(body.to_string()))
        .unwrap();
    server.send(request).await
}

const ELSEWHERE: [u8; 4] = [198, 51, 100, 1];

/// Fails `times` times, each from another address, as soon as it may.
async fn fail(servers: &[&TestServer], name: &str, times: u8) {
    for n in 0..times {
        let server = servers[usize::from(n) % servers.len()];
        let reply = attempt(server, (name, "wrong"), [192, 0, 2, n]).await;
        let reply = match reply.header("retry-after").parse() {
            Ok(seconds) => {
                server.advance(seconds);
                attempt(server, (name, "wrong"), [192, 0, 2, n]).await
            }
            Err(_) => reply,
        };
        reply.assert_invalid_grant();
    }
}

/// For how many seconds the right password is not looked at.
async fn delay(server: &TestServer, name: &str, from: [u8; 4]) -> u64 {
    let reply = attempt(server, (name, PASSWORD), from).await;
    if reply.status == 429 { reply.header("retry-after").parse().unwrap() } else { 0 }
}

#[tokio::test]
async fn c065_failures_of_one_account_count_on_every_node_and_after_a_restart() {
    let Some([one, two]) = two_nodes().await else { return };
    one.create_user("alice", &[]).await;
    fail(&[&one, &two], "alice", 6).await;
    assert_eq!(delay(&one, "alice", ELSEWHERE).await, 1);
    assert_eq!(delay(&two, "alice", ELSEWHERE).await, 1);
    let restarted = one.another(3).await;
    assert_eq!(delay(&restarted, "alice", ELSEWHERE).await, 1);
    one.advance(1);
    assert_eq!(delay(&two, "alice", ELSEWHERE).await, 0);
    // That success forgives them, everywhere.
    fail(&[&one], "alice", 5).await;
    assert_eq!(delay(&one, "alice", ELSEWHERE).await, 0);
}

#[tokio::test]
async fn c065_the_delay_doubles_up_to_a_minute_and_refused_attempts_do_not_lengthen_it() {
    let Some([one, two]) = two_nodes().await else { return };
    one.create_user("alice", &[]).await;
    fail(&[&one, &two], "alice", 5).await;
    for (n, seconds) in [1, 2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
        let from = [192, 0, 2, 100 + u8::try_from(n).unwrap()];
        attempt(&one, ("alice", "wrong"), from).await.assert_invalid_grant();
        for server in [&one, &two, &one] {
            assert_eq!(delay(server, "alice", ELSEWHERE).await, seconds);
        }
        one.advance(seconds);
    }
    assert_eq!(delay(&two, "alice", ELSEWHERE).await, 0);
}

#[tokio::test]
async fn c060_a_name_that_nobody_has_is_delayed_alike_and_not_kept() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("alice", &[]).await;
    for name in ["alice", "hunter2", "not a\u{0} name"] {
        fail(&[&server], name, 7).await;
        assert_eq!(delay(&server, name, ELSEWHERE).await, 2, "{name}");
        server.advance(3);
    }
    // Another spelling of one is no way around.
    for name in ["ALICE", "HUNTER2"] {
        attempt(&server, (name, "wrong"), ELSEWHERE).await.assert_invalid_grant();
        assert_eq!(delay(&server, &name.to_lowercase(), ELSEWHERE).await, 4, "{name}");
        server.advance(4);
    }
    let mut raw = server.raw().await;
    let tags = "SELECT COUNT(*) FROM failed_login WHERE length(account) = 16";
    assert!(raw.number(tags).await >= 3);
    let plain = raw.bytes(b"hunter2");
    let kept = format!("SELECT COUNT(*) FROM failed_login WHERE account = {plain}");
    assert_eq!(raw.number(&kept).await, 0);
}

#[tokio::test]
async fn c065_of_guesses_at_once_on_two_nodes_each_is_counted() {
    let Some(nodes) = two_nodes().await else { return };
    nodes[0].create_user("alice", &[]).await;
    let mut guesses = JoinSet::new();
    for n in 0..8 {
        let node = nodes[usize::from(n % 2)].clone();
        guesses.spawn(async move {
            attempt(&node, ("alice", "wrong"), [192, 0, 2, n]).await.status.as_u16()
        });
    }
    // Beyond two that wait for their hash on a node, and beyond five, some are put off.
    let answers = guesses.join_all().await;
    let counted = answers.iter().filter(|status| **status == 400).count();
    assert!(counted >= 2 && answers.iter().all(|status| [400, 429, 503].contains(status)));
    let mut raw = nodes[0].raw().await;
    let debt = raw.number("SELECT clear_at FROM failed_login").await;
    let ten_minutes = i64::try_from(counted).unwrap() * 600_000;
    assert_eq!(debt - nodes[0].server.now().millis(), ten_minutes, "{answers:?}");
}

#[tokio::test]
async fn c065_an_attack_from_elsewhere_does_not_delay_an_account_where_it_is_at_home() {
    let Some([one, two]) = two_nodes().await else { return };
    one.create_user("alice", &[]).await;
    let home = [203, 0, 113, 1];
    assert_eq!(delay(&one, "alice", home).await, 0);
    fail(&[&one, &two], "alice", 5).await;
    attempt(&one, ("alice", "wrong"), ELSEWHERE).await.assert_invalid_grant();
    assert_eq!(delay(&two, "alice", ELSEWHERE).await, 1);
    assert_eq!(delay(&one, "alice", home).await, 0);
}

#[tokio::test]
async fn c065_who_asks_again_and_again_keeps_nobody_out_where_he_has_a_session() {
    let Some([one, two]) = two_nodes().await else { return };
    let id = one.create_user("alice", &[]).await;
    let (home, elsewhere) = ([203, 0, 113, 1], [203, 0, 113, 2]);
    assert_eq!(delay(&one, "alice", home).await, 0);
    fail(&[&one, &two], "alice", 12).await;
    let restarted = one.another(3).await;
    for node in [&two, &restarted] {
        assert_eq!(delay(node, "alice", elsewhere).await, 60);
        assert_eq!(delay(node, "alice", home).await, 0);
        fail(&[&one], "alice", 12).await;
    }
    // What fails there is counted there.
    for _ in 0..6 {
        attempt(&two, ("alice", "wrong"), home).await.assert_invalid_grant();
    }
    assert_eq!(delay(&two, "alice", home).await, 1);
    // Once the sessions are over, it is a place like any other.
    let (user, by) = (UserId::parse(&id).unwrap(), By::command_line());
    change(&one.server, &by, user, UserChange::LogoutEverywhere).await.unwrap();
    let restarted = one.another(4).await;
    assert_eq!(delay(&restarted, "alice", home).await, 60);
    // An administrator who gives her a new password forgives what was failed.
    let password = json!({"password": PASSWORD});
    let path = format!("/users/{id}/password");
    assert_eq!(one.admin(Method::POST, &path, &password).await.status, 200);
    assert_eq!(delay(&restarted, "alice", home).await, 0);
}

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
}

#[tokio::test]
async fn a_guess_that_cannot_be_counted_is_not_answered() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("alice", &[]).await;
    let mut raw = server.raw().await;
    raw.refuse_inserts("failed_login").await;
    attempt(&server, ("alice", "wrong"), ELSEWHERE)
        .await
        .assert_error(503, "temporarily_unavailable");
    assert_eq!(delay(&server, "alice", ELSEWHERE).await, 0, "who knows the password gets in");
    raw.allow_inserts("failed_login").await;
    fail(&[&server], "alice", 1).await;
}

#[tokio::test]
async fn c135_a_clock_that_is_set_back_keeps_nobody_out() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("alice", &[]).await;
    fail(&[&server], "alice", 6).await;
    let mut raw = server.raw().await;
    // As a node wrote whose clock was a day ahead.
    let ahead = "UPDATE failed_login SET clear_at = clear_at + 86400000, until = until + 86400000";
    raw.run(ahead).await;
    // It does not count, and the next failure sets it right.
    fail(&[&server], "alice", 1).await;
    let left = raw.number("SELECT clear_at FROM failed_login").await - server.server.now().millis();
    assert_eq!(left, 12 * 600_000, "as many failures as the longest delay takes");
    assert_eq!(delay(&server, "alice", ELSEWHERE).await, 60);
    raw.run(ahead).await;
    assert_eq!(delay(&server, "alice", ELSEWHERE).await, 0, "and who has the password gets in");
}

#[tokio::test]
async fn c065_when_a_delay_ends_one_guess_is_let_in_on_all_nodes_together() {
    let Some(nodes) = two_nodes().await else { return };
    nodes[0].create_user("alice", &[]).await;
    fail(&[&nodes[0]], "alice", 6).await;
    for expected in [2, 4] {
        nodes[0].advance(60);
        let mut guesses = JoinSet::new();
        for n in 0..6 {
            let node = nodes[usize::from(n % 2)].clone();
            guesses.spawn(async move {
                attempt(&node, ("alice", "wrong"), [203, 0, 113, n]).await.status.as_u16()
            });
        }
        let answers = guesses.join_all().await;
        assert_eq!(answers.iter().filter(|status| **status == 400).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|status| [400, 429].contains(status)), "{answers:?}");
        assert_eq!(delay(&nodes[1], "alice", ELSEWHERE).await, expected);
    }
}

#[tokio::test]
async fn c065_an_attempt_whose_password_was_not_compared_is_given_back() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("alice", &[]).await;
    fail(&[&server], "alice", 9).await;
    server.advance(60);
    let mut raw = server.raw().await;
    let row = "SELECT until FROM failed_login";
    let until = raw.number(row).await;
    raw.run("ALTER TABLE users RENAME TO away").await;
    let reply = attempt(&server, ("alice", PASSWORD), ELSEWHERE).await;
    assert!(reply.status.is_server_error(), "{reply:?}");
    raw.run("ALTER TABLE away RENAME TO users").await;
    assert_eq!(raw.number(row).await, until);
    assert_eq!(delay(&server, "alice", ELSEWHERE).await, 0);
}

#[tokio::test]
async fn c060_what_nobody_can_have_as_a_password_takes_no_attempt_and_tells_no_names_apart() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("alice", &[]).await;
    for name in ["alice", "nobody"] {
        fail(&[&server], name, 9).await;
        server.advance(60);
        let before = server.events(AuditKind::LoginFailed).await;
        attempt(&server, (name, "with a \u{0}"), ELSEWHERE).await.assert_invalid_grant();
        assert_eq!(server.events(AuditKind::LoginFailed).await, before + 1);
        attempt(&server, (name, "wrong"), ELSEWHERE).await.assert_invalid_grant();
    }
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

#[tokio::test]
async fn failures_that_are_forgiven_are_removed() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    fail(&[&server], "alice", 2).await;
    for (seconds, removed) in [(20 * 60 + 3_600 - 1, 0), (2, 1)] {
        server.advance(seconds);
        let swept = Sweep::default().run(&server.server).await.unwrap();
        assert_eq!(swept.failed_logins, removed);
    }
}

#[tokio::test]
async fn whoever_is_delayed_on_every_node_is_shown_as_such_on_every_node() {
    let Some([one, two]) = two_nodes().await else { return };
    one.create_user("alice", &[]).await;
    fail(&[&one], "alice", 8).await;
    let told = two.admin(Method::GET, "/explain?user=alice", &Value::Null).await.json();
    assert_eq!(told["outcome"], "throttled");
}
