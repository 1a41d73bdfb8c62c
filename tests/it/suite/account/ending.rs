//! Ending browser sessions and sessions of applications, and withdrawing consent.

use chancery::protocol::ids::SessionId;
use http::Method;
use serde_json::Value;

use super::{GONE, SESSION_ENDED, account, allow, browser, is_account, is_signed_in, send, start};
use crate::support::{TestServer, claims};

async fn why_ended(server: &TestServer, id: SessionId) -> Value {
    let path = format!("/sessions/{id}");
    server.admin(Method::GET, &path, &Value::Null).await.json()["ended_reason"].clone()
}

/// The value of the only button of this name.
fn button(body: &str, name: &str) -> String {
    let before = format!("name=\"{name}\" value=\"");
    let mut found = body.split(&before).skip(1);
    let value = found.next().unwrap().split('"').next().unwrap();
    assert!(found.next().is_none(), "{body}");
    value.to_owned()
}

#[tokio::test]
async fn another_browser_is_signed_out_with_what_lies_under_it() {
    let Some(server) = start().await else { return };
    let (mut here, mut there) = (browser(&server, "alice").await, browser(&server, "alice").await);
    let id = button(&account(&mut here).await.body, "session");
    let found = server.browser_session_of(&id).await;
    let under = server.session_under(&found, false).await;
    let offline = server.session_under(&found, true).await;
    let page = send(&mut here, "browsers", &[("session", &id)]).await;
    assert!(page.body.contains(SESSION_ENDED), "{page:?}");
    assert!(!is_signed_in(&mut there).await && is_signed_in(&mut here).await);
    assert_eq!(why_ended(&server, under).await, "ended_by_user");
    assert_eq!(why_ended(&server, offline).await, Value::Null);
    let page = send(&mut here, "browsers", &[("session", &id)]).await;
    assert!(page.body.contains(GONE), "{page:?}");
    let audit = "/audit?kind=browser_session_ended";
    let audit = server.admin(Method::GET, audit, &Value::Null).await.json();
    let [event] = &audit["items"].as_array().unwrap()[..] else { panic!("{audit}") };
    assert_eq!((&event["target"], &event["reason"]), (&id.into(), &"ended_by_user".into()));
    assert_eq!(event["actor"], server.user("alice").await.id.to_string());
}

#[tokio::test]
async fn all_other_browsers_are_signed_out_and_nobody_elses() {
    let Some(server) = start().await else { return };
    let mut here = browser(&server, "alice").await;
    let mut others = [browser(&server, "alice").await, browser(&server, "alice").await];
    let mut bob = browser(&server, "bob").await;
    send(&mut here, "browsers", &[("others", "true")]).await;
    for other in &mut others {
        assert!(!is_signed_in(other).await);
    }
    assert!(is_signed_in(&mut here).await && is_signed_in(&mut bob).await);
}

#[tokio::test]
async fn signing_out_ends_this_browser_and_takes_its_cookie() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    let cookies = alice.cookies.clone();
    let mut other = browser(&server, "alice").await;
    let page = send(&mut alice, "sign-out", &[]).await;
    assert!(page.body.contains("signed out") && !is_account(&page), "{page:?}");
    assert!(!alice.cookies.contains_key("chancery_session"));
    alice.cookies = cookies;
    assert!(!is_signed_in(&mut alice).await && is_signed_in(&mut other).await);
}

#[tokio::test]
async fn a_session_of_an_application_is_ended() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    let tokens = server.login_as("alice").await.tokens();
    let id = button(&account(&mut alice).await.body, "session");
    assert_eq!(claims(&tokens.access)["sid"], id);
    let page = send(&mut alice, "applications", &[("session", &id)]).await;
    assert!(page.body.contains("The application has been signed out."), "{page:?}");
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    assert!(!server.is_active(&tokens.access).await);
    let page = send(&mut alice, "applications", &[("session", &id)]).await;
    assert!(page.body.contains(GONE), "{page:?}");
}

#[tokio::test]
async fn withdrawing_consent_ends_what_the_client_got_of_this_user() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    for name in ["alice", "bob"] {
        allow(&server, name, "demo").await;
    }
    let tokens = server.login_as("alice").await.tokens();
    let of_bob = server.login_as("bob").await.tokens();
    let page = send(&mut alice, "consents", &[("client", "demo")]).await;
    assert!(page.body.contains("The access has been withdrawn."), "{page:?}");
    assert!(!page.body.contains("name=\"client\""), "{page:?}");
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    assert!(!server.is_active(&tokens.access).await);
    server.refresh(&of_bob.refresh).await.tokens();
    let page = account(&mut browser(&server, "bob").await).await;
    assert!(page.body.contains("name=\"client\""), "{page:?}");
    let page = send(&mut alice, "consents", &[("client", "demo")]).await;
    assert!(page.body.contains(GONE), "{page:?}");
    let audit = "/audit?kind=consent_withdrawn";
    let audit = server.admin(Method::GET, audit, &Value::Null).await.json();
    assert_eq!(audit["items"].as_array().unwrap().len(), 1, "{audit}");
}

#[tokio::test]
async fn nobody_ends_what_is_anothers() {
    let Some(server) = start().await else { return };
    let mut bob = browser(&server, "bob").await;
    let mut alice = browser(&server, "alice").await;
    let mut second = browser(&server, "alice").await;
    let browser_id = button(&account(&mut alice).await.body, "session");
    let tokens = server.login_as("alice").await.tokens();
    let sid = claims(&tokens.access)["sid"].as_str().unwrap().to_owned();
    let before = server.rows().await;
    for (path, id) in [("browsers", &browser_id), ("applications", &sid), ("browsers", &sid)] {
        let page = send(&mut bob, path, &[("session", id)]).await;
        assert!(page.body.contains(GONE), "{path}: {page:?}");
    }
    assert_eq!(server.rows().await, before);
    assert!(is_signed_in(&mut second).await);
    server.refresh(&tokens.refresh).await.tokens();
}
