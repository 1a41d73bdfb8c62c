//! Texts that would be SQL, a template, markup or a line of the log, wherever a text is taken.

use http::{Method, Request};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Asking, Browser, Home, PASSWORD, Reply, TestServer, Wire, encode, exchange};

/// For SQL, templates, look-ups, markup, LDAP, formats, and what ends a line for somebody.
const PAYLOADS: [&str; 16] = [
    "'; DROP TABLE users; --",
    "' OR '1'='1",
    "\" OR 1=1 --",
    "$1 ? :name %",
    "{{7*7}}{% include \"/etc/passwd\" %}",
    "${jndi:ldap://127.0.0.1:1/a}",
    "<%= 7*7 %>#{7*7}",
    "</script><script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "*)(uid=*))(|(uid=*",
    "%s%n%x\\u0000\\x00\\",
    "a\u{2028}b\u{202e}c\u{feff}d",
    "a\r\n{\"level\":\"ERROR\",\"kind\":\"forged\"}",
    "a\nb",
    "\u{1b}[2J\u{1b}[31mred",
    "a\0b",
];

/// As pages show it.
fn escaped(text: &str) -> String {
    text.replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

/// As pages show it: without what nobody sees, or what turns the text behind it round.
fn shown_as(text: &str) -> String {
    escaped(text).replace(HIDDEN, "").replace('\u{2028}', " ")
}

const HIDDEN: [char; 2] = ['\u{202e}', '\u{feff}'];

struct Given {
    server: TestServer,
    token: String,
    anna: String,
    shop: String,
    orders: String,
}

const CALLBACK: &str = "https://shop.example/cb";

async fn given() -> Option<Given> {
    let server = TestServer::start(BACKEND).await?;
    let anna = server.create_user("anna", &[]).await;
    let orders = json!({"uri": "https://orders.example", "name": "Orders", "scopes": ["read"]});
    let orders = server.admin(Method::POST, "/resources", &orders).await.json();
    let settings = json!({
        "client_id": "shop", "public": true, "redirect_uris": [CALLBACK],
        "resources": ["https://orders.example"], "scopes": ["openid", "read"],
        "grants": ["authorization_code"],
    });
    let shop = server.create_client(&settings).await;
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let token = server.admin_token().await;
    Some(Given { token, anna, shop: id(&shop), orders: id(&orders), server })
}

impl Given {
    async fn admin(&self, method: Method, path: &str, body: &Value) -> Reply {
        let path = format!("/admin/v1{path}");
        let reply = self.server.call(method, &path, &self.token, body).await;
        assert!(!reply.status.is_server_error(), "{path} {body}: {reply:?}");
        reply
    }

    /// Asserts that these members are refused, or read again as they were written.
    async fn keeps(&self, path: &str, members: &Value) -> bool {
        let change = self.admin(Method::PATCH, path, members).await;
        if change.status == 400 {
            return false;
        }
        assert_eq!(change.status, 200, "{members}: {change:?}");
        let kept = self.admin(Method::GET, path, &Value::Null).await.json();
        for (name, value) in members.as_object().unwrap() {
            assert_eq!(kept[name], *value, "{path}");
        }
        true
    }

    /// Asserts that what was made is what was asked for, and removes it.
    async fn undo(&self, path: &str, asked: &Value, made: &Value) {
        for (name, value) in asked.as_object().unwrap() {
            assert_eq!(made[name], *value, "{path}");
        }
        let path = format!("{path}/{}", made["id"].as_str().unwrap());
        let removed = self.admin(Method::DELETE, &path, &Value::Null).await;
        assert!(removed.status.is_success(), "{removed:?}");
    }

    /// Asks for something in the browser, up to the page of consent.
    async fn consent(&self, browser: &mut Browser<'_>) -> Reply {
        let asking = Asking::of("shop", CALLBACK, "openid read");
        let mut page = browser.ask(&asking.with("prompt", "consent")).await;
        if page.body.contains("name=\"password\"") {
            page = browser.sign_in(&page, "anna", PASSWORD).await;
        }
        assert!(page.body.contains("name=\"decision\""), "{page:?}");
        page
    }

    /// How many rows the tables have that nothing here removes from.
    async fn rows(&self) -> i64 {
        let tables = ["users", "client", "resource", "signing_key", "feed_head", "token_key"];
        let counts = tables.map(|table| format!("(SELECT COUNT(*) FROM {table})"));
        self.server.raw().await.number(&format!("SELECT {}", counts.join(" + "))).await
    }
}

#[tokio::test]
async fn c070_text_is_kept_as_it_is_and_shown_as_text() {
    let Some(given) = given().await else { return };
    let [user, client, resource] = [
        format!("/users/{}", given.anna),
        format!("/clients/{}", given.shop),
        format!("/resources/{}", given.orders),
    ];
    let before = given.rows().await;
    let mut browser = Browser::at(&given.server);
    let mut shown = 0;
    for payload in PAYLOADS {
        let profile =
            json!({"name": payload, "nickname": payload, "address": {"formatted": payload}});
        let on_account = given.keeps(&user, &json!({"profile": profile})).await;
        let named = given.keeps(&client, &json!({"name": payload})).await;
        let texts = json!({"name": payload, "scope_texts": [format!("read={payload}")]});
        let described = given.keeps(&resource, &texts).await;
        assert_eq!((on_account, named), (described, described), "{payload:?}");
        assert_eq!(described, !payload.chars().any(char::is_control), "{payload:?}");
        let consent = given.consent(&mut browser).await;
        let account = browser.get("/account").await;
        if described {
            shown += 1;
            // As the name of the client, and as what it asks for.
            let times = consent.body.matches(&shown_as(payload)).count();
            assert!(times >= 2, "{payload}: {consent:?}");
            assert!(account.body.contains(&shown_as(payload)), "{payload}: {account:?}");
        }
        for page in [consent, account] {
            assert!(page.status == 200 && !page.body.contains("\" onmouseover"), "{page:?}");
            assert!(escaped(payload) == payload || !page.body.contains(payload), "{page:?}");
        }
    }
    assert_eq!(shown, 12);
    assert_eq!(given.rows().await, before);
}

#[tokio::test]
async fn c070_text_that_asks_for_something_finds_nothing_and_breaks_nothing() {
    let Some(mut given) = given().await else { return };
    let before = given.rows().await;
    for payload in PAYLOADS {
        given.token = given.server.admin_token().await;
        let value = encode([("x", payload)]).split_off(2);
        for query in [
            "/sessions?user=",
            "/audit?target=",
            "/audit?kind=",
            "/explain?user=",
            "/users?after=",
            "/clients?limit=",
            "/explain?session=",
            "/browser-sessions?user=",
        ] {
            let reply = given.admin(Method::GET, &format!("{query}{value}"), &Value::Null).await;
            let none = reply.status.is_client_error()
                || reply.json()["items"] == json!([])
                || reply.json()["outcome"].as_str().unwrap_or_default().starts_with("unknown");
            assert!(none, "{query}{payload}: {reply:?}");
        }
        for path in ["/users/", "/clients/", "/keys/", "/sessions/"] {
            let reply = given.admin(Method::DELETE, &format!("{path}{value}"), &Value::Null).await;
            assert!(reply.status.is_client_error(), "{path}{payload}: {reply:?}");
        }
        for (path, body) in [
            ("/users", json!({"name": payload})),
            ("/users", json!({"name": "new", "roles": [payload]})),
            ("/users", json!({"name": "new", "password_hash": payload})),
            ("/clients", json!({"client_id": payload})),
            ("/clients", json!({"client_id": "new", "scopes": [payload]})),
            ("/clients", json!({"client_id": "new", "origins": [payload]})),
            ("/clients", json!({"client_id": "new", "policy_uri": payload})),
            ("/resources", json!({"uri": payload})),
            ("/revocations", json!({"kind": payload, "value": payload})),
            ("/keys/rotate", json!({"algorithm": payload})),
        ] {
            let reply = given.admin(Method::POST, path, &body).await;
            if reply.status == 201 {
                // A name of nothing but ordinary characters is one, however odd it looks.
                given.undo(path, &body, &reply.json()).await;
            } else {
                assert_eq!(reply.status, 400, "{path} {body}: {reply:?}");
            }
        }
        let mut login = given.server.login_body();
        for member in ["username", "password", "client_id", "client_secret", "scope", "resource"] {
            login[member] = json!(payload);
            let reply = given.server.post_json("/login", &login).await;
            assert!(reply.status.is_client_error(), "{member} {payload}: {reply:?}");
            login = given.server.login_body();
            given.server.advance(61);
        }
        asks_in_vain(&given.server, payload).await;
    }
    // Whatever is revoked by a name that nobody has, nobody is.
    let revoke = json!({"kind": "jti", "value": "x", "reason": PAYLOADS[0]});
    let reply = given.server.admin(Method::POST, "/revocations", &revoke).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(given.rows().await, before);
    given.server.login().await;
}

/// Sends a text as each parameter of each endpoint.
async fn asks_in_vain(server: &TestServer, payload: &str) {
    for name in ["grant_type", "scope", "resource", "refresh_token", "code", "client_id"] {
        let form = encode([("grant_type", "client_credentials"), (name, payload)]);
        let form = if name == "refresh_token" || name == "code" {
            encode([("grant_type", "refresh_token"), ("refresh_token", payload), ("code", payload)])
        } else {
            form
        };
        let reply = server.form("/oauth/token", &server.basic(), &form).await;
        assert!(reply.status == 400 || reply.status == 401, "{name} {payload}: {reply:?}");
        assert!(!reply.body.contains("alert") && !reply.body.contains("DROP"), "{reply:?}");
    }
    for name in [
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "claims",
        "login_hint",
        "ui_locales",
        "id_token_hint",
        "prompt",
        "resource",
        "response_mode",
    ] {
        let mut browser = Browser::at(server);
        let page = browser.ask(&Asking::of("shop", CALLBACK, "openid").set(name, payload)).await;
        assert!(page.status.as_u16() < 500, "{name} {payload}: {page:?}");
        assert!(
            !page.body.contains("<script") && !page.body.contains("\" onmouseover"),
            "{page:?}"
        );
    }
    for query in ["/signin?i=", "/consent?i=", "/oauth/logout?id_token_hint=", "/signed-out?state="]
    {
        let query = format!("{query}{}", encode([("x", payload)]).split_off(2));
        let page = Browser::at(server).get(&query).await;
        assert!(page.status.as_u16() < 500 && !page.body.contains("<script"), "{query}: {page:?}");
    }
    // What stands in a header is shown where a user sees his browsers.
    if let Ok(agent) = http::HeaderValue::from_str(payload) {
        let request = Request::post("/login").header("content-type", "application/json");
        let body = axum::body::Body::from(server.login_body().to_string());
        let request = request.header("user-agent", agent).body(body).unwrap();
        assert_eq!(server.send(request).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c070_a_line_of_the_log_stays_one_line_whatever_it_tells_of() {
    for format in ["json", "pretty"] {
        let Some(mut home) = Home::new(BACKEND) else { return };
        home.set("CHANCERY_LOG__FORMAT", format);
        home.set("CHANCERY_LOG__LEVEL", "info,chancery=trace");
        home.set("NO_COLOR", "1");
        let (serving, log) = home.serve_and_keep_the_log();
        let wire = home.wire(&serving);
        let told = make_it_tell(&wire).await;
        serving.terminate();
        assert!(serving.ended().await.success());
        let log = log.join().unwrap();
        for line in log.lines() {
            if format == "json" {
                let line: Value =
                    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
                assert!(line["timestamp"].is_string() && line["kind"] != "forged", "{line}");
            } else {
                // As 2026-11-23T08:00:00.000000Z, and then the level.
                let begins = line.split_once("Z ").is_some_and(|(time, rest)| {
                    let level = rest.split_whitespace().next().unwrap_or_default();
                    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
                    time.len() == 26 && levels.contains(&level)
                });
                assert!(begins, "{line}");
            }
            assert!(!line.contains('\u{1b}') && !line.contains('\r'), "{line:?}");
        }
        // It is told of, so that there was something to break a line with.
        for note in told {
            let note = if format == "json" { json!(note).to_string() } else { format!("{note:?}") };
            assert!(log.contains(&note), "{note}: {log}");
        }
    }
}

/// Sends each text as whatever the log may tell of, and answers those that it has to.
async fn make_it_tell(wire: &Wire) -> Vec<&'static str> {
    let admin = wire.admin_token().await;
    let mut told = Vec::new();
    for payload in PAYLOADS {
        let value = encode([("x", payload)]).split_off(2);
        let json = ("application/json", "");
        let login = json!({"username": payload, "password": payload, "client_id": payload});
        let demo = json!({"username": payload, "password": payload,
            "client_id": wire.secrets.client_id, "client_secret": wire.secrets.client_secret});
        for body in [login, demo] {
            let reply = wire.send(Method::POST, "/login", "", (json.0, &body.to_string())).await;
            assert!(reply.unwrap().status.is_client_error());
        }
        wire.form("/oauth/token", &format!("grant_type={value}&scope={value}")).await.unwrap();
        wire.refresh(&value).await.unwrap();
        wire.revoke(&value).await.unwrap();
        let path = format!("/x{value}");
        let odd = exchange(wire.address, (&Method::GET, &path), "", ("", ""));
        assert_eq!(odd.await.unwrap().status, 404);
        let body = json!({"kind": "jti", "value": "x", "reason": payload}).to_string();
        let bearer = format!("Bearer {admin}");
        let revoked =
            wire.send(Method::POST, "/admin/v1/revocations", &bearer, (json.0, &body)).await;
        match revoked.unwrap().status.as_u16() {
            200 => told.push(payload),
            other => assert_eq!(other, 400, "{payload:?}"),
        }
    }
    assert_eq!(told.len(), 11, "all but those with a character that ends a line for somebody");
    told
}
