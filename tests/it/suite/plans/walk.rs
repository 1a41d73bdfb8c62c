//! A walk through what a server does, by its endpoints as far as those lead.

use chancery::flows::janitor::Sweep;
use http::{Method, Request};
use serde_json::{Value, json};

use super::super::authorize::{self, Given};
use super::operations;
use crate::support::{Browser, Options, PASSWORD, TestServer, VERIFIER};

/// A server, a user and clients for the code grant, one of which wants to be told of logouts.
pub(super) async fn given(options: Options) -> Option<Given> {
    let given = authorize::given_with(options).await?;
    let listen = "UPDATE client SET backchannel_logout_uri = 'https://shop.example/out' \
                  WHERE id = 'shop'";
    given.server.raw().await.run(listen).await;
    Some(given)
}

/// Lets the server do everything that it can do.
pub(super) async fn everything(given: &Given) {
    let server = &given.server;
    tokens(server).await;
    codes(given).await;
    account(given).await;
    users(server).await;
    clients(server).await;
    revocations(server).await;
    lists(server).await;
    operations::all(server).await;
    server.server.start().await.unwrap();
    Sweep::default().run(&server.server).await.unwrap();
}

/// A login, a refresh, retries of it, and the end.
async fn tokens(server: &TestServer) {
    let first = server.login().await;
    let second = server.refresh(&first.refresh).await.tokens();
    server.introspect(&second.access).await;
    server.introspect(&second.refresh).await;
    for seconds in [1, 31] {
        server.advance(seconds);
        server.refresh(&first.refresh).await.tokens();
    }
    server.call(Method::GET, "/sessions", &second.access, &Value::Null).await;
    server.revoke(&second.access).await;
    server.revoke(&second.refresh).await;
    let last = server.login().await;
    server.call(Method::POST, "/logout", &last.access, &json!(null)).await;
}

/// Signing in, agreeing, agreeing to more, signing in again; codes that are exchanged or burnt.
async fn codes(given: &Given) {
    let mut browser = given.browser();
    let asking = Given::asking("shop").set("scope", "openid offline_access");
    let code = given.code(&mut browser, &asking).await;
    let wrong = VERIFIER.replace('d', "e");
    given.exchange_as(&given.shop, &[("code", &code), ("code_verifier", &wrong)]).await;
    given.exchange(&code).await.tokens();
    let more = Given::asking("shop").set("scope", "openid profile email");
    let code = given.code(&mut browser, &more).await;
    given.exchange(&code).await.tokens();
    given.code(&mut browser, &more).await;
    given.code(&mut browser, &more.with("prompt", "login")).await;
}

/// The account page and what it ends.
async fn account(given: &Given) {
    let (mut here, mut there) = (signed_in(given).await, signed_in(given).await);
    let page = there.get("/account").await;
    assert_eq!(page.status, 200, "{page:?}");
    let csrf = page.field("csrf");
    for (form, fields) in [
        ("consents", &[("client", "shop")][..]),
        ("browsers", &[("session", "all")]),
        ("sign-out", &[]),
    ] {
        let fields = [&[("csrf", csrf.as_str())], fields].concat();
        there.post(&format!("/account/{form}"), &fields).await;
    }
    here.get("/oauth/logout").await;
}

async fn signed_in(given: &Given) -> Browser<'_> {
    let mut browser = given.browser();
    let page = browser.get("/account").await;
    let page = browser.follow(page).await;
    browser.sign_in(&page, "anna", PASSWORD).await;
    browser
}

async fn users(server: &TestServer) {
    let id = server.create_user("berta", &[]).await;
    server.login_as("berta").await.tokens();
    let user = format!("/users/{id}");
    server.admin(Method::PUT, &format!("{user}/roles"), &json!({"roles": ["clerk"]})).await;
    let password = json!({"password": format!("{PASSWORD} two")});
    server.admin(Method::POST, &format!("{user}/password"), &password).await;
    server.admin(Method::PATCH, &user, &json!({"status": "disabled"})).await;
    server.admin(Method::DELETE, &user, &Value::Null).await;
}

async fn clients(server: &TestServer) {
    server
        .create_client(&json!({"client_id": "shortlived", "origins": ["https://a.example"]}))
        .await;
    let client = format!("/clients/{}", server.client_key("shortlived").await);
    let picture = Request::put(format!("/admin/v1{client}/logo"))
        .header("authorization", format!("Bearer {}", server.admin_token().await))
        .header("content-type", "image/gif");
    let logo = server.send(picture.body("GIF89a and more".into()).unwrap()).await.json();
    server.get(logo["logo"].as_str().unwrap()).await;
    server.admin(Method::PATCH, &client, &json!({"status": "disabled"})).await;
    server.admin(Method::DELETE, &client, &Value::Null).await;
}

async fn revocations(server: &TestServer) {
    let tokens = server.login().await;
    let sid = crate::support::claims(&tokens.access)["sid"].clone();
    for body in [
        json!({"kind": "jti", "value": "one"}),
        json!({"kind": "sid", "value": sid}),
        json!({"kind": "client_id", "value": "demo"}),
        json!({"kind": "all"}),
    ] {
        server.admin(Method::POST, "/revocations", &body).await;
    }
    let position = server.revoke_one().await;
    server.report("instance", &position, 0).await;
    server.document("").await;
}

/// What administrators list and look up.
async fn lists(server: &TestServer) {
    let user = server.create_user("carla", &[]).await;
    server.login_as("carla").await.tokens();
    for list in [
        "/users",
        "/clients",
        "/resources",
        "/sessions",
        &format!("/sessions?user={user}"),
        &format!("/browser-sessions?user={user}"),
        "/feed",
        "/keys",
        "/audit",
        "/audit?kind=login",
        &format!("/audit?actor={user}"),
        &format!("/audit?target={user}"),
        "/audit?since=2027-01-01T00:00:00Z&before=2028-01-01T00:00:00Z",
    ] {
        let reply = server.admin(Method::GET, list, &Value::Null).await;
        assert_eq!(reply.status, 200, "{list}: {reply:?}");
    }
}
