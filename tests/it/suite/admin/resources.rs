//! Administering resources.

use chancery::flows::admin::By;
use chancery::flows::admin::resources::{change, find_named};
use chancery::flows::reconcile::{Declared, DeclaredResource, apply};
use chancery::protocol::resource::ResourceSettings;
use chancery::protocol::uri::ResourceUri;
use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{TestServer, claims};

#[tokio::test]
async fn a_resource_decides_the_algorithm_and_the_life_of_its_tokens() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let body = json!({
        "uri": "https://orders.example",
        "name": "Orders",
        "scopes": ["read"],
        "algorithm": "EdDSA",
        "access_token_ttl": 60,
    });
    let created = server.admin(Method::POST, "/resources", &body).await;
    assert_eq!(created.status, 201, "{created:?}");
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&created.json()[name], value, "{name}");
    }
    let service = server.create_service("orders", "https://orders.example").await;
    let token = server.client_token(&service, "").await;
    let claims = claims(&token);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    let jwks = server.get("/.well-known/jwks.json").await.json();
    assert!(jwks["keys"].as_array().unwrap().iter().any(|key| key["alg"] == "EdDSA"));
    server.admin(Method::POST, "/resources", &body).await.assert_error(409, "conflict");
}

#[tokio::test]
async fn bodies_that_make_no_resource_are_refused() {
    // RES-01
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let bodies = [
        json!({}),
        json!({"uri": "relative"}),
        json!({"uri": "https://a.example/#f"}),
        json!({"uri": "urn:a", "algorithm": "HS256"}),
        json!({"uri": "urn:a", "algorithm": "none"}),
        json!({"uri": "urn:a", "access_token_ttl": 9}),
        json!({"uri": "urn:a", "access_token_ttl": 3601}),
        json!({"uri": "urn:a", "scopes": ["two words"]}),
        json!({"uri": "urn:a", "role_scopes": ["editor"]}),
        json!({"uri": "urn:a", "role_scopes": ["editor=unknown"]}),
        json!({"uri": "urn:a", "scopes": ["read"], "scope_texts": ["read"]}),
        json!({"uri": "urn:a", "scopes": ["read"], "scope_texts": ["read=a\nb"]}),
        json!({"uri": "urn:a", "scope_texts": ["read=Read your orders"]}),
        json!({"uri": "urn:a", "enabled": false}),
    ];
    for body in bodies {
        let reply = server.admin(Method::POST, "/resources", &body).await;
        assert_eq!(reply.status, 400, "{body}: {reply:?}");
    }
    for built_in in ["http://localhost:8080", "http://localhost:8080/admin"] {
        let reply = server.admin(Method::POST, "/resources", &json!({"uri": built_in})).await;
        reply.assert_error(409, "conflict");
    }
}

#[tokio::test]
async fn a_disabled_or_deleted_resource_gets_no_tokens() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let list = server.admin(Method::GET, "/resources", &Value::Null).await.json();
    let path = format!("/resources/{}", list["items"][0]["id"].as_str().unwrap());
    let status = async || {
        let form = "grant_type=client_credentials";
        server.form("/oauth/token", &server.basic(), form).await.status.as_u16()
    };
    for (enabled, expected) in [(false, 400), (true, 200)] {
        let reply = server.admin(Method::PATCH, &path, &json!({"enabled": enabled})).await;
        assert_eq!(reply.json()["enabled"], enabled, "{reply:?}");
        assert_eq!(status().await, expected);
    }
    let renamed = server.admin(Method::PATCH, &path, &json!({"uri": "urn:other"})).await;
    renamed.assert_error(400, "invalid_request");
    let deleted = server.admin(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    assert_eq!(status().await, 400);
    server.admin(Method::DELETE, &path, &Value::Null).await.assert_error(404, "not_found");
}

#[tokio::test]
async fn of_two_changes_that_read_the_same_the_second_is_refused() {
    // C113
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let read = find_named(&server.server, "https://demo-api.example").await.unwrap();
    let by = By::command_line();
    let mut narrow = read.settings.clone();
    narrow.scope = narrow.scope.filter(|scope| scope == "read");
    narrow.scope_texts.clear();
    let mut renamed = read.settings.clone();
    renamed.name = "Renamed".to_owned();
    change(&server.server, &by, read.clone(), (narrow.clone(), true)).await.unwrap();
    let late = change(&server.server, &by, read, (renamed.clone(), true)).await;
    let reason = late.err().map(|error| error.reason());
    assert_eq!(reason, Some("conflict"));
    let stored = find_named(&server.server, "https://demo-api.example").await.unwrap();
    assert_eq!(stored.settings, narrow);
    // What is answered can be changed again without another look.
    let once = change(&server.server, &by, stored, (renamed.clone(), true)).await.unwrap();
    change(&server.server, &by, once, (narrow, true)).await.unwrap();
}

#[tokio::test]
async fn what_the_configuration_declares_is_changed_there_alone() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let resource = find_named(&server.server, "https://demo-api.example").await.unwrap();
    let settings = resource.settings.clone();
    let path = format!("/resources/{}", resource.id);
    let by = By::configuration();
    change(&server.server, &by, resource, (settings, true)).await.unwrap();
    let shown = server.admin(Method::GET, &path, &Value::Null).await.json();
    assert_eq!(shown["managed"], true);
    let attempts = [
        server.admin(Method::PATCH, &path, &json!({"name": "x"})).await,
        server.admin(Method::DELETE, &path, &Value::Null).await,
    ];
    for reply in attempts {
        reply.assert_error(409, "conflict");
    }
}

#[tokio::test]
async fn a_resource_without_a_name_is_called_by_its_uri_however_long() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let uri = format!("urn:{}", "x".repeat(500));
    let created = server.admin(Method::POST, "/resources", &json!({"uri": uri})).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.json()["name"], uri);
    let path = format!("/resources/{}", created.json()["id"].as_str().unwrap());
    let change = json!({"scopes": ["read"]});
    assert_eq!(server.admin(Method::PATCH, &path, &change).await.status, 200);
    let long = json!({"name": "x".repeat(201)});
    server.admin(Method::PATCH, &path, &long).await.assert_error(400, "invalid_request");
    let named = json!({"uri": "urn:named", "name": "x".repeat(201)});
    server.admin(Method::POST, "/resources", &named).await.assert_error(400, "invalid_request");
    // The same, declared in the file.
    let declared = DeclaredResource {
        uri: ResourceUri::parse(&uri.replace('x', "y")).unwrap(),
        settings: ResourceSettings { name: uri.replace('x', "y"), ..settings_of(&server).await },
    };
    let declared = Declared { resources: vec![declared], ..Declared::default() };
    apply(&server.server, &declared).await.unwrap();
    assert!(apply(&server.server, &declared).await.unwrap().changes.is_empty());
}

async fn settings_of(server: &TestServer) -> ResourceSettings {
    find_named(&server.server, &server.secrets.resource).await.unwrap().settings
}
