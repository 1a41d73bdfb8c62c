//! What takes an access token, and what it answers to a wrong one: the rows of a resource server.

use std::collections::HashMap;

use axum::body::Body;
use http::{Method, Request};
use serde_json::Value;

use super::BACKEND;
use crate::support::{Reply, TestServer, claims};

const BARE: &str = r#"Bearer realm="chancery""#;
const REQUEST: &str = r#"Bearer realm="chancery", error="invalid_request""#;
const INVALID: &str = r#"Bearer realm="chancery", error="invalid_token""#;

async fn sessions(server: &TestServer, authorization: &[&str], query: &str) -> Reply {
    let mut request = Request::get(format!("/sessions{query}"));
    for value in authorization {
        request = request.header("authorization", *value);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn without_a_token_in_its_place_the_challenge_names_no_error() {
    // BRR-01, BRR-02
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.login().await.access;
    let basic = server.basic();
    let in_query = format!("?access_token={token}");
    let rows: [(&[&str], &str); 5] = [
        (&[], ""),
        (&[basic.as_str()], ""),
        (&["Bearer"], ""),
        (&[token.as_str()], ""),
        (&[], in_query.as_str()),
    ];
    for (authorization, query) in rows {
        let reply = sessions(&server, authorization, query).await;
        reply.assert_error(401, "invalid_token");
        assert_eq!(reply.header("www-authenticate"), BARE, "{authorization:?} {query}");
    }
}

#[tokio::test]
async fn tokens_that_do_not_work_are_refused_alike() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let expired = server.login().await.access;
    server.advance(300);
    let revoked = server.login().await.access;
    let form = format!("token={revoked}");
    server.form("/oauth/revoke", &server.basic(), &form).await;
    let good = server.login().await;
    let elsewhere = server.client_token(&server.basic(), "").await;
    let mut forged = good.access.clone();
    forged.truncate(forged.len() - 3);
    let mut bodies = Vec::new();
    for token in [&expired, &revoked, &elsewhere, &forged, &good.refresh, &"x".to_owned()] {
        let reply = sessions(&server, &[&format!("Bearer {token}")], "").await;
        reply.assert_error(401, "invalid_token");
        assert_eq!(reply.header("www-authenticate"), INVALID);
        bodies.push(reply.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    let reply = sessions(&server, &[&format!("bearer  {}", good.access)], "").await;
    assert_eq!(reply.status, 200, "the scheme has no case: {reply:?}");
}

#[tokio::test]
async fn a_malformed_header_and_two_of_them_are_bad_requests() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = format!("Bearer {}", server.login().await.access);
    for authorization in [&["Bearer a\"b"][..], &["Bearer a b"], &[&token, &token]] {
        let reply = sessions(&server, authorization, "").await;
        reply.assert_error(400, "invalid_request");
        assert_eq!(reply.header("www-authenticate"), REQUEST);
    }
    let mut twice = Request::post("/logout");
    for _ in 0..2 {
        twice = twice.header("authorization", &token);
    }
    let reply = server.send(twice.body(Body::empty()).unwrap()).await;
    reply.assert_error(400, "invalid_request");
    assert_eq!(reply.header("www-authenticate"), REQUEST);
}

#[tokio::test]
async fn beside_a_token_the_url_has_only_the_parameters_of_the_path() {
    // C024
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let own = server.login().await.access;
    let admin = server.admin_token().await;
    let rows = [
        (Method::GET, "/sessions?access_token=x", &own),
        (Method::GET, "/sessions?user=x", &own),
        (Method::DELETE, "/sessions?limit=1", &own),
        (Method::DELETE, "/sessions?al=true", &own),
        (Method::POST, "/logout?access_token=x", &own),
        (Method::GET, "/admin/v1/sessions?usr=x", &admin),
        (Method::GET, "/admin/v1/audit?access_token=x", &admin),
        (Method::GET, "/admin/v1/users?filter=x", &admin),
        (Method::GET, "/admin/v1/keys?limit=1", &admin),
        (Method::POST, "/admin/v1/keys/rotate?now=true", &admin),
    ];
    for (method, path, token) in rows {
        let reply = server.call(method, path, token, &Value::Null).await;
        reply.assert_error(400, "invalid_request");
        assert_eq!(reply.header("www-authenticate"), REQUEST, "{path}");
    }
    assert!(server.is_active(&own).await, "nothing was ended");
    let login = server.post_json("/login?scope=read", &server.login_body()).await;
    login.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn own_sessions_are_listed_by_pages_and_ended_one_by_one() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(server.login().await.access);
    }
    let asking = tokens.last().unwrap();
    let get = async |path: String| {
        let reply = server.call(Method::GET, &path, asking, &Value::Null).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    };
    let page = get("/sessions?limit=2".to_owned()).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let rest = get(format!("/sessions?limit=2&after={}", page["next"].as_str().unwrap())).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], Value::Null);
    let (page, rest) = (page["items"].as_array().unwrap(), rest["items"].as_array().unwrap());
    let listed: HashMap<&str, bool> = page
        .iter()
        .chain(rest)
        .map(|item| (item["sid"].as_str().unwrap(), item["current"] == true))
        .collect();
    let sids: Vec<String> =
        tokens.iter().map(|token| claims(token)["sid"].as_str().unwrap().to_owned()).collect();
    let expected = sids.iter().map(|sid| (sid.as_str(), *sid == sids[2])).collect();
    assert_eq!(listed, expected);
    let first = format!("/sessions/{}", sids[0]);
    let ended = server.call(Method::DELETE, &first, asking, &Value::Null).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    assert!(!server.is_active(&tokens[0]).await);
    assert!(server.is_active(&tokens[1]).await);
    for path in ["/sessions/nonsense", "/sessions/01890a5d-ac96-774b-bcce-b302099a8057"] {
        server
            .call(Method::DELETE, path, asking, &Value::Null)
            .await
            .assert_error(404, "not_found");
    }
    for query in ["limit=0", "limit=201", "limit=-1", "limit=x", "after=x"] {
        let path = format!("/sessions?{query}");
        let reply = server.call(Method::GET, &path, asking, &Value::Null).await;
        reply.assert_error(400, "invalid_request");
    }
    let bad = server.call(Method::DELETE, "/sessions?all=1", asking, &Value::Null).await;
    bad.assert_error(400, "invalid_request");
    let others = server.call(Method::DELETE, "/sessions", asking, &Value::Null).await;
    assert_eq!(others.status, 200, "{others:?}");
    assert!(!server.is_active(&tokens[1]).await);
    assert!(server.is_active(asking).await);
    server.call(Method::DELETE, "/sessions?all=true", asking, &Value::Null).await;
    assert!(!server.is_active(asking).await);
}

