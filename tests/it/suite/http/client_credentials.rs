//! The client credentials grant (RFC 6749 §4.4).

use metrics::set_default_local_recorder;
use serde_json::json;

use super::BACKEND;
use crate::support::{Statements, TestServer, claims};

#[tokio::test]
async fn c089_a_client_gets_a_token_about_itself_and_no_refresh_token() {
    // C089, CORE-16
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let form = "grant_type=client_credentials&scope=read";
    let reply = server.form("/oauth/token", &server.basic(), form).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.json();
    let members: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"]);
    assert_eq!(answer["scope"], "read");
    let claims = claims(answer["access_token"].as_str().unwrap());
    assert_eq!(claims["sub"], "demo");
    assert_eq!(claims["client_id"], "demo");
    assert_eq!(claims["aud"], "https://demo-api.example");
    for member in ["sid", "roles", "auth_time", "acr", "amr"] {
        assert!(claims.get(member).is_none(), "{member}");
    }
}

#[tokio::test]
async fn without_scope_a_client_gets_what_it_is_registered_for_at_the_resource() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let form = "grant_type=client_credentials";
    let answer = server.form("/oauth/token", &server.basic(), form).await.json();
    assert_eq!(answer["scope"], "read write", "`openid` is for users");
    let form = "grant_type=client_credentials&scope=openid";
    let reply = server.form("/oauth/token", &server.basic(), form).await;
    reply.assert_error(400, "invalid_scope");
}

#[tokio::test]
async fn a_client_gets_administrative_scopes_only_if_it_is_registered_for_them() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let admin = "http://localhost:8080/admin";
    let settings = |id: &str, scopes: &[&str]| {
        json!({
            "client_id": id,
            "grants": ["client_credentials"],
            "scopes": scopes,
            "resources": [admin],
        })
    };
    let mut tokens = Vec::new();
    for (id, scopes) in [("operator", &["admin:users", "admin:audit"][..]), ("other", &[])] {
        let created = server.create_client(&settings(id, scopes)).await;
        let basic = crate::support::basic(id, created["client_secret"].as_str().unwrap());
        for scope in ["admin:users", "admin:keys"] {
            let form = format!("grant_type=client_credentials&scope={scope}");
            let reply = server.form("/oauth/token", &basic, &form).await;
            if scopes.contains(&scope) {
                assert_eq!(reply.json()["scope"], scope, "{reply:?}");
                tokens.push(reply.tokens().access);
            } else {
                reply.assert_error(400, "invalid_scope");
            }
        }
    }
    let [token] = tokens.as_slice() else { panic!("{tokens:?}") };
    let body = json!({"name": "made-by-a-client"});
    let reply = server.call(http::Method::POST, "/admin/v1/users", token, &body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let events = server.admin(http::Method::GET, "/audit?kind=user_created", &json!(null)).await;
    let event = &events.json()["items"][0];
    assert_eq!(event["actor_kind"], "client");
    assert_eq!(event["actor"], "operator");
}

#[tokio::test]
async fn it_is_answered_without_the_database() {
    // C089
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    server.client_token(&server.basic(), "").await;
    assert_eq!(statements.count(), 0);
    let token = server.client_token(&server.basic(), "&scope=read").await;
    server.introspect(&token).await;
    assert_eq!(statements.count(), 0, "introspection of an access token needs none either");
    server.login().await;
    assert!(statements.count() > 0, "statements are counted here");
}
