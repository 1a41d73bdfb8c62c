//! The lives of keys, as the clock goes on.

use std::time::Duration;

use chancery::flows::janitor::Sweep;
use chancery::keys::KeySchedule;
use chancery::protocol::key::{KeyState, KeyUse, PublicJwk};
use chancery::storage::ops::feed::NoteTokenLife;
use chancery::storage::ops::keys::LoadKeys;
use serde_json::Value;

use super::BACKEND;
use crate::support::TestServer;

const DAY: u64 = 86_400;

fn kid(token: &str) -> String {
    use base64::Engine;
    let header = token.split('.').next().unwrap();
    let header = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["typ"], "at+jwt");
    header["kid"].as_str().unwrap().to_owned()
}

async fn published(server: &TestServer) -> Vec<String> {
    let jwks = server.get("/.well-known/jwks.json").await.json();
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    jwks["keys"].as_array().unwrap().iter().map(kid).collect()
}

fn states(server: &TestServer, usage: KeyUse) -> Vec<(&'static str, KeyState)> {
    let known = server.server.memory.last_known().unwrap();
    let mut states: Vec<_> = known
        .ring
        .records()
        .iter()
        .filter(|key| key.usage == usage)
        .map(|key| (key.algorithm.as_str(), key.life.state))
        .collect();
    states.sort_by_key(|(algorithm, state)| (*algorithm, state.as_str()));
    states
}

#[tokio::test]
async fn every_algorithm_in_use_has_one_key_that_signs_and_one_that_waits() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (active, announced) = (KeyState::Active, KeyState::Announced);
    let expected =
        [("ES256", active), ("ES256", announced), ("RS256", active), ("RS256", announced)];
    assert_eq!(states(&server, KeyUse::AccessToken), expected);
    assert_eq!(states(&server, KeyUse::Feed), expected[..2]);
    assert_eq!(states(&server, KeyUse::IdToken), expected[2..]);
}

#[tokio::test]
async fn a_key_hands_over_to_the_one_announced_before_and_stays_published_while_its_tokens_live() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let before = server.login().await;
    let old = kid(&before.access);
    server.advance(90 * DAY);
    let waiting = published(&server).await;
    let last = server.login().await.access;
    server.server.maintain_keys().await.unwrap();
    let first = server.login().await.access;
    assert_eq!(kid(&last), old);
    assert_ne!(kid(&first), old);
    assert!(waiting.contains(&kid(&first)), "it was published before it signed");
    assert!(server.is_active(&last).await, "the key before is retired, not gone");
    assert!(published(&server).await.contains(&old));
    server.advance(2 * 3600);
    server.server.maintain_keys().await.unwrap();
    assert!(published(&server).await.contains(&old), "that removes none");
    Sweep::default().run(&server.server).await.unwrap();
    assert!(!published(&server).await.contains(&old));
    assert!(server.is_active(&server.login().await.access).await);
}

#[tokio::test]
async fn refresh_tokens_outlive_the_key_that_tagged_them_by_a_sessions_life() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.advance(89 * DAY);
    let old = server.login().await.refresh;
    server.advance(2 * DAY);
    server.server.maintain_keys().await.unwrap();
    let new = server.refresh(&old).await.tokens().refresh;
    // Behind the prefix stand the key's number and the session's id, which is the same.
    assert_ne!(old[4..6], new[4..6], "another key tags");
    server.refresh(&new).await.tokens();
}

#[tokio::test]
async fn lowered_lives_remove_no_key_that_a_living_token_or_session_needs() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (day, hour) = (Duration::from_hours(24), Duration::from_hours(1));
    server.advance(89 * DAY);
    let session = server.login().await.refresh;
    server.advance(2 * DAY);
    server.server.maintain_keys().await.unwrap();
    // Tokens of a day were issued to the last, and the configuration of today knows of none.
    let at = server.server.now();
    server.server.store.write(NoteTokenLife { life: day, at }).await.unwrap();
    let mut keeper = server.server.memory.keeper().clone();
    keeper.signing = KeySchedule::new(90 * day, hour, hour);
    keeper.tokens = KeySchedule::of_refresh_tokens(90 * day, hour, hour);
    let retired = async || {
        let keys = server.server.store.read(LoadKeys).await.unwrap();
        let states = keys.signing.iter().map(|key| key.life.state);
        let signing = states.filter(|state| *state == KeyState::Retired).count();
        let states = keys.token.iter().map(|key| key.life.state);
        (signing, states.filter(|state| *state == KeyState::Retired).count())
    };
    let before = retired().await;
    assert_eq!(before.1, 1);
    for (hours, left) in [(3, before), (24, (0, 1))] {
        server.advance(hours * 3600);
        keeper.remove_retired(server.server.now()).await.unwrap();
        assert_eq!(retired().await, left, "{hours} hours later");
    }
    let next = server.refresh(&session).await.tokens();
    server.revoke(&next.refresh).await;
    assert!(keeper.remove_retired(server.server.now()).await.unwrap(), "the session has ended");
    assert_eq!(retired().await, (0, 0));
}

