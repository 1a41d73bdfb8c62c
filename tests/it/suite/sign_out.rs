//! Signing out of a browser because a client asks for it (OIDC RP-Initiated Logout).

use chancery::flows::backchannel::Courier;
use chancery::flows::janitor::Sweep;
use chancery::protocol::audit::AuditKind;
use http::Method;
use serde_json::json;

use super::authorize::{CALLBACK, Given, SCOPE, given};
use crate::support::{Asking, Browser, PASSWORD, RelyingParty, Reply, claims, encode};

/// Where the browser goes on.
const BYE: &str = "https://shop.example/bye";

/// A server whose client `shop` has registered [`BYE`].
async fn with_way_back() -> Option<Given> {
    let given = given().await?;
    change_shop(&given, &json!({"post_logout_redirect_uris": [BYE]})).await;
    Some(given)
}

async fn change_shop(given: &Given, change: &serde_json::Value) {
    let path = format!("/clients/{}", given.server.client_key("shop").await);
    let reply = given.server.admin(Method::PATCH, &path, change).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// Signs `anna` in in this browser, and answers what `shop` gets.
async fn signed_in(given: &Given, browser: &mut Browser<'_>) -> Reply {
    signed_in_for(given, browser, &Given::asking("shop")).await
}

async fn signed_in_for(given: &Given, browser: &mut Browser<'_>, asking: &Asking) -> Reply {
    let code = given.code(browser, asking).await;
    given.exchange(&code).await
}

fn hint(tokens: &Reply) -> String {
    tokens.json()["id_token"].as_str().unwrap().to_owned()
}

fn logout(params: &[(&str, &str)]) -> String {
    format!("/oauth/logout?{}", encode(params.iter().copied()))
}

/// Answers the question of the page with yes.
async fn confirm(browser: &mut Browser<'_>, page: &Reply) -> Reply {
    let (csrf, i) = (page.field("csrf"), page.field("i"));
    let form = [("csrf", csrf.as_str()), ("i", i.as_str()), ("decision", "logout")];
    browser.post("/oauth/logout", &form).await
}

#[track_caller]
fn assert_asks(page: &Reply) {
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.contains("value=\"logout\""), "{page:?}");
    assert!(page.body.contains("anna"), "{page:?}");
    assert_eq!(page.headers.get_all("set-cookie").iter().count(), 0, "{page:?}");
}

/// Whether somebody is signed in in this browser.
async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    let silent = Given::asking("shop").with("prompt", "none");
    browser.ask(&silent).await.answer_at(CALLBACK).contains_key("code")
}

#[tokio::test]
async fn a_client_signs_its_user_out_by_the_hint_of_his_session() {
    // LGO-01
    let Some(given) = with_way_back().await else { return };
    let party = RelyingParty::start().await;
    party.listen_as(&given.server, "shop").await;
    let mut browser = given.browser();
    let reply = signed_in(&given, &mut browser).await;
    let cookies = browser.cookies.clone();
    given.server.advance(3600);
    let request = [
        ("id_token_hint", hint(&reply)),
        ("client_id", "shop".to_owned()),
        ("post_logout_redirect_uri", BYE.to_owned()),
        ("state", "a&b".to_owned()),
    ];
    let request: Vec<_> = request.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = browser.get(&logout(&request)).await;
    assert_eq!(done.location(), format!("{BYE}?state=a%26b"));
    assert!(!browser.cookies.contains_key("chancery_session"), "{done:?}");
    assert!(!is_signed_in(&mut browser).await);
    browser.cookies = cookies;
    assert!(!is_signed_in(&mut browser).await, "the cookie opens nothing any more");

    let form = format!("grant_type=refresh_token&refresh_token={}", reply.tokens().refresh);
    given.server.form("/oauth/token", &given.shop, &form).await.assert_invalid_grant();
    assert_eq!(given.server.events(AuditKind::BrowserSessionEnded).await, 1);
    Courier::new(given.server.server.clone()).deliver().await.unwrap();
    let heard = party.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(claims(&heard[0])["sid"], claims(&hint(&reply))["sid"]);
}

