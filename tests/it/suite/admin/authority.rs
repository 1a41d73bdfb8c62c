//! Nobody gives away more of the admin API than his own token carries.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{PASSWORD, Reply, TestServer};

/// Somebody whose token has one scope.
struct Deputy {
    server: TestServer,
    token: String,
}

impl Deputy {
    async fn with(scope: &str) -> Option<Self> {
        let server = TestServer::start(BACKEND).await?;
        let token = server.admin_token_with(scope).await;
        Some(Self { server, token })
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Reply {
        self.server.call(method, &format!("/admin/v1{path}"), &self.token, body).await
    }

    /// Calls in vain: nothing is written, and the scopes that are needed are named.
    async fn refused(&self, method: Method, path: &str, body: &Value, needed: &str) {
        let before = self.server.rows().await;
        let reply = self.call(method, path, body).await;
        reply.assert_error(403, "insufficient_scope");
        let expected =
            format!(r#"Bearer realm="chancery", error="insufficient_scope", scope="{needed}""#);
        assert_eq!(reply.header("www-authenticate"), expected);
        assert_eq!(self.server.rows().await, before, "{path} {body}");
    }

    async fn done(&self, method: Method, path: &str, body: &Value) {
        let reply = self.call(method, path, body).await;
        assert!(reply.status.is_success(), "{path} {body}: {reply:?}");
    }
}

#[tokio::test]
async fn the_scope_for_users_opens_no_other_by_way_of_a_user() {
    // C113
    let Some(deputy) = Deputy::with("admin:users").await else { return };
    let clerk = deputy.server.create_user("clerk", &["editor"]).await;
    let chief = deputy.server.create_user("chief", &["editor", "admin"]).await;
    let own = json!({"password": PASSWORD});
    let admin = json!({"roles": ["editor", "admin"]});
    let made = json!({"name": "new", "password": PASSWORD, "roles": ["admin"]});
    deputy.refused(Method::POST, "/users", &made, EVERY).await;
    deputy.refused(Method::PUT, &format!("/users/{clerk}/roles"), &admin, EVERY).await;
    deputy.refused(Method::POST, &format!("/users/{chief}/password"), &own, EVERY).await;
    let path = format!("/users/{chief}");
    deputy.done(Method::PATCH, &path, &json!({"status": "disabled"})).await;
    deputy.refused(Method::PATCH, &path, &json!({"status": "active"}), EVERY).await;
    // What gives nothing away needs no more than the scope of the operation.
    deputy.done(Method::POST, &format!("/users/{clerk}/password"), &own).await;
    deputy.done(Method::PUT, &format!("/users/{clerk}/roles"), &json!({"roles": ["x"]})).await;
    deputy.done(Method::DELETE, &path, &Value::Null).await;
}

#[tokio::test]
async fn the_scope_for_clients_opens_no_other_by_way_of_a_client() {
    // C113
    let Some(deputy) = Deputy::with("admin:clients").await else { return };
    let robot = |id: &str, scopes: &[&str]| {
        json!({
            "client_id": id,
            "grants": ["client_credentials"],
            "scopes": scopes,
            "resources": ["http://localhost:8080/admin"],
        })
    };
    let needed = "admin:clients admin:keys";
    let body = robot("robot", &["read", "admin:clients", "admin:keys"]);
    deputy.refused(Method::POST, "/clients", &body, needed).await;
    let created = deputy.server.create_client(&body).await;
    let path = format!("/clients/{}", created["id"].as_str().unwrap());
    deputy.refused(Method::POST, &format!("{path}/secret"), &json!({}), needed).await;
    deputy.refused(Method::PATCH, &path, &json!({"name": "mine"}), needed).await;
    let mine = json!({"grants": ["authorization_code"], "redirect_uris": ["https://me.example"]});
    deputy.refused(Method::PATCH, &path, &mine, needed).await;
    deputy.done(Method::PATCH, &path, &json!({"status": "disabled"})).await;
    deputy.refused(Method::PATCH, &path, &json!({"status": "active"}), needed).await;
    let plain = deputy.server.create_client(&robot("plain", &["read"])).await;
    let path = format!("/clients/{}", plain["id"].as_str().unwrap());
    let more = json!({"scopes": ["read", "admin:keys"]});
    deputy.refused(Method::PATCH, &path, &more, "admin:keys").await;
    deputy.done(Method::PATCH, &path, &json!({"scopes": ["read", "admin:clients"]})).await;
    deputy.done(Method::POST, &format!("{path}/secret"), &json!({})).await;
}

#[tokio::test]
async fn whoever_holds_every_scope_gives_each_away() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let chief = server.create_user("chief", &["admin"]).await;
    let own = json!({"password": "another password of his"});
    let path = format!("/users/{chief}/password");
    assert_eq!(server.admin(Method::POST, &path, &own).await.status, 200);
}

const EVERY: &str = "admin:users admin:clients admin:resources admin:sessions admin:revoke \
                     admin:keys admin:audit";
