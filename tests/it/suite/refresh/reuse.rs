//! Reuse: what ends a session, what cannot, and what is left behind.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chancery::protocol::audit::AuditKind;
use chancery::storage::ops::audit::ListAudit;
use http::Method;
use serde_json::json;

use super::BACKEND;
use crate::support::{TestServer, basic, claims};

#[tokio::test]
async fn a_grandparent_ends_the_session_within_the_windows_too() {
    // C095
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let second = server.refresh(&first.refresh).await.tokens();
    let third = server.refresh(&second.refresh).await.tokens();
    assert!(server.is_active(&third.access).await);
    server.refresh(&first.refresh).await.assert_invalid_grant();
    server.refresh(&third.refresh).await.assert_invalid_grant();
    assert!(!server.is_active(&third.access).await, "its access tokens end with it");
    assert!(!server.is_active(&third.refresh).await);
}

#[tokio::test]
async fn c094_reuse_is_written_down_once_with_its_revocation_and_a_dead_token_writes_nothing() {
    // C094
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let sid = claims(&first.access)["sid"].clone();
    let second = server.refresh(&first.refresh).await.tokens();
    let third = server.refresh(&second.refresh).await.tokens();
    let (revocations, events) = server.rows().await;
    server.refresh(&first.refresh).await.assert_invalid_grant();
    assert_eq!(server.rows().await, (revocations + 1, events + 1));
    let filter =
        ListAudit { kind: Some(AuditKind::RefreshReuse), limit: 10, ..ListAudit::default() };
    let written = server.server.store.read(filter).await.unwrap();
    assert_eq!(written.len(), 1);
    assert_eq!(json!(written[0].target), sid);
    for token in [&first.refresh, &second.refresh, &third.refresh] {
        server.refresh(token).await.assert_invalid_grant();
    }
    assert_eq!(server.rows().await, (revocations + 1, events + 1));
}

#[tokio::test]
async fn c091_nobody_without_a_genuine_token_can_end_a_session() {
    // C091, C093: wrong client authentication, another client, a forged generation.
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let second = server.refresh(&first.refresh).await.tokens();
    let current = server.refresh(&second.refresh).await.tokens();
    let before = server.rows().await;
    let form = format!("grant_type=refresh_token&refresh_token={}", first.refresh);
    let wrong = server.form("/oauth/token", &basic("demo", "wrong"), &form).await;
    wrong.assert_error(401, "invalid_client");
    let other = format!("{form}&client_id=chancery-admin");
    server.form("/oauth/token", "", &other).await.assert_invalid_grant();
    let mut forged = first.refresh.clone().into_bytes();
    let last = forged.len() - 1;
    forged[last] = if forged[last] == b'A' { b'E' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    server.refresh(&forged).await.assert_invalid_grant();
    assert_eq!(server.rows().await, before);
    server.refresh(&current.refresh).await.tokens();
}

#[tokio::test]
async fn every_refusal_of_a_refresh_token_reads_the_same() {
    // C092
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let second = server.refresh(&first.refresh).await.tokens();
    server.refresh(&second.refresh).await.tokens();
    let dead = server.refresh(&first.refresh).await;
    let garbage = "x".repeat(60_000);
    let flipped = first.refresh.replace('_', "-");
    for token in ["chr_AAAA", first.access.as_str(), garbage.as_str(), flipped.as_str()] {
        let reply = server.refresh(token).await;
        reply.assert_invalid_grant();
        assert_eq!(reply.body, dead.body);
    }
}

#[tokio::test]
async fn the_explanation_of_a_refusal_is_there_for_administrators_only() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let second = server.refresh(&first.refresh).await.tokens();
    let ask = |token: &str| format!("/explain?token={token}");
    let explained = server.admin(Method::GET, &ask(&first.refresh), &json!(null)).await.json();
    assert_eq!(explained["outcome"], "echo");
    server.refresh(&second.refresh).await.tokens();
    let explained = server.admin(Method::GET, &ask(&first.refresh), &json!(null)).await.json();
    assert_eq!(explained["outcome"], "reuse", "asking changes nothing");
    server.refresh(&first.refresh).await.assert_invalid_grant();
    let explained = server.admin(Method::GET, &ask(&second.refresh), &json!(null)).await.json();
    assert_eq!(explained["outcome"], "reuse");
    assert_eq!(explained["events"][0]["kind"], "refresh_reuse");
}

#[tokio::test]
async fn c092_a_key_number_that_was_never_given_is_an_invention_and_no_outage() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let genuine = server.login().await.refresh;
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&genuine[4..]).unwrap();
    for number in [2, 127, 255] {
        bytes[0] = number;
        let invented = format!("chr_{}", BASE64_URL_SAFE_NO_PAD.encode(&bytes));
        server.refresh(&invented).await.assert_invalid_grant();
        assert!(!server.is_active(&invented).await);
        // C110
        server.revoke(&invented).await;
    }
    server.refresh(&genuine).await.tokens();
}
