//! Registering a client for signing people in with a browser.

use chancery::flows::admin::clients::find_named;
use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::TestServer;

const CALLBACK: &str = "https://shop.example/cb";

fn shop() -> Value {
    json!({
        "client_id": "shop",
        "grants": ["authorization_code", "refresh_token"],
        "scopes": ["openid", "profile", "email", "address", "phone", "offline_access"],
        "redirect_uris": [CALLBACK, "http://127.0.0.1/cb", "com.example.shop:/cb"],
        "post_logout_redirect_uris": ["https://shop.example"],
        "backchannel_logout_uri": "https://shop.example/logout",
        "pkce_required": false,
        "skips_consent": false,
        "id_token_algorithm": "ES256",
        "userinfo_algorithm": "EdDSA",
        "client_uri": "https://shop.example",
        "policy_uri": "https://shop.example/privacy",
        "tos_uri": "https://shop.example/terms",
    })
}

#[tokio::test]
async fn what_is_registered_is_what_is_shown() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let created = server.create_client(&shop()).await;
    let path = format!("/clients/{}", created["id"].as_str().unwrap());
    let shown = server.admin(Method::GET, &path, &Value::Null).await.json();
    for (name, value) in shop().as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    let plain = server.create_client(&json!({"client_id": "plain"})).await;
    for (name, value) in [
        ("redirect_uris", json!([])),
        ("post_logout_redirect_uris", json!([])),
        ("pkce_required", json!(true)),
        ("skips_consent", json!(false)),
        ("id_token_algorithm", json!("RS256")),
    ] {
        assert_eq!(plain[name], value, "{name}");
    }
    for name in ["backchannel_logout_uri", "userinfo_algorithm", "policy_uri"] {
        assert!(plain.get(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn what_could_lead_people_elsewhere_is_not_registered() {
    // CORE-03, O21-01
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let pages = |name: &str| [json!({name: "http://shop.example"}), json!({name: "javascript:x"})];
    let changes = [
        json!({"redirect_uris": []}),
        json!({"grants": ["refresh_token"]}),
        json!({"redirect_uris": ["http://shop.example/cb"]}),
        json!({"redirect_uris": ["https://shop.example/cb#f"]}),
        json!({"redirect_uris": [CALLBACK, "javascript:alert(1)"]}),
        json!({"redirect_uris": vec![CALLBACK; 51]}),
        json!({"post_logout_redirect_uris": ["/signed-out"]}),
        json!({"post_logout_redirect_uris": vec![CALLBACK; 51]}),
        json!({"backchannel_logout_uri": "http://shop.example/logout"}),
        json!({"backchannel_logout_uri": "https://shop.example/logout#f"}),
        json!({"skips_consent": true}),
        json!({"id_token_algorithm": "HS256"}),
        json!({"id_token_algorithm": ""}),
        json!({"userinfo_algorithm": "none"}),
    ];
    let shop = server.create_client(&shop()).await;
    let path = format!("/clients/{}", shop["id"].as_str().unwrap());
    let before = server.admin(Method::GET, &path, &Value::Null).await.json();
    let pages = ["client_uri", "policy_uri", "tos_uri"].into_iter().flat_map(pages);
    for change in changes.into_iter().chain(pages) {
        let reply = server.admin(Method::PATCH, &path, &change).await;
        assert_eq!(reply.status, 400, "{change}: {reply:?}");
    }
    assert_eq!(server.admin(Method::GET, &path, &Value::Null).await.json(), before);
    let public = json!({"client_id": "app", "public": true, "pkce_required": false});
    let reply = server.admin(Method::POST, "/clients", &public).await;
    reply.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn each_change_of_a_registration_is_a_new_version_of_the_client() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let shop = server.create_client(&shop()).await;
    let path = format!("/clients/{}", shop["id"].as_str().unwrap());
    let mut version = find_named(&server.server, "shop").await.unwrap().version;
    for (change, shown) in [
        (json!({"redirect_uris": [CALLBACK]}), json!([CALLBACK])),
        (json!({"pkce_required": true}), json!(true)),
        (json!({"first_party": true}), json!(true)),
        (json!({"skips_consent": false}), json!(false)),
        (json!({"id_token_algorithm": "PS256"}), json!("PS256")),
        (json!({"userinfo_algorithm": ""}), Value::Null),
        (json!({"backchannel_logout_uri": ""}), Value::Null),
        (json!({"tos_uri": ""}), Value::Null),
    ] {
        let name = change.as_object().unwrap().keys().next().unwrap();
        let changed = server.admin(Method::PATCH, &path, &change).await.json();
        assert_eq!(changed[name], shown, "{change}");
        let now = find_named(&server.server, "shop").await.unwrap().version;
        assert!(now > version, "{change}");
        version = now;
    }
}

#[tokio::test]
async fn the_operators_own_skip_consent_until_somebody_decides_otherwise() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let own = server.create_client(&json!({"client_id": "own", "first_party": true})).await;
    assert_eq!(own["skips_consent"], true);
    let asks = json!({"client_id": "asks", "first_party": true, "skips_consent": false});
    assert_eq!(server.create_client(&asks).await["skips_consent"], false);
    let path = format!("/clients/{}", own["id"].as_str().unwrap());
    for (change, skips) in [
        (json!({"first_party": false}), false),
        (json!({"first_party": true}), true),
        (json!({"skips_consent": false}), false),
        (json!({"first_party": true}), false),
    ] {
        let changed = server.admin(Method::PATCH, &path, &change).await.json();
        assert_eq!(changed["skips_consent"], skips, "{change}");
    }
}
