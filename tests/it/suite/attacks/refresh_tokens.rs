//! What is sent as a refresh token and is none.

use metrics::set_default_local_recorder;

use super::BACKEND;
use crate::support::{Asking, Browser, PASSWORD, Statements, TestServer, encode};

/// Texts of every kind that are no refresh token, made of a right one.
fn forged(right: &str) -> Vec<(String, String)> {
    let mut forged = vec![
        ("nothing but its beginning".to_owned(), right[..4].to_owned()),
        ("another beginning".to_owned(), format!("chs_{}", &right[4..])),
        ("another case".to_owned(), right.to_uppercase()),
        ("cut".to_owned(), right[..right.len() - 1].to_owned()),
        ("halved".to_owned(), right[..right.len() / 2].to_owned()),
        ("one more".to_owned(), format!("{right}A")),
        ("padding".to_owned(), format!("{right}=")),
        ("a line break".to_owned(), format!("{right}\n")),
        ("a NUL".to_owned(), format!("{right}\0")),
        ("twice".to_owned(), format!("{right}{right}")),
        ("60 KB".to_owned(), format!("{right}{}", "A".repeat(60_000))),
        ("60 KB of other letters".to_owned(), "\u{e9}".repeat(10_000)),
    ];
    // The first two say which key has tagged it.
    for at in [7, 20, right.len() / 2, right.len() - 2] {
        let mut bytes = right.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        forged.push((format!("letter {at}"), String::from_utf8(bytes).unwrap()));
    }
    forged
}

#[tokio::test]
async fn c092_what_is_no_refresh_token_of_ours_is_refused_without_a_statement() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    for (what, token) in forged(&tokens.refresh) {
        let form = encode([("grant_type", "refresh_token"), ("refresh_token", &token)]);
        let reply = server.form("/oauth/token", &server.basic(), &form).await;
        assert_eq!((reply.status.as_u16(), statements.count()), (400, 0), "{what}: {reply:?}");
        reply.assert_invalid_grant();
        let form = encode([("token", token.as_str())]);
        let reply = server.form("/oauth/revoke", &server.basic(), &form).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, ""), "{what}: {reply:?}");
        let reply = server.form("/oauth/introspect", &server.basic(), &form).await;
        assert_eq!(reply.body, r#"{"active":false}"#, "{what}");
        assert_eq!(statements.count(), 0, "{what}");
    }
    let long = format!("grant_type=refresh_token&refresh_token={}", "A".repeat(1_000_000));
    server
        .form("/oauth/token", &server.basic(), &long)
        .await
        .assert_error(413, "content_too_large");
    assert_eq!(statements.count(), 0);
    server.refresh(&tokens.refresh).await.tokens();
    assert!(statements.count() > 0, "whatever is counted, a right one would be");
}

#[tokio::test]
async fn c092_another_kind_of_token_is_no_refresh_token() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("anna", &[]).await;
    let callback = "https://shop.example/cb";
    let settings = serde_json::json!({
        "client_id": "shop", "public": true, "redirect_uris": [callback],
        "grants": ["authorization_code", "refresh_token"], "scopes": ["openid", "offline_access"],
    });
    server.create_client(&settings).await;
    let mut browser = Browser::at(&server);
    let page = browser.ask(&Asking::of("shop", callback, "openid")).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    let code = browser.decide(&page, "allow").await.answer_at(callback)["code"].clone();
    let login = server.login_as_administrator().await;
    let id_token = login.json()["id_token"].as_str().unwrap_or_default().to_owned();
    let access = login.tokens().access;
    let cookie = browser.cookies.values().next().unwrap().clone();
    let secret = server.secrets.client_secret.clone();
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    for other in [&access, &code, &id_token, &cookie, &secret].iter().filter(|t| !t.is_empty()) {
        for (basic, client) in [(server.basic(), ""), (String::new(), "&client_id=shop")] {
            let form = format!(
                "{}{client}",
                encode([("grant_type", "refresh_token"), ("refresh_token", other)])
            );
            server.form("/oauth/token", &basic, &form).await.assert_invalid_grant();
        }
    }
    assert_eq!(statements.count(), 0);
    // None of them was used up or ended by it.
    assert!(server.is_active(&access).await);
    assert!(
        browser
            .ask(&Asking::of("shop", callback, "openid").with("prompt", "none"))
            .await
            .location()
            .contains("consent_required")
    );
}
