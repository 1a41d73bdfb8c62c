//! Administering clients.

use std::time::Duration;

use chancery::flows::admin::By;
use chancery::flows::admin::clients::{ClientPatch, change, find_named};
use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{TestServer, basic};

#[tokio::test]
async fn a_client_is_created_with_a_secret_that_is_shown_once() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let body = json!({
        "client_id": "shop",
        "name": "The shop",
        "grants": ["client_credentials"],
        "scopes": ["read"],
        "resources": ["https://demo-api.example"],
        "origins": ["https://shop.example:8443"],
    });
    let created = server.create_client(&body).await;
    let secret = created["client_secret"].as_str().unwrap();
    server.client_token(&basic("shop", secret), "").await;
    let path = format!("/clients/{}", created["id"].as_str().unwrap());
    let shown = server.admin(Method::GET, &path, &Value::Null).await.json();
    assert!(shown.get("client_secret").is_none());
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    let again = server.admin(Method::POST, "/clients", &body).await;
    again.assert_error(409, "conflict");
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_refused() {
    // C089, C118
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let bodies = [
        json!({}),
        json!({"client_id": "a b"}),
        json!({"client_id": "01890a5d-ac96-774b-bcce-b302099a8057"}),
        json!({"client_id": "x", "public": true, "secret": "s".repeat(43)}),
        json!({"client_id": "x", "secret": "weak"}),
        json!({"client_id": "x", "public": true, "grants": ["client_credentials"]}),
        json!({"client_id": "x", "public": true, "serves": "urn:api"}),
        json!({"client_id": "x", "public": true, "rotation": "never"}),
        json!({"client_id": "x", "rotation": "sometimes"}),
        json!({"client_id": "x", "rotate_after": 301}),
        json!({"client_id": "x", "grants": ["password"]}),
        json!({"client_id": "x", "scopes": ["two words"]}),
        json!({"client_id": "x", "resources": ["/relative"]}),
        json!({"client_id": "x", "serves": "relative"}),
        json!({"client_id": "x", "origins": ["https://app.example/"]}),
        json!({"client_id": "x", "origins": ["*"]}),
        json!({"client_id": "x", "status": "active"}),
    ];
    for body in bodies {
        let reply = server.admin(Method::POST, "/clients", &body).await;
        assert_eq!(reply.status, 400, "{body}: {reply:?}");
    }
}

#[tokio::test]
async fn a_change_leaves_the_rest_as_it_is_and_counts_from_now_on() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let path = format!("/clients/{}", server.client_key("demo").await);
    let before = server.admin(Method::GET, &path, &Value::Null).await.json();
    let reply = server.admin(Method::PATCH, &path, &json!({"scopes": ["read"]})).await;
    let changed = reply.json();
    assert_eq!(changed["scopes"], json!(["read"]));
    for (name, value) in before.as_object().unwrap() {
        if !["scopes", "updated_at"].contains(&name.as_str()) {
            assert_eq!(&changed[name], value, "{name}");
        }
    }
    let form = "grant_type=client_credentials&scope=write";
    let reply = server.form("/oauth/token", &server.basic(), form).await;
    reply.assert_error(400, "invalid_scope");
    for fixed in [json!({"client_id": "y"}), json!({"public": true}), json!({"secret": "x"})] {
        let reply = server.admin(Method::PATCH, &path, &fixed).await;
        reply.assert_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn a_paused_client_keeps_its_sessions_and_a_disabled_one_loses_them() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let path = format!("/clients/{}", server.client_key("demo").await);
    let set = async |status: &str| {
        let reply = server.admin(Method::PATCH, &path, &json!({"status": status})).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    };
    let tokens = server.login().await;
    assert!(set("paused").await["effective_by"]["feed"].is_string());
    server.refresh(&tokens.refresh).await.assert_error(401, "invalid_client");
    assert!(set("active").await.get("effective_by").is_none());
    assert!(!server.is_active(&tokens.access).await, "its access tokens were refused");
    let tokens = server.refresh(&tokens.refresh).await.tokens();
    assert!(server.is_active(&tokens.access).await);
    set("disabled").await;
    set("active").await;
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
}

