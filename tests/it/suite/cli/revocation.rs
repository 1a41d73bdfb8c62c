//! `chancery revoke` and `chancery session`, beside a running server.

use serde_json::{Value, json};

use super::{BACKEND, look, set_up};
use crate::support::{Installation, TestServer, Tokens, claims};

const PASSWORD: &str = "correct horse battery staple";

/// A server on the database of an installation, and the secret of the client `api`.
async fn running(installation: &Installation) -> (TestServer, String) {
    let secret = set_up(installation);
    installation.run_on("user create alice --password-stdin", PASSWORD).ok();
    (installation.server().await, secret)
}

async fn login(server: &TestServer) -> Tokens {
    let body = json!({"username": "alice", "password": PASSWORD, "client_id": "app"});
    server.post_json("/login", &body).await.tokens()
}

/// Asserts that the server, once it looks, refuses a token after `revoke` with what `name` makes of
/// its claims.
async fn assert_refused(name: impl Fn(&Value) -> String) {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let (server, secret) = running(&installation).await;
    let tokens = login(&server).await;
    assert!(server.is_active_for(("api", &secret), &tokens.access).await);
    let command = format!("--json revoke {}", name(&claims(&tokens.access)));
    let revoked = installation.run(&command).json();
    for by in ["issuer", "feed", "expiry"] {
        assert!(revoked["effective_by"][by].is_string(), "{revoked}");
    }
    look(&server);
    assert!(!server.is_active_for(("api", &secret), &tokens.access).await, "{command}");
}

fn text<'a>(claims: &'a Value, name: &str) -> &'a str {
    claims[name].as_str().unwrap()
}

#[tokio::test]
async fn the_running_server_refuses_the_tokens_of_a_user_revoked_by_name() {
    assert_refused(|_| "--user alice".to_owned()).await;
}

#[tokio::test]
async fn the_running_server_refuses_the_tokens_of_a_user_revoked_by_id() {
    assert_refused(|claims| format!("--user {}", text(claims, "sub"))).await;
}

#[tokio::test]
async fn the_running_server_refuses_a_revoked_token() {
    assert_refused(|claims| format!("--jti={} --reason=lost-laptop", text(claims, "jti"))).await;
}

#[tokio::test]
async fn the_running_server_refuses_the_tokens_of_a_revoked_session() {
    assert_refused(|claims| format!("--session {}", text(claims, "sid"))).await;
}

#[tokio::test]
async fn the_running_server_refuses_the_tokens_of_a_revoked_client() {
    assert_refused(|claims| format!("--client {}", text(claims, "client_id"))).await;
}

#[tokio::test]
async fn the_running_server_refuses_every_token_after_everything_was_revoked() {
    assert_refused(|_| "--all".to_owned()).await;
}

#[tokio::test]
async fn a_session_that_the_command_line_ends_is_over() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let (server, secret) = running(&installation).await;
    let (first, second) = (login(&server).await, login(&server).await);
    let listed = installation.run("--json session list --user alice").json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
    let sid = claims(&first.access)["sid"].clone();
    installation.run(&format!("session end {}", sid.as_str().unwrap())).ok();
    look(&server);
    let refresh = async |token: &str| {
        let form = format!("grant_type=refresh_token&client_id=app&refresh_token={token}");
        server.form("/oauth/token", "", &form).await
    };
    refresh(&first.refresh).await.assert_invalid_grant();
    assert!(!server.is_active_for(("api", &secret), &first.access).await);
    assert!(refresh(&second.refresh).await.status.is_success());
    let left = installation.run("--json session list").json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1, "{left}");
    assert_eq!(left["items"][0]["sid"], claims(&second.access)["sid"]);
    // One that is over already is as good.
    installation.run(&format!("session end {}", sid.as_str().unwrap())).ok();
}

#[tokio::test]
async fn a_disabled_user_is_out_and_his_tokens_are_refused() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let (server, secret) = running(&installation).await;
    let tokens = login(&server).await;
    installation.run("user disable alice").ok();
    look(&server);
    assert!(!server.is_active_for(("api", &secret), &tokens.access).await);
    let body = json!({"username": "alice", "password": PASSWORD, "client_id": "app"});
    server.post_json("/login", &body).await.assert_invalid_grant();
}

#[tokio::test]
async fn browser_sessions_are_listed_by_user_and_ended_with_what_is_under_them() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let (server, _) = running(&installation).await;
    installation.run_on("user create bob --password-stdin", PASSWORD).ok();
    let browser = server.browser_session("alice").await;
    server.browser_session("bob").await;
    let list = |user: &str| {
        let list = format!("--json session list --browser --user {user}");
        installation.run(&list).json()["items"].clone()
    };
    let listed = list("alice");
    assert_eq!((&listed[0]["id"], &listed[1]), (&json!(browser.id.to_string()), &Value::Null));
    let ended = installation.run(&format!("--json session end {}", browser.id)).json();
    assert!(ended["effective_by"]["issuer"].is_string(), "{ended}");
    assert_eq!(list("alice"), json!([]));
    assert_eq!(list("bob").as_array().unwrap().len(), 1);
    let nothing = "session end 01890a5d-ac96-774b-bcce-b302099a8057";
    installation.run(nothing).fails(1, "there is no such session");
    installation.run("session list --browser").fails(2, "--user");
}
