//! Codes for tokens.

use http::Method;
use serde_json::json;

use super::{CALLBACK, Given, assert_denied, given, register};
use crate::support::{Asking, PASSWORD, VERIFIER, basic, claims, encode};

#[tokio::test]
async fn c083_a_code_that_comes_back_ends_what_it_gave() {
    let Some(given) = given().await else { return };
    let mut browser = given.browser();
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    let tokens = given.exchange(&code).await.tokens();
    let refreshed = given.refresh(&tokens.refresh).await.tokens();
    // Whoever cannot answer the challenge, and whoever is somebody else, ends nothing (O21-06).
    let wrong = "x".repeat(43);
    for _ in 0..2 {
        for (basic, more) in [
            (given.shop.as_str(), vec![("code", code.as_str()), ("code_verifier", &wrong)]),
            (&given.shop, vec![("code", &code), ("code_verifier", "")]),
            (&given.shop, vec![("code", &code), ("redirect_uri", "https://shop.example/other")]),
            ("", vec![("code", &code), ("client_id", "spa")]),
        ] {
            given.exchange_as(basic, &more).await.assert_invalid_grant();
            assert_eq!(given.server.rows().await.0, 0, "{more:?}");
        }
    }
    // Long after it was worth anything, too.
    given.server.advance(200);
    assert!(given.is_good(&refreshed.access).await);
    given.exchange(&code).await.assert_invalid_grant();
    given.refresh(&refreshed.refresh).await.assert_invalid_grant();
    assert!(!given.is_good(&refreshed.access).await);
    assert_eq!(given.server.rows().await.0, 1);
    given.exchange(&code).await.assert_invalid_grant();
    assert_eq!(given.server.rows().await.0, 1, "once is enough");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c084_of_many_exchanges_of_one_code_on_two_nodes_one_succeeds() {
    let Some(given) = given().await else { return };
    let other = given.server.another(7).await;
    let mut browser = given.browser();
    for round in 0..10 {
        let code = given.code(&mut browser, &Given::asking("shop")).await;
        let form = encode([
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]);
        let one = || given.server.form("/oauth/token", &given.shop, &form);
        let two = || other.form("/oauth/token", &given.shop, &form);
        let replies = tokio::join!(one(), two(), one(), two());
        let replies = [replies.0, replies.1, replies.2, replies.3];
        let granted = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(granted, 1, "{round}: {replies:?}");
        for refused in replies.iter().filter(|reply| reply.status != 200) {
            refused.assert_invalid_grant();
        }
        let sessions = "SELECT COUNT(*) FROM session WHERE client_id = 'shop'";
        let mut raw = given.server.raw().await;
        assert_eq!(raw.number(sessions).await, round + 1);
        let active = format!("{sessions} AND ended_reason IS NULL");
        assert_eq!(raw.number(&active).await, 0, "the others have replayed it");
        given.server.advance(1);
    }
}

#[tokio::test]
async fn c085_a_code_is_for_one_client_one_address_and_one_minute() {
    let Some(given) = given().await else { return };
    let rival = register(&given.server, "rival", false).await;
    let mut browser = given.browser();
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    let others = given.code(&mut browser, &Given::asking("spa")).await;
    let swapped: String =
        code.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c }).collect();
    let wrong = basic("shop", "wrong");
    for (basic, more) in [
        (rival.as_str(), vec![("code", code.as_str())]),
        ("", vec![("code", &code), ("client_id", "spa")]),
        (&given.shop, vec![("code", &others)]),
        (&given.shop, vec![("code", &code), ("redirect_uri", "")]),
        (&given.shop, vec![("code", &code), ("redirect_uri", "https://shop.example/cb/")]),
        (&given.shop, vec![("code", &code), ("redirect_uri", "https://shop.example:443/cb")]),
        (&given.shop, vec![("code", &code[..code.len() - 1])]),
        (&given.shop, vec![("code", &code[4..])]),
        (&given.shop, vec![("code", &swapped)]),
        (&given.shop, vec![("code", "chc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]),
        (&given.shop, vec![("code", "x")]),
    ] {
        given.exchange_as(basic, &more).await.assert_invalid_grant();
    }
    let extended = format!("{code}A");
    given.exchange(&extended).await.assert_invalid_grant();
    given.exchange_as(&given.shop, &[("code", "")]).await.assert_error(400, "invalid_request");
    given.exchange_as(&wrong, &[("code", &code)]).await.assert_error(401, "invalid_client");
    let nobody = given.exchange_as("", &[("code", &code), ("client_id", "shop")]).await;
    nobody.assert_error(401, "invalid_client");
    given.server.advance(59);
    given.exchange(&code).await.tokens();
    for late in [60, 61] {
        let code = given.code(&mut browser, &Given::asking("shop")).await;
        given.server.advance(late);
        given.exchange(&code).await.assert_invalid_grant();
    }
}

#[tokio::test]
async fn c086_the_verifier_is_that_of_the_challenge() {
    let Some(given) = given().await else { return };
    register(&given.server, "plain", false).await;
    given.change_client("plain", &json!({"pkce_required": false})).await;
    let rotated = format!("/clients/{}/secret", given.server.client_key("plain").await);
    let secret = given.server.admin(Method::POST, &rotated, &json!({})).await.json();
    let plain = basic("plain", secret["client_secret"].as_str().unwrap());
    let mut browser = given.browser();
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    let (long, newline) = ("x".repeat(129), format!("{VERIFIER}\n"));
    // What has not the form of one costs nobody a try.
    for malformed in [&VERIFIER[..42], &long, "\u{e9}", &newline, &format!("{VERIFIER} "), "+/="] {
        let more = [("code", code.as_str()), ("code_verifier", malformed)];
        given.exchange_as(&given.shop, &more).await.assert_error(400, "invalid_request");
    }
    let wrong = VERIFIER.replace('d', "e");
    for attempt in ["", &wrong] {
        let more = [("code", code.as_str()), ("code_verifier", attempt)];
        given.exchange_as(&given.shop, &more).await.assert_invalid_grant();
    }
    given.exchange(&code).await.tokens();
    // The challenge itself is no verifier, and after three wrong ones the code is burnt.
    let code = given.code(&mut browser, &Given::asking("shop")).await;
    for attempt in ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", &wrong, ""] {
        let more = [("code", code.as_str()), ("code_verifier", attempt)];
        given.exchange_as(&given.shop, &more).await.assert_invalid_grant();
    }
    given.exchange(&code).await.assert_invalid_grant();
    // A verifier where the request had no challenge: somebody took it out on the way (PKCE-05).
    let bare = Given::asking("plain").without("code_challenge").without("code_challenge_method");
    let code = given.code(&mut browser, &bare).await;
    given.exchange_as(&plain, &[("code", &code)]).await.assert_invalid_grant();
    given.exchange_as(&plain, &[("code", &code), ("code_verifier", "")]).await.tokens();
    let code = given.code(&mut browser, &Given::asking("plain")).await;
    let without = [("code", code.as_str()), ("code_verifier", "")];
    given.exchange_as(&plain, &without).await.assert_invalid_grant();
    given.exchange_as(&plain, &[("code", &code)]).await.tokens();
}

#[tokio::test]
async fn a_code_that_was_burnt_or_withdrawn_does_not_come_back_with_its_request() {
    // PKCE-03
    let Some(given) = given().await else { return };
    let wrong = "x".repeat(43);
    for way in ["burnt", "withdrawn"] {
        let mut browser = given.browser();
        let page = browser.ask(&Given::asking("shop").with("prompt", "consent")).await;
        let page = browser.sign_in(&page, "anna", PASSWORD).await;
        let code = browser.decide(&page, "allow").await.answer_at(CALLBACK)["code"].clone();
        if way == "burnt" {
            for _ in 0..3 {
                let more = [("code", code.as_str()), ("code_verifier", &wrong)];
                given.exchange_as(&given.shop, &more).await.assert_invalid_grant();
            }
        } else {
            let account = browser.get("/account").await;
            let csrf = account.field("csrf");
            let form = [("csrf", csrf.as_str()), ("client", "shop")];
            let done = browser.post("/account/consents", &form).await;
            assert!(done.location().contains("/account?done=consent"), "{done:?}");
        }
        browser.decide(&page, "allow").await.assert_page(400);
        browser.get(&format!("/signin?i={}", page.field("i"))).await;
        given.exchange(&code).await.assert_invalid_grant();
    }
}

#[tokio::test]
async fn c087_a_code_from_another_sign_in_does_not_answer_to_ones_own_verifier() {
    let Some(given) = given().await else { return };
    given.server.create_user("mallory", &[]).await;
    let mut victim = given.browser();
    let stolen = given.code(&mut victim, &Given::asking("shop")).await;
    let own = "mallorys-own-verifier-which-is-long-enough-x";
    let more = [("code", stolen.as_str()), ("code_verifier", own)];
    given.exchange_as(&given.shop, &more).await.assert_invalid_grant();
    // A public client of hers is another client, and the victim is not disturbed by one attempt.
    let public = [("code", stolen.as_str()), ("client_id", "spa")];
    given.exchange_as("", &public).await.assert_invalid_grant();
    given.exchange(&stolen).await.tokens();
}

#[tokio::test]
async fn c055_a_code_of_a_user_who_was_changed_gives_nothing() {
    let Some(given) = given().await else { return };
    let code = async || given.code(&mut given.browser(), &Given::asking("shop")).await;
    let disabled = json!({"status": "disabled"});
    let first = code().await;
    given.change_anna(Method::PATCH, "", &disabled).await;
    given.exchange(&first).await.assert_invalid_grant();
    given.change_anna(Method::PATCH, "", &json!({"status": "active"})).await;
    given.exchange(&first).await.assert_invalid_grant();
    let second = code().await;
    let password = json!({"password": PASSWORD});
    given.change_anna(Method::POST, "/password", &password).await;
    given.exchange(&second).await.assert_invalid_grant();
    let third = code().await;
    given.change_client("shop", &json!({"status": "disabled"})).await;
    given.exchange(&third).await.assert_error(401, "invalid_client");
    given.change_client("shop", &json!({"status": "active"})).await;
    given.exchange(&third).await.assert_invalid_grant();
    let fourth = code().await;
    given.change_client("shop", &json!({"grants": ["refresh_token"], "redirect_uris": []})).await;
    given.exchange(&fourth).await.assert_error(400, "unauthorized_client");
    let sessions = "SELECT COUNT(*) FROM session WHERE client_id = 'shop'";
    assert_eq!(given.server.raw().await.number(sessions).await, 0);
    let restored = json!({"grants": ["authorization_code"], "redirect_uris": [CALLBACK]});
    given.change_client("shop", &restored).await;
    let fifth = code().await;
    given.change_anna(Method::DELETE, "", &json!(null)).await;
    given.exchange(&fifth).await.assert_invalid_grant();
    assert_eq!(given.server.raw().await.number(sessions).await, 0);
}

#[tokio::test]
async fn a_resource_and_its_scopes_are_had_where_the_roles_open_them() {
    let Some(given) = given().await else { return };
    let [notes, other] = ["https://notes.example", "https://other.example"];
    for uri in [notes, other] {
        let bound = ["editor=write"];
        let body = json!({"uri": uri, "scopes": ["read", "write"], "role_scopes": bound});
        let made = given.server.admin(Method::POST, "/resources", &body).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let scopes = json!({"resources": [notes, other], "scopes": ["openid", "read", "write"]});
    given.change_client("shop", &scopes).await;
    let asking = Asking::of("shop", CALLBACK, "openid read write").with("resource", notes);
    let role = async |roles: &[&str]| {
        given.change_anna(Method::PUT, "/roles", &json!({"roles": roles})).await;
    };
    role(&["editor"]).await;
    let code = given.code(&mut given.browser(), &asking).await;
    let foreign = [("code", code.as_str()), ("resource", other)];
    given.exchange_as(&given.shop, &foreign).await.assert_error(400, "invalid_target");
    let tokens = given.exchange_as(&given.shop, &[("code", &code), ("resource", notes)]).await;
    let token = claims(&tokens.tokens().access);
    assert_eq!(token["scope"], "openid read write", "{token}");
    assert_eq!(token["aud"], json!([notes, "http://localhost:8080"]), "{token}");
    // Two may be granted, of which each token is for one; a role that was taken meanwhile shows.
    let code = given.code(&mut given.browser(), &asking.clone().with("resource", other)).await;
    role(&[]).await;
    let reply = given.exchange_as(&given.shop, &[("code", &code), ("resource", other)]).await;
    let token = claims(&reply.tokens().access);
    assert_eq!((&token["aud"][0], &token["scope"]), (&json!(other), &json!("openid read")));
    let more = format!("grant_type=refresh_token&refresh_token={}", reply.tokens().refresh);
    let form = format!("{more}&resource={notes}");
    let next = given.server.form("/oauth/token", &given.shop, &form).await.tokens();
    assert_eq!(claims(&next.access)["aud"][0], notes);
    // Whoever has no scope that is asked for can grant nothing.
    let write = asking.set("scope", "write").with("prompt", "none");
    let mut browser = given.browser();
    given.code(&mut browser, &Given::asking("spa")).await;
    assert_denied(&browser.ask(&write).await, "invalid_scope", Some("st"));
}
