//! The database is gone: what is still answered, and that nothing is lost by the rest.

use serde_json::json;

use super::BACKEND;
use crate::support::TestServer;

#[tokio::test]
async fn c130_without_the_database_documents_are_served_and_everything_else_asks_to_come_again() {
    // C130, REV-03
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    let admin = server.admin_token().await;
    server.server.store.close().await;
    // The lease of what is in memory runs out.
    server.advance(2);
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        "/healthz",
    ] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    let basic = server.basic();
    let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    let logout = json!({
        "refresh_token": tokens.refresh,
        "client_id": "demo",
        "client_secret": server.secrets.client_secret,
    });
    let replies = [
        server.get("/readyz").await,
        server.post_json("/login", &server.login_body()).await,
        server.post_json("/logout", &logout).await,
        server.form("/oauth/token", &basic, &refresh).await,
        server.form("/oauth/token", &basic, "grant_type=client_credentials").await,
        server.form("/oauth/revoke", &basic, &format!("token={}", tokens.refresh)).await,
        server.form("/oauth/revoke", &basic, &format!("token={}", tokens.access)).await,
        server.form("/oauth/introspect", &basic, &format!("token={}", tokens.refresh)).await,
        server.form("/oauth/introspect", &basic, &format!("token={}", tokens.access)).await,
        server.call(http::Method::GET, "/sessions", &tokens.access, &json!(null)).await,
        server.call(http::Method::GET, "/oauth/userinfo", &tokens.access, &json!(null)).await,
        server.call(http::Method::GET, "/admin/v1/users", &admin, &json!(null)).await,
    ];
    for reply in replies {
        reply.assert_error(503, "temporarily_unavailable");
        assert_eq!(reply.header("retry-after"), "1");
    }
    let recovered = server.another(7).await;
    let next = recovered.refresh(&tokens.refresh).await.tokens();
    assert_ne!(next.refresh, tokens.refresh, "it was neither consumed nor revoked");
    assert!(recovered.is_active(&tokens.access).await);
}

#[tokio::test]
async fn what_was_revoked_here_is_not_active_from_memory_although_it_could_not_be_read_back() {
    // REV-03
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let beside = server.another(7).await;
    let tokens = server.login().await;
    assert!(server.is_active(&tokens.access).await);
    beside.revoke(&tokens.access).await;
    // As if the connection broke between the commit and the look at it, with the lease running.
    server.server.store.close().await;
    server.server.obey_now().await;
    let form = format!("token={}", tokens.access);
    let reply = server.form("/oauth/introspect", &server.basic(), &form).await;
    reply.assert_error(503, "temporarily_unavailable");
}

#[tokio::test]
async fn within_the_lease_a_write_that_fails_is_503_and_changes_nothing() {
    // C130
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    server.server.store.close().await;
    server.refresh(&tokens.refresh).await.assert_error(503, "temporarily_unavailable");
    let form = format!("token={}", tokens.access);
    let revoked = server.form("/oauth/revoke", &server.basic(), &form).await;
    revoked.assert_error(503, "temporarily_unavailable");
    let login = server.post_json("/login", &server.login_body()).await;
    login.assert_error(503, "temporarily_unavailable");
    let recovered = server.another(7).await;
    assert!(recovered.is_active(&tokens.access).await);
    recovered.refresh(&tokens.refresh).await.tokens();
}
