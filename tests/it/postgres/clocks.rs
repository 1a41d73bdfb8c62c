//! Nodes with clocks of their own, as far apart as nodes that are ready can be, and further.

use std::time::Duration;

use chancery::env::Clock;
use chancery::protocol::time::Timestamp;
use chancery::storage::ops::database::ReadClock;
use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{
    Asking, Browser, Options, PASSWORD, TestServer, Tokens, VERIFIER, basic, encode,
};

/// What two nodes are wrong by, in milliseconds: each at nearly what a node may be.
const WRONG: [(i64, i64); 4] = [(900, -900), (-900, 900), (900, 900), (-900, -900)];

/// What is revoked.
const KINDS: [&str; 4] = ["token", "session", "sub", "all"];
/// Where in a second it happens, in milliseconds. Tokens and revocations name whole seconds, and nodes are in
/// different ones.
const WITHIN: [u64; 3] = [0, 200, 700];

/// Lets time pass, beyond what anybody waits for, to this part of a second by the right clock.
fn at_part_of_a_second(node: &TestServer, millis: u64) {
    node.advance(10);
    let now = node.clock.right_millis().rem_euclid(1000).unsigned_abs();
    node.clock.advance(Duration::from_millis((1000 + millis - now) % 1000));
}

/// Tests two nodes for each pair of wrong clocks. The clock of the first server is right.
async fn with_nodes(test: impl AsyncFn(&TestServer, &TestServer)) {
    for (seed, (one, other)) in (20..).step_by(2).zip(WRONG) {
        let Some(right) = TestServer::start(BACKEND).await else { return };
        let one = right.another_at((seed, one), Options::default()).await;
        let other = right.another_at((seed + 1, other), Options::default()).await;
        test(&one, &other).await;
    }
}

/// Asserts that an access token is worth nothing anywhere, on the node that was not asked once it has looked.
async fn assert_refused(one: &TestServer, other: &TestServer, tokens: &Tokens) {
    assert!(!other.is_active(&tokens.access).await, "on the node that revoked");
    // What a node does within its poll.
    one.look().await;
    assert!(!one.is_active(&tokens.access).await, "on the other node");
}

/// Asserts the same of a session, which is over at once.
async fn assert_dead(one: &TestServer, other: &TestServer, tokens: &Tokens) {
    one.refresh(&tokens.refresh).await.assert_invalid_grant();
    other.refresh(&tokens.refresh).await.assert_invalid_grant();
    assert_refused(one, other, tokens).await;
}

/// Asserts that tokens that one of them gave are accepted by both.
async fn assert_alive(one: &TestServer, other: &TestServer, tokens: &Tokens) {
    for node in [one, other] {
        node.look().await;
        assert!(node.is_active(&tokens.access).await);
    }
    let next = other.refresh(&tokens.refresh).await.tokens();
    assert!(one.is_active(&next.access).await);
    one.refresh(&next.refresh).await.tokens();
}

#[tokio::test]
async fn c135_what_one_node_gave_another_revokes_though_their_clocks_differ() {
    with_nodes(async |one, other| {
        for (revoke, within) in KINDS.iter().flat_map(|kind| WITHIN.map(|within| (*kind, within))) {
            at_part_of_a_second(one, within);
            let tokens = one.login().await;
            // As late as it can be: the last token is as new as the revocation.
            let tokens = one.refresh(&tokens.refresh).await.tokens();
            match revoke {
                "token" => other.revoke(&tokens.refresh).await,
                "session" => {
                    other.call(Method::POST, "/logout", &tokens.access, &Value::Null).await;
                }
                _ => {
                    let admin = other.admin_token().await;
                    let value = crate::support::claims(&tokens.access)["sub"].clone();
                    let entry = json!({"kind": revoke, "value": value});
                    let entry = if revoke == "all" { json!({"kind": "all"}) } else { entry };
                    let path = "/admin/v1/revocations";
                    let reply = other.call(Method::POST, path, &admin, &entry).await;
                    assert!(reply.status.is_success(), "{revoke}: {reply:?}");
                }
            }
            if revoke == "sub" {
                // The sessions go on, and what they give next is none of it.
                assert_refused(one, other, &tokens).await;
                let next = one.refresh(&tokens.refresh).await.tokens();
                assert_alive(one, other, &next).await;
            } else {
                assert_dead(one, other, &tokens).await;
            }
            // And the next login is none of what was revoked.
            assert_alive(one, other, &one.login().await).await;
            assert_alive(other, one, &other.login().await).await;
        }
    })
    .await;
}