#[tokio::test]
async fn a_session_with_offline_access_outlives_the_browser_and_its_client_is_told() {
    // BCL-02
    let Some(given) = with_way_back().await else { return };
    let party = RelyingParty::start().await;
    party.listen_as(&given.server, "shop").await;
    let mut browser = given.browser();
    let asking = Given::asking("shop").set("scope", SCOPE).with("prompt", "consent");
    let reply = signed_in_for(&given, &mut browser, &asking).await;
    let done = browser.get(&logout(&[("id_token_hint", &hint(&reply))])).await;
    assert!(done.location().contains("/signed-out?i="), "{done:?}");
    assert!(!is_signed_in(&mut browser).await);
    let form = format!("grant_type=refresh_token&refresh_token={}", reply.tokens().refresh);
    let refreshed = given.server.form("/oauth/token", &given.shop, &form).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    Courier::new(given.server.server.clone()).deliver().await.unwrap();
    let heard = party.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(claims(&heard[0])["sid"], claims(&hint(&reply))["sid"]);
}

#[tokio::test]
async fn a_hint_is_read_for_as_long_as_a_session_may_live() {
    // OIC-03, LGO-01
    const DAY: u64 = 86_400;
    let Some(given) = with_way_back().await else { return };
    let mut browser = given.browser();
    given.server.advance(89 * DAY);
    let own = hint(&signed_in(&given, &mut browser).await);
    for days in [1, 2, 87] {
        given.server.advance(days * DAY);
        given.server.server.maintain_keys().await.unwrap();
        Sweep::default().run(&given.server.server).await.unwrap();
    }
    let hinted = [("id_token_hint", own.as_str()), ("post_logout_redirect_uri", BYE)];
    assert_eq!(browser.get(&logout(&hinted)).await.location(), BYE);
    given.server.advance(4 * DAY);
    Sweep::default().run(&given.server.server).await.unwrap();
    given.server.server.maintain_keys().await.unwrap();
    let lost = browser.get(&logout(&hinted)).await;
    lost.assert_page(400);
}

