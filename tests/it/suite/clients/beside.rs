//! A node that remembers few clients, beside one that remembers them all: it answers the same, and asks the
//! database once more for each.

use std::fmt::Debug;

use axum::body::Body;
use chancery::flows::backchannel::Courier;
use http::{HeaderMap, Method, Request, StatusCode};
use metrics::set_default_local_recorder;
use serde_json::{Value, json};

use super::super::BACKEND;
use super::super::authorize::{Given, given};
use super::few;
use crate::support::{
    Browser, Options, RelyingParty, Reply, Statements, TestServer, claims, encode,
};

/// Where the browser goes on that has signed out.
const BYE: &str = "https://shop.example/bye";

/// The origin of two clients, and that of one.
const BOTH: &str = "https://both.example";
const ONE: &str = "https://one.example:8443";

/// Two nodes on one database.
struct Pair<'a> {
    all: &'a TestServer,
    few: TestServer,
    statements: &'a Statements,
}

impl<'a> Pair<'a> {
    async fn beside(all: &'a TestServer, statements: &'a Statements) -> Self {
        Self { all, few: all.another_with(2, few()).await, statements }
    }

    /// Lets both see what was changed.
    async fn look(&self) {
        self.all.look().await;
        self.few.look().await;
    }

    async fn cost<T>(&self, asked: impl Future<Output = T>) -> (T, u64) {
        let before = self.statements.count();
        let answer = asked.await;
        (answer, self.statements.count() - before)
    }

    /// Asks both nodes the same, and answers what they say. The one that does not remember all clients sends
    /// so many statements more, the first time and the second.
    async fn agree<T: Debug + PartialEq>(
        &self,
        more: [u64; 2],
        ask: impl AsyncFn(&TestServer) -> T,
    ) -> T {
        let (expected, usual) = self.cost(ask(self.all)).await;
        for more in more {
            let (answer, cost) = self.cost(ask(&self.few)).await;
            assert_eq!(answer, expected);
            assert_eq!(cost, usual + more, "{answer:?}");
        }
        expected
    }
}

/// What of an answer is the same each time.
fn told(mut reply: Reply) -> (StatusCode, HeaderMap, String) {
    reply.headers.remove("x-request-id");
    (reply.status, reply.headers, reply.body)
}

#[tokio::test]
async fn userinfo_is_told_as_its_client_wants_it_and_to_nobody_else() {
    let Some(given) = given().await else { return };
    let code = given.code(&mut given.browser(), &Given::asking("shop")).await;
    let access = given.exchange(&code).await.tokens().access;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let pair = Pair::beside(&given.server, &statements).await;
    let ask = async |server: &TestServer| {
        told(server.call(Method::GET, "/oauth/userinfo", &access, &Value::Null).await)
    };
    for (change, status, form) in [
        (json!({"name": "The other shop"}), 200, "application/json"),
        (json!({"userinfo_algorithm": "RS256"}), 200, "application/jwt"),
        (json!({"userinfo_algorithm": ""}), 200, "application/json"),
        (json!({"status": "paused"}), 401, "application/json"),
        (json!({"status": "disabled"}), 401, "application/json"),
    ] {
        given.change_client("shop", &change).await;
        pair.look().await;
        let (answer, headers, body) = pair.agree([1, 0], &ask).await;
        assert_eq!(answer, status, "{body}");
        assert_eq!(headers["content-type"], form);
        assert!(status != 200 || form != "application/json" || body.contains("sub"), "{body}");
    }
    let shop = format!("/clients/{}", given.server.client_key("shop").await);
    given.server.admin(Method::DELETE, &shop, &Value::Null).await;
    pair.look().await;
    let (answer, ..) = pair.agree([1, 1], &ask).await;
    assert_eq!(answer, 401, "and one that there is not is not remembered");
}

/// A request to sign out.
fn logout(params: &[(&str, &str)]) -> String {
    format!("/oauth/logout?{}", encode(params.iter().copied()))
}