#[tokio::test]
async fn when_the_numbers_of_token_keys_are_used_up_the_last_key_goes_on() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut raw = server.raw().await;
    let before = server.login().await.refresh;
    // Removed keys keep their numbers.
    raw.run(
        "INSERT INTO token_key (number, state, sealed, announced_at) \
         SELECT 255, 'removed', sealed, announced_at FROM token_key WHERE state = 'announced'; \
         DELETE FROM token_key WHERE state = 'announced'",
    )
    .await;
    server.server.start().await.unwrap();
    let next = server.refresh(&before).await.tokens();
    server.refresh(&next.refresh).await.tokens();
}

#[tokio::test]
async fn a_resource_with_a_new_algorithm_gets_its_key_at_once() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for algorithm in ["EdDSA", "PS256", "RS256"] {
        let uri = format!("https://{}.example", algorithm.to_lowercase());
        let body = serde_json::json!({"uri": uri, "scopes": ["x"], "algorithm": algorithm});
        let reply = server.admin(http::Method::POST, "/resources", &body).await;
        assert_eq!(reply.status.as_u16(), 201, "{reply:?}");
        let id = format!("machine-{algorithm}");
        let body = serde_json::json!({
            "client_id": id, "grants": ["client_credentials"], "scopes": ["x"],
            "resources": [uri], "serves": uri,
        });
        let reply = server.admin(http::Method::POST, "/clients", &body).await.json();
        let basic = crate::support::basic(&id, reply["client_secret"].as_str().unwrap());
        let token = server.form("/oauth/token", &basic, "grant_type=client_credentials").await;
        let token = token.tokens().access;
        let known = published(&server).await;
        assert!(known.contains(&kid(&token)), "{algorithm}");
        let reply = server.form("/oauth/introspect", &basic, &format!("token={token}")).await;
        assert_eq!(reply.json()["active"], true, "{algorithm}");
    }
}

#[tokio::test]
async fn a_client_with_a_new_algorithm_gets_its_keys_at_once_unless_it_is_disabled() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let has = |algorithm: &str| {
        let of_tokens = states(&server, KeyUse::IdToken);
        [KeyState::Active, KeyState::Announced].map(|state| of_tokens.contains(&(algorithm, state)))
    };
    let app = serde_json::json!({"client_id": "app", "id_token_algorithm": "ES256"});
    let path = format!("/clients/{}", server.create_client(&app).await["id"].as_str().unwrap());
    assert_eq!(has("ES256"), [true, true]);
    assert_eq!(has("EdDSA"), [false, false]);
    for (change, made) in [
        (serde_json::json!({"userinfo_algorithm": "EdDSA", "status": "disabled"}), false),
        (serde_json::json!({"status": "paused"}), true),
    ] {
        let reply = server.admin(http::Method::PATCH, &path, &change).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(has("EdDSA"), [made, made], "{change}");
    }
    let known = published(&server).await.len();
    server.server.maintain_keys().await.unwrap();
    assert_eq!(published(&server).await.len(), known, "nothing is made twice");
}

#[tokio::test]
async fn a_key_that_is_asked_for_no_longer_takes_turns_all_the_same() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let app = serde_json::json!({"client_id": "app", "userinfo_algorithm": "EdDSA"});
    let path = format!("/clients/{}", server.create_client(&app).await["id"].as_str().unwrap());
    let deleted = server.admin(http::Method::DELETE, &path, &Value::Null).await;
    assert!(deleted.status.is_success(), "{deleted:?}");
    server.advance(90 * DAY);
    server.server.maintain_keys().await.unwrap();
    let of_tokens = states(&server, KeyUse::IdToken);
    let of_tokens: Vec<_> = of_tokens.iter().filter(|(name, _)| *name == "EdDSA").collect();
    let expected = [KeyState::Active, KeyState::Announced, KeyState::Retired];
    assert_eq!(of_tokens, expected.map(|state| ("EdDSA", state)).iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_writes_into_the_database_without_the_master_key_adds_no_key_by_which_tokens_are_told()
 {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mine = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let key: PublicJwk = serde_json::from_str(mine).unwrap();
    let mut raw = server.raw().await;
    let columns = "algorithm, usage, sealed, announced_at, activated_at";
    for (kid, jwk) in [
        // What is sealed belongs to another id.
        (key.thumbprint().as_str().to_owned(), format!("'{mine}'")),
        // The id is not that of the key.
        ("mine".to_owned(), "public_jwk".to_owned()),
    ] {
        raw.run(&format!(
            "INSERT INTO signing_key (kid, state, public_jwk, {columns}) SELECT '{kid}', 'retired', {jwk}, \
             {columns} FROM signing_key WHERE state = 'active' AND algorithm = 'ES256' \
             AND usage = 'access_token'; UPDATE feed_head SET changes = changes + 1"
        ))
        .await;
        assert!(server.server.memory.refresh().await.is_err(), "nothing is served with it");
        raw.run(&format!(
            "DELETE FROM signing_key WHERE kid = '{kid}'; UPDATE feed_head SET changes = changes + 1"
        ))
        .await;
        server.server.memory.refresh().await.unwrap();
    }
}
