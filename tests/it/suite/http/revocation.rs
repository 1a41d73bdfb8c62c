//! Token revocation (RFC 7009).

use chancery::protocol::audit::AuditKind;
use chancery::storage::ops::audit::ListAudit;

use super::BACKEND;
use crate::support::TestServer;

async fn revoke(server: &TestServer, authorization: &str, form: &str) {
    let reply = server.form("/oauth/revoke", authorization, form).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body, "", "{reply:?}");
    assert_eq!(reply.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_session_that_another_node_has_ended_is_over_here_once_its_revocation_is_answered() {
    // C110
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let other = server.another(2).await;
    let tokens = server.login().await;
    revoke(&other, &other.basic(), &format!("token={}", tokens.refresh)).await;
    assert!(server.is_active(&tokens.access).await, "this node has looked before that");
    revoke(&server, &server.basic(), &format!("token={}", tokens.refresh)).await;
    assert!(!server.is_active(&tokens.access).await);
}

#[tokio::test]
async fn a_refresh_token_of_any_generation_takes_its_session_along() {
    // C110, REV-04
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for generations in 0..3 {
        let first = server.login().await;
        let mut last = first.clone();
        for _ in 0..generations {
            last = server.refresh(&last.refresh).await.tokens();
        }
        revoke(&server, &server.basic(), &format!("token={}", first.refresh)).await;
        assert!(!server.is_active(&last.access).await);
        assert!(!server.is_active(&last.refresh).await);
        server.refresh(&last.refresh).await.assert_invalid_grant();
    }
    let elsewhere = server.login().await;
    assert!(server.is_active(&elsewhere.access).await, "other sessions go on");
}

#[tokio::test]
async fn an_access_token_goes_alone() {
    // C110, REV-04
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let second = server.refresh(&first.refresh).await.tokens();
    revoke(&server, &server.basic(), &format!("token={}", first.access)).await;
    assert!(!server.is_active(&first.access).await);
    assert!(server.is_active(&second.access).await);
    assert!(server.is_active(&second.refresh).await);
    server.refresh(&second.refresh).await.tokens();
}

#[tokio::test]
async fn a_hint_does_not_matter_and_twice_is_as_good() {
    // C110, REV-01
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for hint in ["access_token", "refresh_token", "nonsense"] {
        let tokens = server.login().await;
        for token in [&tokens.access, &tokens.refresh] {
            let form = format!("token={token}&token_type_hint={hint}");
            revoke(&server, &server.basic(), &form).await;
            assert!(!server.is_active(token).await, "{hint}");
            let rows = server.rows().await;
            revoke(&server, &server.basic(), &form).await;
            assert_eq!(server.rows().await, rows, "the second time writes nothing");
        }
    }
}

#[tokio::test]
async fn c110_what_is_unknown_expired_or_forged_is_answered_alike_and_writes_nothing() {
    // C110, REV-03, REV-06
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let old = server.login().await;
    server.advance(300);
    let good = server.login().await;
    let mut forged = good.refresh.clone();
    let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
    forged.push(last);
    let rows = server.rows().await;
    for token in ["x", "chr_AAAA", "a.b.c", old.access.as_str(), forged.as_str()] {
        revoke(&server, &server.basic(), &format!("token={token}")).await;
    }
    assert_eq!(server.rows().await, rows);
    assert!(server.is_active(&good.refresh).await);
}

#[tokio::test]
async fn a_token_of_another_client_is_left_alone() {
    // C110, REV-02, REV-05
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let other = server.create_service("other", "https://demo-api.example").await;
    let tokens = server.login().await;
    let rows = server.rows().await;
    for token in [&tokens.access, &tokens.refresh] {
        revoke(&server, &other, &format!("token={token}")).await;
        revoke(&server, "", &format!("token={token}&client_id=chancery-admin")).await;
        assert!(server.is_active(token).await);
    }
    assert_eq!(server.rows().await, rows);
    let form = format!("token={}", tokens.refresh);
    let unauthenticated = server.form("/oauth/revoke", "", &form).await;
    unauthenticated.assert_error(401, "invalid_client");
    assert!(server.is_active(&tokens.refresh).await);
}

#[tokio::test]
async fn a_public_client_revokes_its_own_by_naming_itself() {
    // C110
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut body = server.login_body();
    body["client_id"] = "chancery-admin".into();
    body.as_object_mut().unwrap().remove("client_secret");
    let tokens = server.post_json("/login", &body).await.tokens();
    let form = format!("token={}&client_id=chancery-admin", tokens.refresh);
    revoke(&server, "", &form).await;
    let form = format!(
        "grant_type=refresh_token&refresh_token={}&client_id=chancery-admin",
        tokens.refresh
    );
    server.form("/oauth/token", "", &form).await.assert_invalid_grant();
}

#[tokio::test]
async fn a_clients_own_token_can_be_revoked_and_the_act_is_written_down() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.client_token(&server.basic(), "").await;
    revoke(&server, &server.basic(), &format!("token={token}")).await;
    assert!(!server.is_active(&token).await);
    let filter = ListAudit { kind: Some(AuditKind::Revoked), limit: 5, ..ListAudit::default() };
    let events = server.server.store.read(filter).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].client_id.as_deref(), Some("demo"));
    assert_eq!(events[0].target.as_deref(), crate::support::claims(&token)["jti"].as_str());
}