#[tokio::test]
async fn a_hint_signs_out_and_leads_where_its_client_has_registered() {
    // LGO-01
    let Some(given) = given().await else { return };
    given.change_client("shop", &json!({"post_logout_redirect_uris": [BYE]})).await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let pair = Pair::beside(&given.server, &statements).await;
    let (mut costs, mut hints) = (Vec::new(), Vec::new());
    for server in [pair.all, &pair.few, &pair.few] {
        let mut browser = given.browser();
        let code = given.code(&mut browser, &Given::asking("shop")).await;
        let tokens = given.exchange(&code).await;
        let hint = tokens.json()["id_token"].as_str().unwrap().to_owned();
        pair.look().await;
        browser.server = server;
        let asked = logout(&[
            ("id_token_hint", &hint),
            ("client_id", "shop"),
            ("post_logout_redirect_uri", BYE),
            ("state", "st"),
        ]);
        let (done, cost) = pair.cost(browser.get(&asked)).await;
        assert_eq!(done.location(), format!("{BYE}?state=st"));
        assert!(!browser.cookies.contains_key("chancery_session"), "{done:?}");
        given.refresh(&tokens.tokens().refresh).await.assert_invalid_grant();
        costs.push(cost);
        hints.push(hint);
    }
    assert_eq!(costs, [costs[0], costs[0] + 1, costs[0]]);

    let elsewhere = "https://shop.example/elsewhere";
    let moved = json!({"post_logout_redirect_uris": [elsewhere]});
    let hint = hints[0].as_str();
    for (change, allowed) in [
        (json!({"name": "The other shop"}), Some(BYE)),
        (moved, Some(elsewhere)),
        (json!({"status": "disabled"}), None),
    ] {
        given.change_client("shop", &change).await;
        pair.look().await;
        for (count, to) in [BYE, elsewhere].into_iter().enumerate() {
            let asked = logout(&[("id_token_hint", hint), ("post_logout_redirect_uri", to)]);
            let ask = async |server: &TestServer| {
                let reply = Browser::at(server).get(&asked).await;
                (reply.status.as_u16(), reply.goes_to())
            };
            let led = pair.agree([u64::from(count == 0), 0], ask).await;
            let expected = if allowed == Some(to) { Some(to.to_owned()) } else { None };
            assert_eq!(led.1, expected, "{change} {to}");
            assert!(expected.is_some() || led.0 == 400, "{led:?}");
        }
    }
}

#[tokio::test]
async fn the_page_that_says_that_it_is_done_names_the_application() {
    // LGO-02
    let Some(given) = given().await else { return };
    let start = "https://shop.example/start";
    given.change_client("shop", &json!({"client_uri": start})).await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let pair = Pair::beside(&given.server, &statements).await;
    pair.look().await;
    let page = given.browser().get(&logout(&[("client_id", "shop")])).await.location();
    let ask = async |server: &TestServer| {
        let page = Browser::at(server).get(&page).await;
        (page.status.as_u16(), page.body.contains(start))
    };
    assert_eq!(pair.agree([1, 0], &ask).await, (200, true));
    given.change_client("shop", &json!({"status": "disabled"})).await;
    pair.look().await;
    assert_eq!(pair.agree([1, 0], &ask).await, (200, false));
}

#[tokio::test]
async fn a_client_is_told_of_a_logout_where_it_wants_to_be() {
    // BCL-01, BCL-02
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (party, other) = (RelyingParty::start().await, RelyingParty::start().await);
    party.listen_as(&server, "demo").await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let pair = Pair::beside(&server, &statements).await;
    let log_out = async || {
        let tokens = server.login().await;
        server.call(Method::POST, "/logout", &tokens.access, &Value::Null).await;
        pair.look().await;
        claims(&tokens.access)["sid"].clone()
    };
    let deliver = async |server: &TestServer| {
        Courier::new(server.server.clone()).deliver().await.unwrap();
    };
    let (mut costs, mut ended) = (Vec::new(), Vec::new());
    for node in [pair.all, &pair.few, &pair.few] {
        ended.push(log_out().await);
        costs.push(pair.cost(deliver(node)).await.1);
    }
    assert_eq!(costs, [costs[0], costs[0] + 1, costs[0]]);
    let mut heard: Vec<Value> = party.heard().iter().map(|token| claims(token)).collect();
    let of_each = |heard: &[Value], name: &str| -> Vec<Value> {
        heard.iter().map(|claims| claims[name].clone()).collect()
    };
    assert_eq!(of_each(&heard, "sid"), ended);
    for claims in &mut heard {
        let claims = claims.as_object_mut().unwrap();
        assert!(claims.remove("jti").is_some() && claims.remove("sid").is_some());
    }
    assert_eq!(heard, vec![heard[0].clone(); 3]);

    // What was changed elsewhere counts, though the notice is older.
    log_out().await;
    other.listen_as(&server, "demo").await;
    pair.few.look().await;
    deliver(&pair.few).await;
    assert_eq!((party.heard().len(), other.heard().len()), (3, 1));
    let demo = format!("/clients/{}", server.client_key("demo").await);
    for change in [json!({"backchannel_logout_uri": ""}), json!({"status": "disabled"})] {
        other.listen_as(&server, "demo").await;
        log_out().await;
        server.admin(Method::PATCH, &demo, &change).await;
        pair.few.look().await;
        deliver(&pair.few).await;
        deliver(pair.all).await;
        assert_eq!((party.heard().len(), other.heard().len()), (3, 1), "{change}");
    }
}

