//! Hashes in the database that no server has put there.

use http::Method;
use serde_json::json;

use super::BACKEND;
use crate::support::{Browser, PASSWORD, TestServer};

/// Of 4 GiB, of minutes, of an hour; and what is none.
const PLANTED: [&str; 9] = [
    "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    "$argon2id$v=19$m=65536,t=4294967295,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    "$2b$31$......................................................",
    "$scrypt$ln=31,r=8,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    "$pbkdf2-sha256$i=4294967295,l=32$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    "$argon2id$v=19$m=8,t=1,p=1$",
    "$argon2id$",
    "",
    "correct horse battery staple",
];

#[tokio::test]
async fn c069_a_planted_hash_is_computed_by_nobody_and_matches_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let id = server.create_user("anna", &[]).await;
    server.create_user("bert", &[]).await;
    let mut raw = server.raw().await;
    for planted in PLANTED {
        raw.run(&format!("UPDATE users SET password_hash = '{planted}' WHERE name = 'anna'")).await;
        server.login_as("anna").await.assert_invalid_grant();
        server.advance(61);
        let mut browser = Browser::at(&server);
        let page = browser.get("/signin").await;
        browser.submit_sign_in(&page, "anna", PASSWORD).await.assert_page(400);
        // Nobody waits behind it, and nobody else is refused.
        server.login_as("bert").await.tokens();
        server.advance(61);
    }
    // An administrator mends it.
    let path = format!("/users/{id}/password");
    let mended = server.admin(Method::POST, &path, &json!({"password": PASSWORD})).await;
    assert_eq!(mended.status, 200, "{mended:?}");
    server.login_as("anna").await.tokens();
}
