//! A connection that breaks around the commit of a change that ends something: the answer is 503 or the
//! truth, and who asks again finds one outcome.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::BACKEND;
use super::between::{Between, Cut};
use crate::support::{Asking, Browser, PASSWORD, Reply, TestServer, encode};

const CUTS: [Cut; 2] = [Cut::Before, Cut::After];
const NEW: &str = "another staple, another horse";
const CALLBACK: &str = "https://shop.example/cb";

/// A server, and another node whose connections can be cut.
struct Pair {
    server: TestServer,
    node: TestServer,
    between: Between,
}

impl Pair {
    async fn start() -> Option<Self> {
        let server = TestServer::start(BACKEND).await?;
        let between = Between::start(&server.url_text())?;
        let node = server.through(between.url().to_owned()).await;
        Some(Self { server, node, between })
    }

    /// Asks the node for a change, as an administrator who was let in once both have looked.
    async fn ask(&self, method: &Method, path: &str, body: &Value) -> Reply {
        self.server.look().await;
        self.node.look().await;
        let token = self.server.admin_token().await;
        self.node.call(method.clone(), &format!("/admin/v1{path}"), &token, body).await
    }

    /// Asks for a change whose commit is cut, and again. Answers what is said then.
    async fn insist(&self, cut: Cut, (method, path): (Method, &str), body: &Value) -> Reply {
        self.between.cut_next(cut);
        // The administrator logs in by the node that is not cut off.
        let first = self.ask(&method, path, body).await;
        assert!(self.between.has_cut(), "it commits");
        assert_unsure(cut, &first);
        let again = self.ask(&method, path, body).await;
        self.server.look().await;
        again
    }

    /// How many revocations of a kind the log has.
    async fn revocations(&self, kind: &str) -> i64 {
        let count = format!("SELECT COUNT(*) FROM revocation WHERE kind = '{kind}'");
        self.server.raw().await.number(&count).await
    }
}

/// Asserts that nobody knows, or that it is done where it is.
fn assert_unsure(cut: Cut, reply: &Reply) {
    if matches!(cut, Cut::Before) || !reply.status.is_success() {
        assert!(reply.headers.contains_key("retry-after"), "{reply:?}");
        reply.assert_error(503, "temporarily_unavailable");
    }
}

#[tokio::test]
async fn c130_a_user_who_was_disabled_nobody_knows_whether_is_disabled_once_it_is_said() {
    let Some(pair) = Pair::start().await else { return };
    for (number, cut) in CUTS.into_iter().enumerate() {
        let name = format!("user-{number}");
        let id = pair.server.create_user(&name, &[]).await;
        let tokens = pair.server.login_as(&name).await.tokens();
        let change = (Method::PATCH, &*format!("/users/{id}"));
        let again = pair.insist(cut, change, &json!({"status": "disabled"})).await;
        assert_eq!(again.status, StatusCode::OK, "{again:?}");
        assert_eq!(again.json()["status"], "disabled");
        for node in [&pair.server, &pair.node] {
            assert!(!node.is_active(&tokens.access).await);
            node.refresh(&tokens.refresh).await.assert_invalid_grant();
            node.login_as(&name).await.assert_invalid_grant();
        }
    }
}

#[tokio::test]
async fn c130_a_client_whose_end_nobody_knows_of_is_disabled_once_it_is_said() {
    let Some(pair) = Pair::start().await else { return };
    let id = pair.server.client_key("demo").await;
    for cut in CUTS {
        let tokens = pair.server.login().await;
        let path = format!("/clients/{id}");
        let disabled = json!({"status": "disabled"});
        let again = pair.insist(cut, (Method::PATCH, &path), &disabled).await;
        assert_eq!(again.status, StatusCode::OK, "{again:?}");
        assert!(pair.revocations("client").await > 0, "the log tells");
        for node in [&pair.server, &pair.node] {
            node.refresh(&tokens.refresh).await.assert_error(401, "invalid_client");
        }
        assert_eq!(pair.ask(&Method::PATCH, &path, &json!({"status": "active"})).await.status, 200);
        pair.server.look().await;
        // What was ended does not come back with it.
        for node in [&pair.server, &pair.node] {
            node.refresh(&tokens.refresh).await.assert_invalid_grant();
            assert!(!node.is_active(&tokens.access).await);
        }
    }
}

