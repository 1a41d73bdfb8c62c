//! A user changes his own password.

use chancery::flows::reconcile::{Declared, DeclaredPassword, DeclaredUser, apply};
use chancery::protocol::password::{Password, UserName};
use chancery::protocol::profile::Profile;
use chancery::protocol::user::{Roles, UserStatus};
use http::Method;
use serde_json::{Value, json};

use super::{account, browser, is_account, is_signed_in, start};
use crate::support::{Browser, PASSWORD, Reply, TestServer};

const NEW: &str = "another staple, another horse";

/// Sends the form, and stays where the answer is.
async fn change(browser: &mut Browser<'_>, current: &str, new: &str, repeat: &str) -> Reply {
    let csrf = account(browser).await.field("csrf");
    let form = [
        ("csrf", csrf.as_str()),
        ("current_password", current),
        ("new_password", new),
        ("repeat", repeat),
    ];
    browser.post("/account/password", &form).await
}

async fn works(server: &TestServer, password: &str) -> bool {
    let mut body = server.login_body();
    body["username"] = json!("alice");
    body["password"] = json!(password);
    server.post_json("/login", &body).await.status == 200
}

#[tokio::test]
async fn a_changed_password_ends_everything_but_this_browser_which_gets_another_cookie() {
    // SES-01
    let Some(server) = start().await else { return };
    let (mut here, mut there) = (browser(&server, "alice").await, browser(&server, "alice").await);
    let mut bob = browser(&server, "bob").await;
    let tokens = server.login_as("alice").await.tokens();
    let old = here.cookies.clone();
    let reply = change(&mut here, PASSWORD, NEW, NEW).await;
    let page = here.follow(reply).await;
    assert!(page.body.contains("You are signed out everywhere else, and so are all"), "{page:?}");
    assert_ne!(here.cookies["chancery_session"], old["chancery_session"]);
    assert!(is_signed_in(&mut here).await && is_signed_in(&mut bob).await);
    assert!(!is_signed_in(&mut there).await);
    there.cookies = old;
    assert!(!is_signed_in(&mut there).await);
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    assert!(!server.is_active(&tokens.access).await);
    assert!(works(&server, NEW).await && !works(&server, PASSWORD).await);
    let audit = server.admin(Method::GET, "/audit?kind=user_password_set", &Value::Null).await;
    let audit = audit.json();
    let [event] = &audit["items"].as_array().unwrap()[..] else { panic!("{audit}") };
    let alice = server.user("alice").await.id.to_string();
    assert_eq!((&event["actor"], &event["target"]), (&json!(alice), &json!(alice)));
    assert_eq!(event["address"], "127.0.0.1");
}

#[tokio::test]
async fn a_password_that_cannot_be_is_refused_with_the_reason_and_nothing_changes() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    let long = "x".repeat(1025);
    for (current, new, repeat, said) in [
        ("wrong wrong wrong", NEW, NEW, "The current password is not correct."),
        ("", NEW, NEW, "The current password is not correct."),
        (PASSWORD, NEW, "something else", "The two new passwords are not the same."),
        (PASSWORD, "too short", "too short", "Use at least 15 characters."),
        (PASSWORD, "", "", "Use at least 15 characters."),
        (PASSWORD, &long, &long, "The new password is too long."),
        (
            PASSWORD,
            "with a \u{7} control character",
            "with a \u{7} control character",
            "cannot be used",
        ),
        (PASSWORD, PASSWORD, PASSWORD, "The new password is the one you already have."),
    ] {
        let reply = change(&mut alice, current, new, repeat).await;
        reply.assert_page(400);
        assert!(reply.body.contains(said) && reply.body.contains("role=\"alert\""), "{reply:?}");
    }
    assert!(is_signed_in(&mut alice).await && works(&server, PASSWORD).await);
}

#[tokio::test]
async fn guessing_the_current_password_is_slowed_down_and_written_down() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    // The sign-in from this address counts in her favour there.
    let mut last = 400;
    for _ in 0..8 {
        let reply = change(&mut alice, "wrong wrong wrong", NEW, NEW).await;
        last = reply.status.as_u16();
        if last == 429 {
            assert!(!reply.header("retry-after").is_empty());
            assert!(reply.body.contains("too many attempts"), "{reply:?}");
        }
    }
    assert_eq!(last, 429);
    change(&mut alice, PASSWORD, NEW, NEW).await.assert_page(429);
    let audit = server.admin(Method::GET, "/audit?kind=login_failed", &Value::Null).await.json();
    assert_eq!(audit["items"][0]["target"], "alice", "{audit}");
    server.advance(120);
    let reply = change(&mut alice, PASSWORD, NEW, NEW).await;
    assert!(is_account(&alice.follow(reply).await));
}

#[tokio::test]
async fn a_password_that_the_configuration_file_decides_is_not_changed_here() {
    let Some(server) = start().await else { return };
    let user = DeclaredUser {
        name: UserName::parse("alice").unwrap(),
        password: Some(DeclaredPassword::Plain(Password::presented(PASSWORD).unwrap())),
        roles: Roles::default(),
        profile: Profile::default(),
        status: UserStatus::Active,
    };
    let mut alice = browser(&server, "alice").await;
    let csrf = account(&mut alice).await.field("csrf");
    let declared = Declared { users: vec![user], ..Declared::default() };
    apply(&server.server, &declared).await.unwrap();
    let page = account(&mut alice).await;
    assert!(page.body.contains("The operator of this service sets your password."), "{page:?}");
    assert!(!page.body.contains("name=\"new_password\""), "{page:?}");
    let form = [
        ("csrf", csrf.as_str()),
        ("current_password", PASSWORD),
        ("new_password", NEW),
        ("repeat", NEW),
    ];
    alice.post("/account/password", &form).await.assert_page(400);
    assert!(works(&server, PASSWORD).await && !works(&server, NEW).await);
}

#[tokio::test]
async fn a_change_that_cannot_be_stored_whole_changes_nothing() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    let mut raw = server.raw().await;
    raw.refuse_inserts("audit").await;
    change(&mut alice, PASSWORD, NEW, NEW).await.assert_page(503);
    raw.allow_inserts("audit").await;
    assert!(is_signed_in(&mut alice).await && works(&server, PASSWORD).await);
}

#[tokio::test]
async fn whoever_gets_no_new_browser_session_signs_in_with_the_new_password() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    let mut raw = server.raw().await;
    raw.refuse_inserts("browser_session").await;
    let reply = change(&mut alice, PASSWORD, NEW, NEW).await;
    raw.allow_inserts("browser_session").await;
    let page = alice.follow(reply).await;
    assert!(!is_account(&page), "{page:?}");
    assert!(is_account(&alice.sign_in(&page, "alice", NEW).await));
    assert!(!works(&server, PASSWORD).await);
}
