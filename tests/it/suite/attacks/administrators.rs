//! Administrators: the first one, and one who ends what is his own.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Home, PASSWORD, TestServer, Wire, claims};

/// The file that the first run leaves behind.
const FIRST_RUN: &str = "chancery-data/first-run.env";

/// Tries to log somebody in as the administrator's own client would.
async fn admin_login(wire: &Wire, name: &str, password: &str) -> u16 {
    let body = json!({"username": name, "password": password, "client_id": "chancery-admin"});
    let content = ("application/json", body.to_string());
    let reply = wire.send(Method::POST, "/login", "", (content.0, &content.1)).await.unwrap();
    reply.status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c072_the_first_secrets_are_nobodys_default_and_work_only_until_they_are_replaced() {
    let mut passwords = Vec::new();
    for _ in 0..2 {
        let Some(mut home) = Home::new(BACKEND) else { return };
        let serving = home.serve();
        let wire = home.wire(&serving);
        let first = wire.secrets.password.clone();
        for guess in
            ["", "admin", "password", "changeme", "chancery", "correct horse battery staple"]
        {
            assert!((400..500).contains(&admin_login(&wire, "admin", guess).await), "{guess}");
        }
        let token = wire.admin_token().await;
        let me = claims(&token)["sub"].as_str().unwrap().to_owned();
        let password = json!({"password": PASSWORD});
        wire.admin(&token, Method::POST, &format!("/users/{me}/password"), &password).await;
        let written = std::fs::read_to_string(home.path(FIRST_RUN)).unwrap();
        serving.kill();
        // The file is still there: no later start takes anything from it.
        let serving = home.serve_again();
        assert_eq!(std::fs::read_to_string(home.path(FIRST_RUN)).unwrap(), written);
        assert_eq!(admin_login(&wire, "admin", &first).await, 400);
        assert_eq!(admin_login(&wire, "admin", PASSWORD).await, 200);
        assert!(home.fail(&["init"]).contains("there is an administrator already"));
        drop(serving);
        passwords.push(first);
    }
    assert!(passwords[0] != passwords[1] && passwords.iter().all(|one| one.len() >= 20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c072_where_others_reach_the_server_nobody_is_administrator_by_itself() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    home.set("CHANCERY_ISSUER", "https://auth.example.com");
    home.set("CHANCERY_MASTER_KEY", crate::support::MASTER_KEY);
    let serving = home.serve();
    assert!(!home.path(FIRST_RUN).exists());
    assert_eq!(home.run(&["user", "list", "--json"]).json()["items"], json!([]));
    assert_eq!(home.run(&["client", "list", "--json"]).json()["items"], json!([]));
    drop(serving);
}

#[tokio::test]
async fn c114_an_administrator_who_ends_what_is_his_own_is_told_so_and_is_out() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for what in ["session", "sid", "jti", "sub", "client", "kid", "all"] {
        let token = server.admin_token().await;
        let own = claims(&token);
        let named = |member: &str| own[member].as_str().unwrap();
        let revoke = |kind: &str, value: &str| {
            let body = json!({"kind": kind, "value": value});
            (Method::POST, "/admin/v1/revocations".to_owned(), body)
        };
        let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
        let (method, path, body) = match what {
            "session" => {
                (Method::DELETE, format!("/admin/v1/sessions/{}", named("sid")), Value::Null)
            }
            "client" => revoke(what, "chancery-admin"),
            "kid" => revoke(what, &kid),
            "all" => revoke(what, ""),
            member => revoke(member, named(member)),
        };
        let reply = server.call(method, &path, &token, &body).await;
        assert!(reply.status.is_success(), "{what}: {reply:?}");
        let refused = server.call(Method::GET, "/admin/v1/users", &token, &Value::Null).await;
        refused.assert_error(401, "invalid_token");
        // He may come back, as long as he is who he is: nothing but tokens is over.
        let token = server.admin_token().await;
        let users = server.call(Method::GET, "/admin/v1/users", &token, &Value::Null).await;
        assert_eq!(users.status, 200, "{what}: {users:?}");
        server.advance(1);
    }
}
