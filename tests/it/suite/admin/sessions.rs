//! Sessions, as administrators see them.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{TestServer, claims};

#[tokio::test]
async fn a_session_is_shown_while_it_lives_and_after_its_end() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let user = server.create_user("alice", &[]).await;
    let tokens = server.login_as("alice").await.tokens();
    let sid = claims(&tokens.access)["sid"].clone();
    let path = format!("/sessions/{}", sid.as_str().unwrap());
    let shown = server.admin(Method::GET, &path, &Value::Null).await.json();
    assert_eq!((&shown["sid"], &shown["user_id"]), (&sid, &json!(user)));
    assert_eq!(shown["client_id"], "demo");
    assert!(shown.get("ended_reason").is_none(), "{shown}");
    server.admin(Method::DELETE, &path, &Value::Null).await;
    let shown = server.admin(Method::GET, &path, &Value::Null).await.json();
    assert_eq!(shown["ended_reason"], "ended_by_admin");
    for unknown in ["x", "01890a5d-ac96-774b-bcce-b302099a8057"] {
        let path = format!("/sessions/{unknown}");
        server.admin(Method::GET, &path, &Value::Null).await.assert_error(404, "not_found");
    }
}
