//! Clients are told of the end of sessions (OIDC Back-Channel Logout): by whom, when, and with what.

use std::collections::HashSet;
use std::ops::Deref;

use chancery::flows::backchannel::Courier;
use chancery::flows::janitor::Sweep;
use chancery::storage::ops::notices::NextNotice;
use http::Method;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Answer, Options, RelyingParty, TestServer, Tokens, claims};

mod failures;
mod running;

/// A server that can be made to deliver.
struct Node(TestServer);

/// A server whose demo client listens.
async fn told() -> Option<(Node, RelyingParty)> {
    told_with(Options::default()).await
}

async fn told_with(options: Options) -> Option<(Node, RelyingParty)> {
    let server = TestServer::start_with(BACKEND, options).await?;
    let party = RelyingParty::start().await;
    party.listen_as(&server, "demo").await;
    Some((Node(server), party))
}

impl Deref for Node {
    type Target = TestServer;

    fn deref(&self) -> &TestServer {
        &self.0
    }
}

impl Node {
    /// A session of the demo client that has just ended.
    async fn logged_out(&self) -> Tokens {
        let tokens = self.login().await;
        let reply = self.call(Method::POST, "/logout", &tokens.access, &Value::Null).await;
        assert!(reply.status.is_success(), "{reply:?}");
        tokens
    }

    async fn deliver(&self) {
        Courier::new(self.server.clone()).deliver().await.unwrap();
    }

    /// Whether there is anything left to deliver.
    async fn has_notices(&self) -> bool {
        self.server.store.read(NextNotice).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn the_end_of_a_session_is_told_once_by_a_token_of_a_published_key() {
    // BCL-01
    let Some((server, party)) = told().await else { return };
    let tokens = server.logged_out().await;
    server.deliver().await;
    server.deliver().await;
    let heard = party.heard();
    assert_eq!(heard.len(), 1);
    assert!(!server.has_notices().await);

    let header = decode_header(&heard[0]).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let jwks = server.get("/.well-known/jwks.json").await.json();
    let set: JwkSet = serde_json::from_value(jwks).unwrap();
    let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    (rules.validate_exp, rules.validate_aud) = (false, false);
    let told = decode::<Value>(&heard[0], &key, &rules).unwrap().claims;
    let (now, ended) = (server.clock.seconds(), claims(&tokens.access));
    let expected = json!({
        "iss": "http://localhost:8080",
        "aud": "demo",
        "iat": now,
        "exp": now + 120,
        "jti": told["jti"],
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        "sub": ended["sub"],
        "sid": ended["sid"],
    });
    assert_eq!(told, expected);
    assert_eq!(told["jti"].as_str().unwrap().len(), 22);
}

#[tokio::test]
async fn a_client_may_have_its_tokens_signed_by_another_algorithm() {
    let Some((server, party)) = told().await else { return };
    let path = format!("/clients/{}", server.client_key("demo").await);
    server.admin(Method::PATCH, &path, &json!({"id_token_algorithm": "EdDSA"})).await;
    server.logged_out().await;
    server.deliver().await;
    assert_eq!(decode_header(&party.heard()[0]).unwrap().alg, Algorithm::EdDSA);
}

#[tokio::test]
async fn c117_a_logout_token_passes_for_no_other() {
    let Some((server, party)) = told().await else { return };
    server.logged_out().await;
    server.deliver().await;
    let token = &party.heard()[0];
    let known = server.server.memory.current().await.unwrap();
    assert!(known.ring.read_hint(token, &server.server.settings.issuer).is_none());
    assert!(!server.is_active(token).await);
    for path in ["/sessions", "/admin/v1/clients"] {
        let reply = server.call(Method::GET, path, token, &Value::Null).await;
        reply.assert_error(401, "invalid_token");
    }
    server.refresh(token).await.assert_invalid_grant();
}

#[tokio::test]
async fn whoever_ends_a_session_its_client_is_told() {
    // BCL-02
    let Some((server, party)) = told().await else { return };
    let user = server.create_user("anna", &[]).await;
    let mut expected = HashSet::new();
    let mut begin = async || {
        let tokens = server.login_as("anna").await.tokens();
        expected.insert(claims(&tokens.access)["sid"].as_str().unwrap().to_owned());
        tokens
    };
    let tokens = begin().await;
    server.revoke(&tokens.refresh).await;
    let tokens = begin().await;
    let once = server.refresh(&tokens.refresh).await.tokens();
    let twice = server.refresh(&once.refresh).await.tokens();
    server.refresh(&twice.refresh).await.tokens();
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    let tokens = begin().await;
    let sid = claims(&tokens.access)["sid"].as_str().unwrap().to_owned();
    server.admin(Method::DELETE, &format!("/sessions/{sid}"), &Value::Null).await;
    let tokens = begin().await;
    server.call(Method::DELETE, "/sessions", &tokens.access, &Value::Null).await;
    begin().await;
    let path = format!("/users/{user}");
    let reply = server.admin(Method::DELETE, &path, &Value::Null).await;
    assert!(reply.status.is_success(), "{reply:?}");
    server.deliver().await;
    let heard: Vec<String> = party
        .heard()
        .iter()
        .map(|token| claims(token)["sid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(heard.len(), expected.len());
    assert_eq!(heard.into_iter().collect::<HashSet<_>>(), expected);
}

#[tokio::test]
async fn a_client_that_wants_to_hear_no_more_or_is_disabled_is_not_told() {
    let Some((server, party)) = told().await else { return };
    let path = format!("/clients/{}", server.client_key("demo").await);
    // Another client listens, so that there is something to look for.
    party.listen_as(&server, "chancery-admin").await;
    server.logged_out().await;
    server.admin(Method::PATCH, &path, &json!({"backchannel_logout_uri": ""})).await;
    server.deliver().await;
    assert!(!server.has_notices().await);

    party.listen_as(&server, "demo").await;
    server.logged_out().await;
    let reply = server.admin(Method::PATCH, &path, &json!({"status": "disabled"})).await;
    assert_eq!(reply.json()["status"], "disabled", "{reply:?}");
    server.deliver().await;
    assert!(!server.has_notices().await);
    assert_eq!(party.heard().len(), 0);
}

#[tokio::test]
async fn a_notice_outlives_a_restart_and_is_everybodys() {
    let Some((server, party)) = told().await else { return };
    server.logged_out().await;
    let after = Node(server.another(5).await);
    after.deliver().await;
    assert_eq!(party.heard().len(), 1);
    server.deliver().await;
    assert_eq!(party.heard().len(), 1);
}

#[tokio::test]
async fn two_nodes_that_deliver_at_once_tell_nobody_twice() {
    let Some((server, party)) = told().await else { return };
    for _ in 0..12 {
        server.logged_out().await;
    }
    let other = Node(server.another(5).await);
    tokio::join!(server.deliver(), other.deliver());
    server.deliver().await;
    let heard: HashSet<_> =
        party.heard().iter().map(|token| claims(token)["sid"].to_string()).collect();
    assert_eq!((party.heard().len(), heard.len()), (12, 12));
    assert!(!server.has_notices().await);
}