#[tokio::test]
async fn c130_a_key_whose_compromise_nobody_knows_of_is_gone_once_it_is_said() {
    let Some(pair) = Pair::start().await else { return };
    for (number, cut) in CUTS.into_iter().enumerate() {
        let tokens = pair.server.login().await;
        let head = jsonwebtoken::decode_header(&tokens.access).unwrap();
        let path = format!("/keys/{}/compromise", head.kid.unwrap());
        let again = pair.insist(cut, (Method::POST, &path), &Value::Null).await;
        // Once it is gone, nobody finds it.
        let expected = if matches!(cut, Cut::Before) { 200 } else { 404 };
        assert_eq!(again.status, expected, "{again:?}");
        let told = pair.revocations("kid").await;
        assert_eq!(told, i64::try_from(number).unwrap() + 1, "each is told of once");
        for node in [&pair.server, &pair.node] {
            node.look().await;
            assert!(!node.is_active(&tokens.access).await);
        }
        let next = pair.node.refresh(&tokens.refresh).await.tokens();
        assert!(pair.server.is_active(&next.access).await, "another signs");
    }
}

#[tokio::test]
async fn c130_a_consent_nobody_knows_of_is_stored_once_it_is_given_again() {
    let Some(pair) = Pair::start().await else { return };
    let settings = json!({
        "client_id": "shop",
        "grants": ["authorization_code", "refresh_token"],
        "scopes": ["openid"],
        "redirect_uris": [CALLBACK],
    });
    pair.server.create_client(&settings).await;
    let mut raw = pair.server.raw().await;
    for (given, (name, cut)) in (1..).zip(["anna", "bob"].into_iter().zip(CUTS)) {
        pair.server.create_user(name, &[]).await;
        pair.node.look().await;
        let mut browser = Browser::at(&pair.node);
        let page = browser.ask(&Asking::of("shop", CALLBACK, "openid")).await;
        let page = browser.sign_in(&page, name, PASSWORD).await;
        pair.between.cut_next(cut);
        let first = browser.decide(&page, "allow").await;
        assert!(pair.between.has_cut(), "it commits");
        if matches!(cut, Cut::Before) || first.goes_to().is_none() {
            first.assert_page(503);
        }
        let answer = browser.decide(&page, "allow").await.answer_at(CALLBACK);
        assert!(answer["code"].starts_with("chc_"), "{answer:?}");
        assert_eq!(raw.number("SELECT COUNT(*) FROM consent").await, given);
    }
}

#[tokio::test]
async fn c130_a_password_that_nobody_knows_to_be_changed_is_one_of_the_two() {
    let Some(pair) = Pair::start().await else { return };
    for (name, cut) in ["anna", "bob"].into_iter().zip(CUTS) {
        pair.server.create_user(name, &[]).await;
        let tokens = pair.server.login_as(name).await.tokens();
        pair.node.look().await;
        let mut browser = Browser::at(&pair.node);
        let page = browser.get("/signin").await;
        let page = browser.sign_in(&page, name, PASSWORD).await;
        let csrf = page.field("csrf");
        let form = |current| {
            encode([
                ("csrf", &*csrf),
                ("current_password", current),
                ("new_password", NEW),
                ("repeat", NEW),
            ])
        };
        pair.between.cut_next(cut);
        let first = browser.send(Method::POST, "/account/password", Some(&form(PASSWORD))).await;
        assert!(pair.between.has_cut(), "it commits");
        if matches!(cut, Cut::Before) || !first.status.is_redirection() {
            first.assert_page(503);
        }
        let took_place = matches!(cut, Cut::After);
        let works = async |password: &str| {
            let mut body = pair.server.login_body();
            (body["username"], body["password"]) = (json!(name), json!(password));
            pair.server.post_json("/login", &body).await.status == 200
        };
        assert_eq!((works(NEW).await, works(PASSWORD).await), (took_place, !took_place), "{name}");
        pair.server.look().await;
        if took_place {
            // All that was before is over, whatever was answered.
            for node in [&pair.server, &pair.node] {
                node.look().await;
                node.refresh(&tokens.refresh).await.assert_invalid_grant();
                assert!(!node.is_active(&tokens.access).await);
            }
        } else {
            let again =
                browser.send(Method::POST, "/account/password", Some(&form(PASSWORD))).await;
            assert!(again.status.is_redirection(), "{again:?}");
            assert!(works(NEW).await && !works(PASSWORD).await);
        }
    }
}