#[tokio::test]
async fn c135_a_logout_everywhere_ends_what_was_and_nothing_that_follows() {
    with_nodes(async |one, other| {
        at_part_of_a_second(one, 200);
        let before = [one.login().await, other.login().await, one.login().await];
        let path = "/sessions?all=true";
        let reply = other.call(Method::DELETE, path, &before[1].access, &Value::Null).await;
        assert!(reply.status.is_success(), "{reply:?}");
        // At once, on the node that knows nothing of it yet.
        let next = one.login().await;
        for tokens in &before {
            assert_dead(one, other, tokens).await;
        }
        assert_alive(one, other, &next).await;
    })
    .await;
}

#[tokio::test]
async fn c135_a_code_of_one_node_is_good_once_on_another_and_for_a_minute() {
    const CALLBACK: &str = "https://shop.example/cb";
    with_nodes(async |one, other| {
        let settings = json!({
            "client_id": "shop",
            "grants": ["authorization_code", "refresh_token"],
            "scopes": ["openid"],
            "redirect_uris": [CALLBACK],
        });
        let secret = one.create_client(&settings).await["client_secret"].clone();
        let shop = basic("shop", secret.as_str().unwrap());
        one.create_user("anna", &[]).await;
        other.look().await;
        for late in [false, true] {
            let mut browser = Browser::at(one);
            let page = browser.ask(&Asking::of("shop", CALLBACK, "openid")).await;
            let page = browser.sign_in(&page, "anna", PASSWORD).await;
            let was_asked = page.goes_to().is_none();
            let answer = if was_asked { browser.decide(&page, "allow").await } else { page };
            let form = encode([
                ("grant_type", "authorization_code"),
                ("code", &*answer.answer_at(CALLBACK)["code"]),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ]);
            if late {
                // Later than a minute by either clock.
                one.advance(62);
                other.form("/oauth/token", &shop, &form).await.assert_invalid_grant();
                continue;
            }
            let tokens = other.form("/oauth/token", &shop, &form).await.tokens();
            one.form("/oauth/token", &shop, &form).await.assert_invalid_grant();
            let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
            other.form("/oauth/token", &shop, &refresh).await.assert_invalid_grant();
        }
    })
    .await;
}

#[tokio::test]
async fn c135_a_node_whose_clock_is_half_a_minute_off_serves_nothing_and_harms_nobody() {
    let limit = Duration::from_secs(10);
    let limited = Options { clock_offset_limit: Some(limit), ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, limited).await else { return };
    // The test's year is not the database's.
    let theirs = server.server.store.read(ReadClock).await.unwrap();
    server.clock.step_wall(theirs.millis() - Timestamp::from(server.clock.now()).millis());
    server.look().await;
    let tokens = server.login().await;
    for (seed, millis) in [(31, 30_000), (32, -30_000)] {
        let wrong = server.another_at((seed, millis), limited).await;
        wrong.look().await;
        let before = (server.rows().await, server.head().await);
        let introspection = format!("token={}", tokens.access);
        let replies = [
            wrong.get("/readyz").await,
            wrong.refresh(&tokens.refresh).await,
            wrong.post_json("/login", &wrong.login_body()).await,
            wrong.form("/oauth/introspect", &wrong.basic(), &introspection).await,
        ];
        for reply in replies {
            assert!(reply.headers.contains_key("retry-after"), "{reply:?}");
            reply.assert_error(503, "temporarily_unavailable");
        }
        assert_eq!((server.rows().await, server.head().await), before);
        assert_eq!(server.get("/readyz").await.status, 200, "the others go on");
        assert!(server.is_active(&tokens.access).await);
        // It recovers by itself.
        wrong.clock.step_wall(-millis);
        wrong.look().await;
        assert_eq!(wrong.get("/readyz").await.status, 200);
        assert!(wrong.is_active(&tokens.access).await);
    }
    server.refresh(&tokens.refresh).await.tokens();
}
