//! Every cause of a revocation reaches those who listen.

use chancery::protocol::audit::AuditKind;
use chancery::protocol::revocation::Kind;
use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{FeedReader, Follower, Options, TestServer, Tokens, claims};

/// What an administrator does, and what that refuses.
const ACTS: [(&str, &str, &str, Kind, &str); 16] = [
    ("POST", "/revocations", r#"{"kind": "jti", "value": "{jti}"}"#, Kind::Token, "{jti}"),
    ("POST", "/revocations", r#"{"kind": "sid", "value": "{sid}"}"#, Kind::Session, "{sid}"),
    ("POST", "/revocations", r#"{"kind": "sub", "value": "{sub}"}"#, Kind::Subject, "{sub}"),
    ("POST", "/revocations", r#"{"kind": "client", "value": "demo"}"#, Kind::Client, "demo"),
    ("POST", "/revocations", r#"{"kind": "kid", "value": "{kid}"}"#, Kind::Key, "{kid}"),
    ("POST", "/revocations", r#"{"kind": "all"}"#, Kind::All, ""),
    ("DELETE", "/sessions/{sid}", "null", Kind::Session, "{sid}"),
    ("PATCH", "/users/{sub}", r#"{"status": "disabled"}"#, Kind::Session, "{sid}"),
    ("DELETE", "/users/{sub}", "null", Kind::Session, "{sid}"),
    (
        "POST",
        "/users/{sub}/password",
        r#"{"password": "another long pass phrase"}"#,
        Kind::Session,
        "{sid}",
    ),
    ("PUT", "/users/{sub}/roles", r#"{"roles": ["editor"]}"#, Kind::Subject, "{sub}"),
    ("PATCH", "/clients/{client}", r#"{"status": "paused"}"#, Kind::Client, "demo"),
    ("PATCH", "/clients/{client}", r#"{"status": "disabled"}"#, Kind::Client, "demo"),
    ("DELETE", "/clients/{client}", "null", Kind::Client, "demo"),
    ("POST", "/clients/{client}/secret", r#"{"compromised": true}"#, Kind::Client, "demo"),
    ("POST", "/keys/{kid}/compromise", "null", Kind::Key, "{kid}"),
];

/// What clients and users do, and what a database does that loses writes.
const OTHERS: [(&str, Kind, &str); 8] = [
    ("logout", Kind::Session, "{sid}"),
    ("session ended", Kind::Session, "{sid}"),
    ("refresh token reused", Kind::Session, "{sid}"),
    ("refresh token newer than its session", Kind::All, ""),
    ("login beyond the cap", Kind::Session, "{sid}"),
    ("refresh token revoked", Kind::Session, "{sid}"),
    ("access token revoked", Kind::Token, "{jti}"),
    ("database set back", Kind::All, ""),
];

/// A server with a session of alice, and a stream that somebody reads.
struct World {
    server: TestServer,
    tokens: Tokens,
    admin: String,
    client: String,
    stream: FeedReader,
    follower: Follower,
}

impl World {
    async fn start() -> Option<Self> {
        let options = Options { sessions_per_user: 5, ..Options::default() };
        let server = TestServer::start_with(BACKEND, options).await?;
        server.create_user("alice", &[]).await;
        let tokens = server.login_as("alice").await.tokens();
        let (admin, client) = (server.admin_token().await, server.client_key("demo").await);
        let (mut stream, mut follower) = (server.stream("", "").await, Follower::default());
        follower.take(&stream.told().await);
        Some(Self { server, tokens, admin, client, stream, follower })
    }

    /// Puts the names of what there is in their places.
    fn fill_in(&self, text: &str) -> String {
        let claims = claims(&self.tokens.access);
        let header = jsonwebtoken::decode_header(&self.tokens.access).unwrap();
        let text = ["jti", "sid", "sub"].iter().fold(text.to_owned(), |text, name| {
            text.replace(&format!("{{{name}}}"), claims[name].as_str().unwrap())
        });
        text.replace("{kid}", &header.kid.unwrap()).replace("{client}", &self.client)
    }

    async fn act(&self, method: &str, path: &str, body: &str) {
        let path = format!("/admin/v1{}", self.fill_in(path));
        let body: Value = serde_json::from_str(&self.fill_in(body)).unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let reply = self.server.call(method, &path, &self.admin, &body).await;
        assert!(reply.status.is_success(), "{path}: {reply:?}");
    }

    async fn happen(&self, what: &str) {
        let (server, tokens) = (&self.server, &self.tokens);
        match what {
            "logout" => {
                let reply = server.call(Method::POST, "/logout", &tokens.access, &Value::Null);
                assert_eq!(reply.await.status, 200);
            }
            "session ended" => {
                let path = self.fill_in("/sessions/{sid}");
                let ended = server.call(Method::DELETE, &path, &tokens.access, &Value::Null);
                let reply = ended.await;
                assert!(reply.status.is_success(), "{reply:?}");
            }
            "refresh token reused" => {
                let next = server.refresh(&tokens.refresh).await.tokens();
                server.refresh(&next.refresh).await.tokens();
                server.refresh(&tokens.refresh).await.assert_invalid_grant();
            }
            "refresh token newer than its session" => {
                let mut raw = server.raw().await;
                let row = raw.row_of(&tokens.access);
                raw.keep("session", &row).await;
                let next = server.refresh(&tokens.refresh).await.tokens();
                raw.put_back("session", &row).await;
                server.refresh(&next.refresh).await.assert_invalid_grant();
            }
            "login beyond the cap" => {
                for _ in 0..5 {
                    server.advance(1);
                    server.login_as("alice").await.tokens();
                }
            }
            "refresh token revoked" => server.revoke(&tokens.refresh).await,
            "access token revoked" => server.revoke(&tokens.access).await,
            "database set back" => {
                server.lose_a_revocation().await;
                server.look().await;
            }
            other => panic!("{other}"),
        }
    }

    /// Reads on until those who follow refuse what was revoked, and so does the snapshot.
    async fn assert_told(mut self, what: &str, kind: Kind, value: &str) {
        let value = self.fill_in(value);
        assert!(!self.follower.refuses(kind, &value), "{what}");
        // Another key may verify what comes.
        self.stream.learn(self.server.feed_keys().await);
        self.stream.until_refused(&mut self.follower, kind, &value).await;
        assert_eq!(self.follower.epoch, self.server.head().await.epoch, "{what}");
        self.server.advance(30);
        assert!(self.server.document("").await.refuses(kind, &value), "{what}");
    }
}

#[tokio::test]
async fn whatever_an_administrator_revokes_is_told_to_those_who_listen() {
    for (method, path, body, kind, value) in ACTS {
        let Some(world) = World::start().await else { return };
        world.act(method, path, body).await;
        world.assert_told(&format!("{method} {path} {body}"), kind, value).await;
    }
}

#[tokio::test]
async fn whatever_else_revokes_is_told_to_those_who_listen() {
    for (what, kind, value) in OTHERS {
        let Some(world) = World::start().await else { return };
        world.happen(what).await;
        world.assert_told(what, kind, value).await;
    }
}

#[tokio::test]
async fn a_revocation_on_one_node_reaches_the_readers_of_another_at_its_next_look() {
    let Some(one) = TestServer::start(BACKEND).await else { return };
    let two = one.another(2).await;
    let mut stream = two.stream("", "").await;
    let mut follower = Follower::default();
    follower.take(&stream.told().await);
    for n in 0..3 {
        let jti = format!("jti-{n}");
        one.revoke_some(&jti).await;
        two.look().await;
        stream.until_refused(&mut follower, Kind::Token, &jti).await;
    }
}

#[tokio::test]
async fn a_reader_that_knows_what_the_database_has_lost_begins_a_new_epoch() {
    // C139, C144
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.fill(300).await;
    let cursor = server.lose_a_revocation().await;
    let before = server.head().await;
    // This node was started since, and knows nothing of what was lost.
    let fresh = server.another(2).await;
    let mut listening = fresh.stream("", "").await;
    let mut follower = Follower::default();
    follower.take(&listening.told().await);
    follower.take(&listening.told().await);
    let mut returned = fresh.stream(&cursor, "").await;
    let told = returned.told().await;
    assert!(told.is_snapshot() && told.refuses(Kind::All, ""));
    let after = fresh.head().await;
    assert!(after.epoch > before.epoch);
    assert_eq!(fresh.events(AuditKind::StorageRegressed).await, 1);
    listening.until_refused(&mut follower, Kind::All, "").await;
    assert_eq!(follower.epoch, after.epoch);

    // All who come with what was lost find it done.
    let mut again = fresh.stream(&cursor, "").await;
    assert!(again.told().await.is_snapshot());
    assert_eq!(fresh.head().await, after);

    // The database may lose that too: the next epoch lies beyond what the reader has seen.
    let back = before.epoch;
    let set_back = format!("UPDATE feed_head SET epoch = {back}, whole_since = {back}");
    fresh.raw().await.run(&set_back).await;
    fresh.clock.step_wall(-1_000_000_000);
    let third = fresh.another(3).await;
    let mut returned = third.stream(&told.id, "").await;
    assert!(returned.told().await.document.epoch > after.epoch);
    assert_eq!(third.events(AuditKind::StorageRegressed).await, 2);
}

#[tokio::test]
async fn revocations_that_come_together_are_told_together() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let names = ["one", "two", "three", "four"];
    let token = server.admin_token().await;
    let revoke = async |jti: &str| {
        let body = json!({"kind": "jti", "value": jti});
        let reply = server.call(Method::POST, "/admin/v1/revocations", &token, &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    };
    tokio::join!(revoke("one"), revoke("two"), revoke("three"), revoke("four"));
    let head = server.head().await;
    let told = server.document(&format!("?epoch={}&after=0", head.epoch)).await;
    assert_eq!(told.document.seq, head.seq);
    assert!(names.iter().all(|jti| told.refuses(Kind::Token, jti)));
}