#[tokio::test]
async fn logging_out_takes_an_access_token_or_a_refresh_token_with_its_client() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    let reply = server.call(Method::POST, "/logout", &tokens.access, &Value::Null).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["effective_by"]["issuer"], server.clock.seconds());
    assert!(!server.is_active(&tokens.refresh).await);
    let again = server.call(Method::POST, "/logout", &tokens.access, &Value::Null).await;
    again.assert_error(401, "invalid_token");
    let tokens = server.login().await;
    let body = |secret: &str| {
        serde_json::json!({
            "refresh_token": tokens.refresh, "client_id": "demo", "client_secret": secret,
        })
    };
    let wrong = server.post_json("/logout", &body("wrong")).await;
    wrong.assert_error(401, "invalid_client");
    assert!(server.is_active(&tokens.access).await);
    let right = server.post_json("/logout", &body(&server.secrets.client_secret)).await;
    assert_eq!(right.status, 200, "{right:?}");
    assert!(!server.is_active(&tokens.access).await);
    let form = server.form("/logout", "", "refresh_token=x").await;
    form.assert_error(415, "unsupported_media_type");
}

#[tokio::test]
async fn logging_out_with_the_refresh_token_of_another_client_is_no_success() {
    // CORE-13, C091
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let settings = serde_json::json!({"client_id": "thief", "public": true, "first_party": true});
    server.create_client(&settings).await;
    let tokens = server.login().await;
    let body = serde_json::json!({"refresh_token": tokens.refresh, "client_id": "thief"});
    server.post_json("/logout", &body).await.assert_invalid_grant();
    assert!(server.is_active(&tokens.access).await);
    // To end what has ended already is one.
    let own = |secret: &str| {
        serde_json::json!({
            "refresh_token": tokens.refresh, "client_id": "demo", "client_secret": secret,
        })
    };
    for _ in 0..2 {
        let reply = server.post_json("/logout", &own(&server.secrets.client_secret)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}