#[tokio::test]
async fn c104_a_replaced_secret_works_beside_the_new_one_until_its_overlap_ends() {
    // C104
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let path = format!("/clients/{}/secret", server.client_key("demo").await);
    let rotated = server.admin(Method::POST, &path, &json!({"overlap_seconds": 60})).await.json();
    let new = basic("demo", rotated["client_secret"].as_str().unwrap());
    let works = async |basic: &str| {
        let reply = server.form("/oauth/token", basic, "grant_type=client_credentials").await;
        reply.status == 200
    };
    assert!(works(&server.basic()).await && works(&new).await);
    server.advance(59);
    assert!(works(&server.basic()).await && works(&new).await);
    server.advance(1);
    assert!(!works(&server.basic()).await && works(&new).await);
    let token = server.client_token(&new, "").await;
    let reply = server.admin(Method::POST, &path, &json!({"compromised": true})).await.json();
    assert!(reply["effective_by"]["issuer"].is_string());
    assert!(!works(&new).await, "at once");
    let newest = basic("demo", reply["client_secret"].as_str().unwrap());
    let asked = server.form("/oauth/introspect", &newest, &format!("token={token}")).await;
    assert_eq!(asked.json()["active"], false, "what the old secret got is refused");
    let long = json!({"overlap_seconds": 31 * 86_400});
    server.admin(Method::POST, &path, &long).await.assert_error(400, "invalid_request");
    let public = format!("/clients/{}/secret", server.client_key("chancery-admin").await);
    server.admin(Method::POST, &public, &json!({})).await.assert_error(409, "conflict");
}

#[tokio::test]
async fn a_deleted_client_takes_its_sessions_and_tokens_along() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let service = server.create_service("service", "https://demo-api.example").await;
    let tokens = server.login().await;
    let path = format!("/clients/{}", server.client_key("demo").await);
    let deleted = server.admin(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    server.refresh(&tokens.refresh).await.assert_error(401, "invalid_client");
    let form = format!("token={}", tokens.access);
    let asked = server.form("/oauth/introspect", &service, &form).await;
    assert_eq!(asked.json(), json!({"active": false}));
    server.admin(Method::GET, &path, &Value::Null).await.assert_error(404, "not_found");
}

#[tokio::test]
async fn a_client_of_the_id_of_a_deleted_one_gets_tokens_that_are_good() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let settings = json!({"client_id": "again", "grants": ["client_credentials"],
        "resources": [server.secrets.resource]});
    let mut before = None;
    for _ in 0..2 {
        let made = server.create_client(&settings).await;
        let own = basic("again", made["client_secret"].as_str().unwrap());
        let token = server.client_token(&own, "").await;
        assert!(server.is_active(&token).await, "{made}");
        let path = format!("/clients/{}", made["id"].as_str().unwrap());
        server.admin(Method::DELETE, &path, &Value::Null).await;
        assert!(!server.is_active(&token).await);
        assert_ne!(before.replace(token.clone()), Some(token));
    }
}

#[tokio::test]
async fn what_the_configuration_declares_is_changed_there_alone() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let client = find_named(&server.server, "demo").await.unwrap();
    let mut settings = client.settings.clone();
    settings.rotate_after = Duration::from_secs(1);
    let declared = ClientPatch { settings: Some(settings), status: None };
    let managed = change(&server.server, &By::configuration(), client, declared).await.unwrap();
    let path = format!("/clients/{}", managed.client.key);
    let shown = server.admin(Method::GET, &path, &Value::Null).await.json();
    assert_eq!(shown["managed"], true);
    let secret = format!("{path}/secret");
    let attempts = [
        server.admin(Method::PATCH, &path, &json!({"name": "x"})).await,
        server.admin(Method::DELETE, &path, &Value::Null).await,
        server.admin(Method::POST, &secret, &json!({})).await,
    ];
    for reply in attempts {
        reply.assert_error(409, "conflict");
    }
    assert_eq!(server.admin(Method::GET, &path, &Value::Null).await.json(), shown);
}

#[tokio::test]
async fn a_name_has_no_control_characters_and_an_end() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let path = format!("/clients/{}", server.client_key("demo").await);
    for name in ["a\u{0}b".to_owned(), "a\nb".to_owned(), "x".repeat(201)] {
        let client = json!({"client_id": "other", "public": true, "name": name});
        let resource = json!({"uri": "https://other.example", "name": name});
        for (method, path, body) in [
            (Method::POST, "/clients", &client),
            (Method::PATCH, path.as_str(), &json!({"name": name})),
            (Method::POST, "/resources", &resource),
        ] {
            let reply = server.admin(method, path, body).await;
            reply.assert_error(400, "invalid_request");
        }
    }
    let longest = json!({"name": "\u{e9}".repeat(200)});
    assert_eq!(server.admin(Method::PATCH, &path, &longest).await.status, 200);
}