#[tokio::test]
async fn c116_without_a_hint_the_user_is_asked_and_a_picture_signs_nobody_out() {
    // LGO-02
    let Some(given) = with_way_back().await else { return };
    let mut browser = given.browser();
    signed_in(&given, &mut browser).await;
    let foreign = [("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "image")];
    browser.headers = foreign.map(|(name, value)| (name, value.to_owned())).to_vec();
    assert_asks(&browser.get("/oauth/logout").await);
    browser.headers.clear();
    assert!(is_signed_in(&mut browser).await);

    let request = [("client_id", "shop"), ("post_logout_redirect_uri", BYE), ("state", "st")];
    let page = browser.get(&logout(&request)).await;
    assert_asks(&page);
    assert!(page.body.contains("The shop"), "{page:?}");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self';"), "{policy}");
    assert!(is_signed_in(&mut browser).await);
    let done = confirm(&mut browser, &page).await;
    assert_eq!(done.location(), format!("{BYE}?state=st"));
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn c116_a_hint_of_another_browser_or_user_is_none() {
    // LGO-02
    let Some(given) = with_way_back().await else { return };
    given.server.create_user("bert", &[]).await;
    let mut anna = given.browser();
    let own = hint(&signed_in(&given, &mut anna).await);
    let mut elsewhere = given.browser();
    let other = hint(&signed_in(&given, &mut elsewhere).await);
    let mut bert = given.browser();
    let page = bert.ask(&Given::asking("shop")).await;
    let page = bert.sign_in(&page, "bert", PASSWORD).await;
    let code = bert.decide(&page, "allow").await.answer_at(CALLBACK)["code"].clone();
    let foreign = hint(&given.exchange(&code).await);
    let access = given.server.login().await.access;
    for hint in [other.as_str(), &foreign, &access, "x", &own[..own.len() - 4]] {
        let page = anna.get(&logout(&[("id_token_hint", hint)])).await;
        assert_asks(&page);
    }
    assert!(is_signed_in(&mut anna).await);
    let done = anna.get(&logout(&[("id_token_hint", &own)])).await;
    assert!(done.location().contains("/signed-out?i="), "{done:?}");
    assert!(is_signed_in(&mut elsewhere).await, "only this browser");
}

#[tokio::test]
async fn c116_what_is_not_registered_is_not_followed_and_changes_nothing() {
    // LGO-01, LGO-02
    let Some(given) = with_way_back().await else { return };
    let mut browser = given.browser();
    let own = hint(&signed_in(&given, &mut browser).await);
    for params in [
        vec![("id_token_hint", own.as_str()), ("post_logout_redirect_uri", "https://evil.example")],
        vec![("id_token_hint", &own), ("post_logout_redirect_uri", "https://shop.example/bye/")],
        vec![("id_token_hint", &own), ("post_logout_redirect_uri", CALLBACK)],
        vec![("client_id", "spa"), ("post_logout_redirect_uri", BYE)],
        vec![("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", &own), ("client_id", "spa")],
        vec![("client_id", "nobody")],
        vec![("state", "a"), ("state", "b")],
    ] {
        browser.get(&logout(&params)).await.assert_page(400);
    }
    browser.get("/oauth/logout?state=%zz").await.assert_page(400);
    browser.get("/oauth/logout?i=x").await.assert_page(400);
    let long = format!("/oauth/logout?state={}", "x".repeat(5200));
    browser.get(&long).await.assert_page(400);
    assert!(is_signed_in(&mut browser).await);
    change_shop(&given, &json!({"status": "disabled"})).await;
    browser.get(&logout(&[("id_token_hint", &own)])).await.assert_page(400);
}

#[tokio::test]
async fn c116_a_yes_that_the_user_has_not_given_signs_nobody_out() {
    let Some(given) = with_way_back().await else { return };
    let mut browser = given.browser();
    signed_in(&given, &mut browser).await;
    let page = browser.get("/oauth/logout").await;
    let mut stranger = given.browser();
    signed_in(&given, &mut stranger).await;
    let theirs = stranger.get("/oauth/logout").await;
    let (csrf, i) = (page.field("csrf"), page.field("i"));
    let (csrf, i, other) = (csrf.as_str(), i.as_str(), theirs.field("csrf"));
    let yes = ("decision", "logout");
    for form in [
        vec![yes, ("i", i)],
        vec![yes, ("i", i), ("csrf", "")],
        vec![yes, ("i", i), ("csrf", &other)],
        vec![yes, ("i", &theirs.field("i")), ("csrf", csrf)],
    ] {
        let refused = browser.post("/oauth/logout", &form).await;
        refused.assert_page(403);
        // Whose cookie has changed meanwhile is asked anew.
        let again = format!("href=\"/oauth/logout?i={}\"", form[1].1);
        assert!(refused.body.contains(&again), "{refused:?}");
    }
    for form in [vec![yes, ("csrf", csrf)], vec![("decision", "x"), ("csrf", csrf), ("i", i)]] {
        browser.post("/oauth/logout", &form).await.assert_page(400);
    }
    browser.headers = vec![("origin", "https://evil.example".to_owned())];
    confirm(&mut browser, &page).await.assert_page(403);
    browser.headers.clear();
    assert!(is_signed_in(&mut browser).await);
    let done = confirm(&mut browser, &page).await;
    assert!(done.location().contains("/signed-out?i="), "{done:?}");
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn nobody_is_told_that_he_is_signed_out_who_is_not() {
    let Some(given) = with_way_back().await else { return };
    let mut browser = given.browser();
    signed_in(&given, &mut browser).await;
    assert!(browser.get("/signed-out").await.location().ends_with("/account"));
    browser.cookies.clear();
    assert_eq!(browser.get("/signed-out").await.status, 200);
}

#[tokio::test]
async fn a_form_of_a_clients_page_goes_on_by_get() {
    // LGO-01
    let Some(given) = with_way_back().await else { return };
    let mut browser = given.browser();
    let own = hint(&signed_in(&given, &mut browser).await);
    // It comes from another site, without the cookies.
    let mut form = given.browser();
    form.headers = vec![("origin", "https://shop.example".to_owned())];
    let request = [("id_token_hint", own.as_str()), ("post_logout_redirect_uri", BYE)];
    let reply = form.post("/oauth/logout", &request).await;
    let location = reply.location();
    assert!(location.starts_with("http://localhost:8080/oauth/logout?i="), "{location}");
    assert_eq!(browser.get(&location).await.location(), BYE);
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn where_nobody_is_signed_in_only_a_hint_leads_on() {
    // LGO-02
    let Some(given) = with_way_back().await else { return };
    let own = hint(&signed_in(&given, &mut given.browser()).await);
    let mut browser = given.browser();
    let request = [("client_id", "shop"), ("post_logout_redirect_uri", BYE)];
    let done = browser.get(&logout(&request)).await;
    let location = done.location();
    assert!(location.starts_with("http://localhost:8080/signed-out?i="), "{location}");
    let hinted = [("id_token_hint", own.as_str()), ("post_logout_redirect_uri", BYE)];
    let done = browser.get(&logout(&hinted)).await;
    assert_eq!(done.location(), BYE);
    assert_eq!(done.headers.get_all("set-cookie").iter().count(), 0, "C116: {done:?}");

    change_shop(&given, &json!({"client_uri": "https://shop.example/start"})).await;
    let page = browser.get(&location).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.contains("https://shop.example/start"), "{page:?}");
    for path in ["/signed-out", "/signed-out?i=x"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(!page.body.contains("shop"), "{page:?}");
    }
}

#[tokio::test]
async fn whoever_stays_signed_in_goes_back_to_the_application_that_asked() {
    let Some(given) = with_way_back().await else { return };
    let mut browser = given.browser();
    signed_in(&given, &mut browser).await;
    let asked = logout(&[("client_id", "shop")]);
    let stays = |page: &Reply, to: &str| {
        assert_asks(page);
        assert!(page.body.contains(&format!("<a class=\"button\" href=\"{to}\"")), "{page:?}");
    };
    stays(&browser.get(&asked).await, "/account");
    change_shop(&given, &json!({"client_uri": "https://shop.example/start"})).await;
    stays(&browser.get(&asked).await, "https://shop.example/start");
    stays(&browser.get("/oauth/logout").await, "/account");
}

#[tokio::test]
async fn a_link_that_is_only_looked_at_signs_nobody_out() {
    let Some(given) = with_way_back().await else { return };
    let mut browser = given.browser();
    let tokens = signed_in(&given, &mut browser).await;
    let own = hint(&tokens);
    let reply = browser.send(Method::HEAD, &logout(&[("id_token_hint", &own)]), None).await;
    assert_eq!(reply.headers.get_all("set-cookie").iter().count(), 0, "{reply:?}");
    assert!(is_signed_in(&mut browser).await);
    given.refresh(&tokens.tokens().refresh).await.tokens();
}

#[tokio::test]
async fn a_client_ends_its_own_session_by_the_hint_after_the_browser_has_forgotten_its_own() {
    // LGO-01
    let Some(given) = with_way_back().await else { return };
    let party = RelyingParty::start().await;
    party.listen_as(&given.server, "shop").await;
    let mut browser = given.browser();
    let [reply, beside] =
        [signed_in(&given, &mut browser).await, signed_in(&given, &mut browser).await];
    let offline = Given::asking("shop").set("scope", SCOPE).with("prompt", "consent");
    let offline = signed_in_for(&given, &mut browser, &offline).await;
    let mut forgetful = given.browser();
    for tokens in [&offline, &reply, &reply] {
        let own = hint(tokens);
        let request = [("id_token_hint", own.as_str()), ("post_logout_redirect_uri", BYE)];
        assert_eq!(forgetful.get(&logout(&request)).await.location(), BYE);
    }
    given.refresh(&reply.tokens().refresh).await.assert_invalid_grant();
    assert!(!given.is_good(&reply.tokens().access).await, "at once");
    for alive in [&beside, &offline] {
        given.refresh(&alive.tokens().refresh).await.tokens();
    }
    assert_eq!(given.server.events(AuditKind::SessionEnded).await, 1);
    Courier::new(given.server.server.clone()).deliver().await.unwrap();
    let heard = party.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(claims(&heard[0])["sid"], claims(&hint(&reply))["sid"]);
}
