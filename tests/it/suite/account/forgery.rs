//! Forms that others send in a user's name.

use super::{account, browser, is_signed_in, start};

#[tokio::test]
async fn c043_a_form_without_the_csrf_token_of_this_page_does_nothing() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    let mut other = browser(&server, "alice").await;
    let of_other = account(&mut other).await.field("csrf");
    let of_sign_in = crate::support::Browser::at(&server).get("/signin").await.field("csrf");
    let expired = "Nothing was changed";
    for csrf in ["", "x", &of_other, &of_sign_in] {
        for (path, field, value) in [
            ("sign-out", "x", ""),
            ("browsers", "others", "true"),
            ("password", "new_password", "a password of the attacker"),
        ] {
            let form = [("csrf", csrf), (field, value), ("repeat", value)];
            let reply = alice.post(&format!("/account/{path}"), &form).await;
            reply.assert_page(403);
            assert!(reply.body.contains(expired), "{reply:?}");
        }
    }
    assert!(is_signed_in(&mut alice).await && is_signed_in(&mut other).await);
}

#[tokio::test]
async fn c043_a_form_of_another_site_does_nothing_whatever_it_carries() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    let mut other = browser(&server, "alice").await;
    let csrf = account(&mut alice).await.field("csrf");
    for header in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        alice.headers = vec![(header.0, header.1.to_owned())];
        let reply = alice.post("/account/browsers", &[("csrf", &csrf), ("others", "true")]).await;
        reply.assert_page(403);
    }
    alice.headers.clear();
    assert!(is_signed_in(&mut other).await && is_signed_in(&mut alice).await);
}

#[tokio::test]
async fn a_form_that_says_nothing_that_can_be_done_is_refused() {
    let Some(server) = start().await else { return };
    let mut alice = browser(&server, "alice").await;
    let csrf = account(&mut alice).await.field("csrf");
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let forms: [(&str, &[(&str, &str)]); 6] = [
        ("browsers", &[]),
        ("browsers", &[("others", "false")]),
        ("browsers", &[("others", "true"), ("session", id)]),
        ("applications", &[("session", "x")]),
        ("consents", &[("client", "a b")]),
        ("consents", &[("client", "demo"), ("client", "demo")]),
    ];
    for (path, fields) in forms {
        let form = [&[("csrf", csrf.as_str())], fields].concat();
        alice.post(&format!("/account/{path}"), &form).await.assert_page(400);
    }
}
