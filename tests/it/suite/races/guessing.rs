//! Guessing passwords on many nodes at once (C065).

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use chancery::flows::admin::By;
use chancery::flows::admin::users::{UserChange, change};
use chancery::flows::janitor::Sweep;
use chancery::protocol::audit::AuditKind;
use chancery::protocol::ids::UserId;
use http::{Method, Request};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::super::BACKEND;
use super::two_nodes;
use crate::support::{PASSWORD, Reply, TestServer};

/// Tries to log in from an address.
pub(super) async fn attempt(
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

pub(super) const ELSEWHERE: [u8; 4] = [198, 51, 100, 1];

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
    assert_eq!(delay(&two, "alice", elsewhere).await, 60);
    // What fails there is counted there, too.
    for _ in 0..6 {
        attempt(&two, ("alice", "wrong"), home).await.assert_invalid_grant();
    }
    assert_eq!(delay(&two, "alice", home).await, 1);
    let restarted = one.another(3).await;
    assert_eq!(delay(&restarted, "alice", elsewhere).await, 60);
    assert_eq!(delay(&restarted, "alice", home).await, 0);

    // Once the sessions are over, it is a place like any other.
    fail(&[&one], "alice", 12).await;
    let (user, by) = (UserId::parse(&id).unwrap(), By::command_line());
    change(&one.server, &by, user, UserChange::LogoutEverywhere).await.unwrap();
    assert_eq!(delay(&two, "alice", home).await, 60);
    // An administrator who gives her a new password forgives what was failed.
    let password = json!({"password": PASSWORD});
    let path = format!("/users/{id}/password");
    assert_eq!(one.admin(Method::POST, &path, &password).await.status, 200);
    assert_eq!(delay(&two, "alice", home).await, 0);
}

#[tokio::test]
async fn c065_a_browser_and_a_network_of_64_bits_are_where_somebody_has_a_session_and_a_back_end_is_not()
 {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    // In the small letters that stand for hers in the database no name may begin.
    let name = "\u{13a0}lice";
    server.create_user(name, &[]).await;
    assert_eq!(delay(&server, name, [203, 0, 113, 1]).await, 0);
    let mut raw = server.raw().await;
    let mine = "WHERE user_id <> (SELECT id FROM users WHERE name = 'admin')";
    let mut places = Vec::new();
    for (statement, address, lets_in) in [
        ("UPDATE session SET ip = '2001:db8:0:1::5' ", "2001:db8:0:1::9", true),
        ("UPDATE session SET ip = '2001:db8:0:2::5' ", "2001:db8:0:3::5", false),
        ("UPDATE session SET browser_session_id = id, ip = '192.0.2.77' ", "192.0.2.77", false),
        (
            "INSERT INTO browser_session (id, secret_hash, user_id, user_version, auth_time, amr, \
             created_at, last_seen, idle_expires_at, max_expires_at, ip) SELECT id, id, user_id, \
             user_version, auth_time, amr, created_at, last_seen, idle_expires_at, max_expires_at, \
             '192.0.2.78' FROM session ",
            "192.0.2.78",
            true,
        ),
        ("UPDATE browser_session SET idle_expires_at = 1, ip = '192.0.2.79' ", "192.0.2.79", false),
    ] {
        raw.run(&format!("{statement}{mine}")).await;
        fail(&[&server], name, 12).await;
        let address: IpAddr = address.parse().unwrap();
        let reply = attempt(&server, (name, "wrong"), address).await;
        places.push((address, (reply.status == 400) == lets_in));
    }
    assert!(places.iter().all(|(_, right)| *right), "{places:?}");
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