#[tokio::test]
async fn an_explanation_names_what_the_client_is() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    let sid = claims(&tokens.access)["sid"].as_str().unwrap().to_owned();
    let token = server.admin_token().await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let pair = Pair::beside(&server, &statements).await;
    let demo = format!("/clients/{}", server.client_key("demo").await);
    let explain = async |server: &TestServer, query: &str| {
        let path = format!("/admin/v1/explain?{query}");
        told(server.call(Method::GET, &path, &token, &Value::Null).await)
    };
    for (status, outcomes) in [
        ("active", ["rotate", "ok", "ok"]),
        ("paused", ["client_disabled", "token_revoked", "client_disabled"]),
    ] {
        let queries = [
            format!("token={}", tokens.refresh),
            format!("token={}", tokens.access),
            format!("session={sid}"),
        ];
        for (query, outcome) in queries.iter().zip(outcomes) {
            let change = json!({"status": status, "name": &query[..12]});
            assert_eq!(server.admin(Method::PATCH, &demo, &change).await.status, 200);
            pair.look().await;
            // The client of the one who asks is known, that of the question is not.
            explain(&pair.few, "user=nobody").await;
            let ask = async |server: &TestServer| explain(server, query).await;
            let (answer, _, body) = pair.agree([1, 0], ask).await;
            let told: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((answer.as_u16(), &told["outcome"]), (200, &json!(outcome)), "{query}");
        }
    }
}

#[tokio::test]
async fn scripts_of_the_same_origins_may_read() {
    // WEB-03
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for (id, origins) in [("one", vec![BOTH, ONE]), ("two", vec![BOTH])] {
        server.create_client(&json!({"client_id": id, "origins": origins})).await;
    }
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    // One less than there are, so that it remembers all the origins that it is asked about.
    let three = Options { remembered_clients: 3, ..Options::default() };
    let few = server.another_with(2, three).await;
    let pair = Pair { all: &server, few, statements: &statements };
    let ask = async |server: &TestServer, origin: &str, preflight: bool| {
        let request = if preflight {
            Request::options("/oauth/token").header("access-control-request-method", "POST")
        } else {
            Request::post("/oauth/token")
        };
        told(server.send(request.header("origin", origin).body(Body::empty()).unwrap()).await)
    };
    let is_shared = async |origin: &str, cost: u64| {
        let mut shared = Vec::new();
        // The answer to the one is the answer to the other.
        for (preflight, more) in [(true, [cost, 0]), (false, [0, 0])] {
            let ask = async |server: &TestServer| ask(server, origin, preflight).await;
            let (_, headers, _) = pair.agree(more, ask).await;
            shared.push(headers.get("access-control-allow-origin").is_some_and(|it| it == origin));
        }
        assert_eq!(shared[0], shared[1], "{origin}");
        shared[0]
    };
    let mut keys = Vec::new();
    for id in ["one", "two"] {
        keys.push(format!("/clients/{}", server.client_key(id).await));
    }
    let (disabled, active) = (json!({"status": "disabled"}), json!({"status": "active"}));
    for (method, key, change, expected) in [
        (Method::PATCH, 0, &json!({"name": "One"}), [true, true]),
        (Method::PATCH, 0, &disabled, [true, false]),
        (Method::PATCH, 1, &disabled, [false, false]),
        (Method::PATCH, 0, &active, [true, true]),
        (Method::PATCH, 0, &json!({"origins": [ONE]}), [false, true]),
        (Method::DELETE, 0, &Value::Null, [false, false]),
    ] {
        let changed = server.admin(method, &keys[key], change).await;
        assert!(changed.status.is_success(), "{changed:?}");
        pair.look().await;
        assert_eq!([is_shared(BOTH, 1).await, is_shared(ONE, 1).await], expected, "{change}");
        for nobodys in ["https://one.example", "http://both.example"] {
            assert!(!is_shared(nobodys, 1).await, "{nobodys}");
        }
        // No browser writes an origin so, and nobody can have registered it.
        for none in ["null", "HTTPS://BOTH.EXAMPLE", "https://both.example:443", "both.example"] {
            assert!(!is_shared(none, 0).await, "{none}");
        }
    }
}
