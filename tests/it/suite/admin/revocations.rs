//! `POST /admin/v1/revocations`: each kind, by when it is obeyed, and what it leaves alone.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{TestServer, Tokens, claims};

/// The tokens of a session of alice, of another one, and of somebody else.
struct World {
    server: TestServer,
    user: String,
    own: Tokens,
    other: Tokens,
    stranger: Tokens,
}

async fn start() -> Option<World> {
    let server = TestServer::start(BACKEND).await?;
    let user = server.create_user("alice", &[]).await;
    let own = server.login_as("alice").await.tokens();
    let other = server.login_as("alice").await.tokens();
    let stranger = server.login().await;
    Some(World { server, user, own, other, stranger })
}

impl World {
    async fn revoke(&self, kind: &str, value: &Value) {
        let server = &self.server;
        let mut body = json!({"kind": kind});
        if !value.is_null() {
            body["value"] = value.clone();
        }
        let reply = server.admin(Method::POST, "/revocations", &body).await;
        assert_eq!(reply.status, 200, "{kind}: {reply:?}");
        let times = &reply.json()["effective_by"];
        let [issuer, feed, expiry] = ["issuer", "feed", "expiry"].map(|name| {
            let text = times[name].as_str().unwrap();
            chancery::protocol::time::Timestamp::parse_rfc3339(text).unwrap()
        });
        // SQLite nodes share a clock; between others it may differ a little.
        assert!(issuer.seconds() - server.clock.seconds() <= 1, "{times}");
        assert!(issuer < feed && feed < expiry, "{times}");
        assert!(feed.since(issuer).as_secs() <= 10, "{times}");
        let life = expiry.since(issuer).as_secs();
        assert!((3600..=3800).contains(&life), "{times}");
    }

    /// Which of own access, own refresh, other access, stranger's access and refresh are active:
    /// here, and after a restart.
    async fn active(&self) -> [bool; 5] {
        let tokens = [
            &self.own.access,
            &self.own.refresh,
            &self.other.access,
            &self.stranger.access,
            &self.stranger.refresh,
        ];
        let restarted = self.server.another(11).await;
        let mut active = [false; 5];
        for (place, token) in active.iter_mut().zip(tokens) {
            *place = self.server.is_active(token).await;
            assert_eq!(restarted.is_active(token).await, *place, "after a restart");
        }
        active
    }
}

#[tokio::test]
async fn one_access_token() {
    let Some(world) = start().await else { return };
    assert_eq!(world.active().await, [true; 5]);
    world.revoke("jti", &claims(&world.own.access)["jti"]).await;
    assert_eq!(world.active().await, [false, true, true, true, true]);
}

#[tokio::test]
async fn one_session() {
    let Some(world) = start().await else { return };
    world.revoke("sid", &claims(&world.own.access)["sid"]).await;
    assert_eq!(world.active().await, [false, false, true, true, true]);
}

#[tokio::test]
async fn the_access_tokens_of_a_user() {
    let Some(world) = start().await else { return };
    world.revoke("sub", &json!(world.user)).await;
    assert_eq!(world.active().await, [false, true, false, true, true]);
    let next = world.server.refresh(&world.own.refresh).await.tokens();
    assert!(world.server.is_active(&next.access).await, "a new one is issued after it");
}

#[tokio::test]
async fn the_access_tokens_of_a_client() {
    let Some(world) = start().await else { return };
    let token = world.server.client_token(&world.server.basic(), "").await;
    world.revoke("client", &json!("demo")).await;
    assert_eq!(world.active().await, [false, true, false, false, true]);
    assert!(!world.server.is_active(&token).await);
    let token = world.server.client_token(&world.server.basic(), "").await;
    assert!(world.server.is_active(&token).await, "a new one is issued after it");
}

#[tokio::test]
async fn everything_that_a_key_signed() {
    let Some(world) = start().await else { return };
    let keys = world.server.admin(Method::GET, "/keys", &Value::Null).await.json();
    let active = keys["items"].as_array().unwrap().iter().find(|key| {
        key["use"] == "access_token" && key["algorithm"] == "ES256" && key["state"] == "active"
    });
    world.revoke("kid", &active.unwrap()["kid"]).await;
    assert_eq!(world.active().await, [false, true, false, false, true]);
}

#[tokio::test]
async fn everything() {
    let Some(world) = start().await else { return };
    world.revoke("all", &Value::Null).await;
    assert_eq!(world.active().await, [false; 5]);
    let again = world.server.login().await;
    assert!(world.server.is_active(&again.access).await);
    assert!(world.server.is_active(&again.refresh).await);
}

#[tokio::test]
async fn the_reason_that_was_given_stands_in_the_audit_log() {
    let Some(world) = start().await else { return };
    let named = [
        ("jti", claims(&world.own.access)["jti"].clone(), "revoked"),
        ("sid", claims(&world.own.access)["sid"].clone(), "session_ended"),
        ("sub", json!(world.user), "revoked"),
        ("client", json!("demo"), "revoked"),
    ];
    for (kind, value, event) in named {
        world.server.advance(1);
        let reason = format!("lost laptop, {kind}");
        let body = json!({"kind": kind, "value": value, "reason": reason});
        let reply = world.server.admin(Method::POST, "/revocations", &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let path = format!("/audit?kind={event}&limit=1");
        let events = world.server.admin(Method::GET, &path, &Value::Null).await.json();
        assert_eq!(events["items"][0]["note"], reason, "{events}");
    }
}

#[tokio::test]
async fn what_names_nothing_is_refused() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let rows = [
        (json!({"kind": "everything"}), 400),
        (json!({"kind": "all", "value": "x"}), 400),
        (json!({"kind": "jti"}), 400),
        (json!({"kind": "jti", "value": "x".repeat(257)}), 400),
        (json!({"kind": "jti", "value": "a\u{0}"}), 400),
        (json!({"kind": "jti", "value": "a b"}), 400),
        (json!({"kind": "sid", "value": "x"}), 400),
        (json!({"kind": "sid", "value": unknown}), 404),
        (json!({"kind": "sub", "value": "alice"}), 400),
        (json!({"kind": "sub", "value": unknown}), 404),
        (json!({"kind": "client", "value": "nobody"}), 404),
        (json!({"kind": "client", "value": "a\u{0}"}), 404),
        (json!({"kind": "kid", "value": "unknown"}), 404),
        (json!({"kind": "kid", "value": "a\u{0}"}), 404),
        (json!({"value": "x"}), 400),
        (json!({"kind": "jti", "value": "x", "reason": ""}), 400),
        (json!({"kind": "jti", "value": "x", "reason": "two\nlines"}), 400),
        (json!({"kind": "jti", "value": "x", "reason": "a\u{0}b"}), 400),
        (json!({"kind": "jti", "value": "x", "reason": "x".repeat(501)}), 400),
        (json!({"kind": "jti", "value": "x", "reason": 1}), 400),
    ];
    let before = server.rows().await.0;
    for (body, status) in rows {
        let reply = server.admin(Method::POST, "/revocations", &body).await;
        assert_eq!(reply.status, status, "{body}: {reply:?}");
    }
    assert_eq!(server.rows().await.0, before);
}
