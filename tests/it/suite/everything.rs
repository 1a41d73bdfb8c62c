//! Revoking everything at once.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::TestServer;

#[tokio::test]
async fn everything_that_was_begun_is_over_and_not_listed_any_more() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    let reply = server.admin(Method::POST, "/revocations", &json!({"kind": "all"})).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    assert_eq!(server.introspect(&tokens.access).await, json!({"active": false}));

    let fresh = server.login().await;
    assert_eq!(server.introspect(&fresh.access).await["active"], true);
    let own = server.call(Method::GET, "/sessions", &fresh.access, &Value::Null).await.json();
    assert_eq!(own["items"].as_array().unwrap().len(), 1, "{own}");
    assert_eq!(own["items"][0]["current"], true);
    let all = server.admin(Method::GET, "/sessions", &Value::Null).await.json();
    // The two that are left: the fresh one, and that of the administrator who asks.
    assert_eq!(all["items"].as_array().unwrap().len(), 2, "{all}");
}
