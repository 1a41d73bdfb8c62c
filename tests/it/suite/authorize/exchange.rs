//! Codes for tokens.

use super::{Given, given};
use crate::support::claims;

#[tokio::test]
async fn c083_a_code_that_comes_back_ends_what_it_gave() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    let tokens = given.exchange(&code).await.tokens();
    // Whoever cannot answer the challenge, and whoever is somebody else, ends nothing (O21-06).
    let wrong = "x".repeat(43);
    for (basic, more) in [
        (given.shop.as_str(), vec![("code", code.as_str()), ("code_verifier", &wrong)]),
        (&given.shop, vec![("code", &code), ("code_verifier", "")]),
        (&given.shop, vec![("code", &code), ("redirect_uri", "https://shop.example/other")]),
        ("", vec![("code", &code), ("client_id", "spa")]),
    ] {
        given.exchange_as(basic, &more).await.assert_invalid_grant();
        assert_eq!(given.server.rows().await.0, 0, "{more:?}");
    }
    given.exchange(&code).await.assert_invalid_grant();
    let form = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    given.server.form("/oauth/token", &given.shop, &form).await.assert_invalid_grant();
    assert!(claims(&tokens.access)["sid"].is_string());
    assert_eq!(given.server.rows().await.0, 1);
}
