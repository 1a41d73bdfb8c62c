//! What one issuer gave out at another: one of another name, and another installation.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{
    Asking, Browser, Home, ISSUER, Options, PASSWORD, Serving, TestServer, Visitor, Wire, basic,
    claims, encode,
};

const CALLBACK: &str = "https://shop.example/cb";
const OTHER: &str = "https://login.example.com";

fn shop(secret: &str) -> Value {
    json!({
        "client_id": "shop", "redirect_uris": [CALLBACK], "secret": secret,
        "scopes": ["openid", "offline_access"], "grants": ["authorization_code", "refresh_token"],
    })
}

#[tokio::test]
async fn c146_tokens_that_name_the_old_issuer_are_refused_once_it_is_renamed() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let options = Options { issuer: OTHER, ..Options::default() };
    let tokens = server.login().await;
    let admin = server.admin_token().await;
    let mut browser = Browser::at(&server);
    server.create_client(&shop(SECRET)).await;
    server.create_user("anna", &[]).await;
    let asking = Asking::of("shop", CALLBACK, "openid");
    let page = browser.ask(&asking).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    let code = browser.decide(&page, "allow").await.answer_at(CALLBACK)["code"].clone();
    let own = basic("shop", SECRET);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", crate::support::VERIFIER),
    ];
    let reply = server.form("/oauth/token", &own, &encode(form)).await;
    let hint = reply.json()["id_token"].as_str().unwrap().to_owned();

    let renamed = server.another_with(2, options).await;
    for (path, token) in [
        ("/oauth/userinfo", &tokens.access),
        ("/sessions", &tokens.access),
        ("/admin/v1/users", &admin),
    ] {
        assert_eq!(server.call(Method::GET, path, token, &Value::Null).await.status, 200, "{path}");
        let reply = renamed.call(Method::GET, path, token, &Value::Null).await;
        reply.assert_error(401, "invalid_token");
    }
    assert!(server.is_active(&tokens.access).await && !renamed.is_active(&tokens.access).await);
    let query = asking.with("prompt", "none").with("id_token_hint", &hint).query();
    let mut known = Browser::at(&renamed);
    let told = known.get(&format!("/oauth/authorize?{query}")).await.location();
    assert!(told.contains("error=invalid_request") && !told.contains("code="), "{told}");
    // A refresh token names no issuer. It goes on, and what it gives names the new one.
    let next = renamed.refresh(&tokens.refresh).await.tokens();
    assert_eq!(claims(&next.access)["iss"], OTHER);
    assert!(renamed.is_active(&next.access).await && !server.is_active(&next.access).await);
    assert_eq!(claims(&tokens.access)["iss"], ISSUER);
}

/// An installation, with a client that the other one has too.
struct Installed {
    home: Home,
    wire: Wire,
    _serving: Serving,
}

const SECRET: &str = "shop-0123456789abcdef0123456789abcdef";

impl Installed {
    async fn start() -> Option<Self> {
        let mut home = Home::new(BACKEND)?;
        let serving = home.serve();
        let wire = home.wire(&serving);
        let token = wire.admin_token().await;
        wire.admin(&token, Method::POST, "/clients", &shop(SECRET)).await;
        Some(Self { home, wire, _serving: serving })
    }

    /// A page, by what its URL is below the issuer.
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.wire.issuer())
    }

    async fn form(&self, path: &str, form: &[(&str, &str)]) -> crate::support::Reply {
        let form = encode(form.iter().copied());
        let content = ("application/x-www-form-urlencoded", form.as_str());
        self.wire.send(Method::POST, path, &basic("shop", SECRET), content).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c147_what_another_installation_gave_out_is_refused_like_a_forgery() {
    let Some(a) = Installed::start().await else { return };
    let Some(b) = Installed::start().await else { return };
    let tokens = a.wire.login().await;
    let demo = basic(&b.wire.secrets.client_id, &b.wire.secrets.client_secret);
    let form = (
        "application/x-www-form-urlencoded",
        format!("grant_type=refresh_token&refresh_token={}", tokens.refresh),
    );
    let reply = b.wire.send(Method::POST, "/oauth/token", &demo, (form.0, &form.1)).await.unwrap();
    reply.assert_invalid_grant();
    for token in [&tokens.access, &tokens.refresh] {
        let reply = b.wire.introspect(token).await.unwrap();
        assert_eq!(reply.body, r#"{"active":false}"#);
        assert_eq!(b.wire.revoke(token).await.unwrap().status, 200);
    }
    let admin = a.wire.admin_token().await;
    for (path, token) in [("/oauth/userinfo", &tokens.access), ("/admin/v1/users", &admin)] {
        let bearer = format!("Bearer {token}");
        let reply = b.wire.send(Method::GET, path, &bearer, ("", "")).await.unwrap();
        reply.assert_error(401, "invalid_token");
    }

    // Both are hosts of one name, so that a browser takes the cookies of one to the other.
    let query = Asking::of("shop", CALLBACK, "openid offline_access").query();
    let mut visitor = Visitor::default();
    let sign_in = visitor.open(&a.url(&format!("/oauth/authorize?{query}"))).await;
    let i = sign_in.reply.field("i");
    let there = visitor.open(&b.url(&format!("/signin?i={i}"))).await;
    assert_eq!(there.reply.status, 400, "the request of the other: {there:?}");
    let sign_in = visitor.open(&a.url(&format!("/oauth/authorize?{query}"))).await;
    let filled =
        [("username", a.wire.secrets.username.as_str()), ("password", &a.wire.secrets.password)];
    let consent = visitor.submit(&sign_in, &filled).await;
    let there = visitor.open(&b.url(&format!("/oauth/authorize?{query}"))).await;
    assert!(there.reply.body.contains("name=\"password\""), "the cookie of the other: {there:?}");
    let answer = visitor.submit(&consent, &[("decision", "allow")]).await.reply.location();
    let answer = url::Url::parse(&answer).unwrap();
    let code = answer.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", crate::support::VERIFIER),
    ];
    b.form("/oauth/token", &exchange).await.assert_invalid_grant();
    // Nothing of it was used up or ended where it belongs.
    let given = a.form("/oauth/token", &exchange).await.tokens();
    assert!(!given.refresh.is_empty());
    let again = [("grant_type", "refresh_token"), ("refresh_token", given.refresh.as_str())];
    b.form("/oauth/token", &again).await.assert_invalid_grant();
    a.form("/oauth/token", &again).await.tokens();
    assert!(a.wire.introspect(&tokens.access).await.unwrap().json()["active"] == true);
    assert_ne!(a.home.url(), b.home.url());
}
