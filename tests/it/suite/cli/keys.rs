//! `chancery key`.

use serde_json::Value;

use super::{BACKEND, look, set_up};
use crate::support::Installation;

fn signing(installation: &Installation) -> (String, String) {
    let keys = installation.run("--json key list").json();
    let find = |state: &str| {
        let keys = keys["items"].as_array().unwrap().iter();
        let mut found = keys.filter(|key| key["use"] == "access_token" && key["state"] == state);
        let found = found.next().unwrap_or(&Value::Null);
        found["kid"].as_str().unwrap_or_default().to_owned()
    };
    (find("active"), find("announced"))
}

#[tokio::test]
async fn a_key_takes_over_once_verifiers_know_it_or_now() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    set_up(&installation);
    let server = installation.server().await;
    // Far enough in the active key's life for the next one to be announced.
    server.advance(80 * 86_400);
    server.server.maintain_keys().await.unwrap();
    let (active, announced) = signing(&installation);
    assert!(!active.is_empty() && !announced.is_empty());
    installation.run("key rotate").fails(1, "too young");
    assert_eq!(signing(&installation), (active, announced.clone()));
    let rotated = installation.run("--json key rotate --now").json();
    let rotated = rotated["activated"].as_array().unwrap();
    assert!(rotated.contains(&Value::from(announced.clone())));
    assert_eq!(signing(&installation).0, announced);
}

#[tokio::test]
async fn what_a_compromised_key_signed_is_refused_by_the_running_server() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let secret = set_up(&installation);
    let server = installation.server().await;
    installation.run_on("user create alice --password-stdin", "correct horse battery").ok();
    let body = serde_json::json!({
        "username": "alice", "password": "correct horse battery", "client_id": "app",
    });
    look(&server);
    let tokens = server.post_json("/login", &body).await.tokens();
    assert!(server.is_active_for(("api", &secret), &tokens.access).await);
    let (active, _) = signing(&installation);
    // A `kid` may begin with a hyphen, which is not an option then.
    installation.run(&format!("key compromise -- {active}")).ok();
    look(&server);
    assert!(!server.is_active_for(("api", &secret), &tokens.access).await);
    assert_ne!(signing(&installation).0, active);
}
