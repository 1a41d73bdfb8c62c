//! Secrets are planted wherever one can be sent or stands, and searched for wherever one must not be: in
//! the log at its most talkative, in metrics, in answers that refuse, in the audit log, and in what is
//! stored at all (C141).

use chancery::protocol::time::Timestamp;
use chancery::storage::ops::copy::{Cell, ExportRows, Table};
use chancery::storage::{Store, StoreOptions};
use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Home, Reply, VERIFIER, Visitor, Wire, basic, encode, exchange_with};

/// What nobody may read again, and what was seen where it must not stand.
#[derive(Default)]
struct Canary {
    /// Secrets, each with what it is.
    planted: Vec<(&'static str, String)>,
    /// What was answered to those who were refused.
    refusals: Vec<String>,
}

impl Canary {
    /// Takes a secret down, and answers it.
    fn plant(&mut self, what: &'static str, secret: &str) -> String {
        self.planted.push((what, secret.to_owned()));
        secret.to_owned()
    }

    fn refused(&mut self, reply: &Reply) {
        assert!(!reply.status.is_success(), "{reply:?}");
        // The page of a form shows what was typed as a name to the one who typed it.
        self.refusals.push(format!("{:?}\n{}", reply.headers, reply.body));
    }

    /// What of it stands in a text.
    fn found_in(&self, text: &str) -> Vec<String> {
        let found = self.planted.iter().filter(|(_, secret)| text.contains(secret));
        found.map(|(what, secret)| format!("{what} {secret}")).collect()
    }

    #[track_caller]
    fn assert_not_in(&self, place: &str, text: &str) {
        for line in text.lines() {
            let found = self.found_in(line);
            assert!(found.is_empty(), "{found:?} in {place}: {line}");
            let form = FORMS.iter().find(|form| line.contains(**form));
            assert!(form.is_none(), "{form:?} in {place}: {line}");
        }
    }
}

/// How secrets of the server begin, whichever they are.
const FORMS: [&str; 5] = ["chs_", "chr_", "chc_", "eyJ", "$argon2"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c141_no_secret_stands_in_a_log_a_metric_a_refusal_or_the_audit_log() {
    for format in ["json", "pretty"] {
        let Some(mut home) = Home::new(BACKEND) else { return };
        home.set("CHANCERY_LOG__LEVEL", "trace");
        home.set("CHANCERY_LOG__FORMAT", format);
        let (serving, log) = home.serve_and_keep_the_log();
        let wire = home.wire(&serving);
        let mut canary = Canary::default();
        plant_installation(&mut canary, &home, &wire);
        plant_users_and_clients(&mut canary, &wire).await;
        plant_in_the_browser(&mut canary, &wire).await;
        plant_in_requests(&mut canary, &wire).await;
        let admin = wire.admin_token().await;
        let audit = wire.admin(&admin, Method::GET, "/audit?limit=200", &Value::Null).await.body;
        let metrics = wire.get("/metrics").await.unwrap().body;
        serving.terminate();
        serving.ended().await;
        let log = log.join().unwrap();
        assert!(log.len() > 10_000 && log.contains("login refused"), "it says much: {log}");
        let refusals = canary.refusals.join("\n");
        for (place, text) in
            [("log", &log), ("metrics", &metrics), ("refusals", &refusals), ("audit", &audit)]
        {
            canary.assert_not_in(place, text);
        }
        assert_not_stored(&canary, &home).await;
        assert_not_told_by_commands(&canary, &home);
    }
}

fn plant_installation(canary: &mut Canary, home: &Home, wire: &Wire) {
    let master = std::fs::read_to_string(home.path("chancery-data/master.key")).unwrap();
    canary.plant("the master key", master.trim());
    canary.plant("the administrator's password", &wire.secrets.password);
    canary.plant("a client's secret", &wire.secrets.client_secret);
    canary.plant(
        "Basic",
        basic(&wire.secrets.client_id, &wire.secrets.client_secret).trim_start_matches("Basic "),
    );
}

async fn plant_users_and_clients(canary: &mut Canary, wire: &Wire) {
    let admin = canary.plant("an access token", &wire.admin_token().await);
    let password = canary.plant("a password", "canary right password");
    let anna = json!({"name": "anna", "password": password});
    let anna = wire.admin(&admin, Method::POST, "/users", &anna).await.json();
    let path = format!("/users/{}/password", anna["id"].as_str().unwrap());
    let password = canary.plant("a password that was set", "canary second password");
    wire.admin(&admin, Method::POST, &path, &json!({"password": password})).await;
    let shop = json!({
        "client_id": "shop",
        "grants": ["authorization_code", "refresh_token"],
        "scopes": ["openid"],
        "redirect_uris": [format!("{}/cb", wire.issuer())],
    });
    let made = wire.admin(&admin, Method::POST, "/clients", &shop).await.json();
    canary.plant("a new client's secret", made["client_secret"].as_str().unwrap());
    let key = made["id"].as_str().unwrap();
    let again =
        wire.admin(&admin, Method::POST, &format!("/clients/{key}/secret"), &json!({})).await;
    canary.plant("shop", again.json()["client_secret"].as_str().unwrap());
    let mut tokens = wire.login().await;
    for _ in 0..3 {
        canary.plant("an access token", &tokens.access);
        canary.plant("a refresh token", &tokens.refresh);
        tokens = wire.refresh(&tokens.refresh).await.unwrap().tokens();
    }
    wire.introspect(&tokens.access).await.unwrap();
    // The first is reuse by now, which is written down.
    let first =
        canary.planted.iter().find(|(what, _)| *what == "a refresh token").unwrap().1.clone();
    canary.refused(&wire.refresh(&first).await.unwrap());
}

/// A sign-in from its beginning to its tokens. The redirect leads to a path of this server that does not
/// exist, so that the code and the state arrive there too.
async fn plant_in_the_browser(canary: &mut Canary, wire: &Wire) {
    let state = canary.plant("state", "canary-state-value");
    canary.plant("nonce", "canary-nonce-value");
    let redirect_uri = format!("{}/cb", wire.issuer());
    let query = encode([
        ("response_type", "code"),
        ("client_id", "shop"),
        ("redirect_uri", &redirect_uri),
        ("scope", "openid"),
        ("state", &state),
        ("nonce", "canary-nonce-value"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
    let mut visitor = Visitor::default();
    let page = visitor.open(&format!("{}/oauth/authorize?{query}", wire.issuer())).await;
    let typed = canary.plant("a password in the field for names", "canary-typed-as-name");
    let wrong = canary.plant("a wrong password", "canary wrong password");
    let again = visitor.submit(&page, &[("username", &typed), ("password", &wrong)]).await;
    assert_eq!(again.reply.status, 400);
    canary.plant("csrf", &again.reply.field("csrf"));
    let right = [("username", "anna"), ("password", "canary second password")];
    let question = visitor.submit(&again, &right).await;
    let answer = visitor.submit(&question, &[("decision", "allow")]).await;
    canary.refused(&answer.reply);
    let code = answer.url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    canary.plant("a code", &code);
    for (_, cookie) in visitor.cookies() {
        canary.plant("a cookie", &cookie);
    }
    let secret = canary.planted.iter().find(|(what, _)| *what == "shop").unwrap().1.clone();
    canary.plant("Basic of shop", basic("shop", &secret).trim_start_matches("Basic "));
    let form = encode([
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", VERIFIER),
    ]);
    canary.plant("a verifier", VERIFIER);
    let headers = [
        ("Host", "localhost"),
        ("Authorization", &*basic("shop", &secret)),
        ("Content-Type", FORM),
    ];
    let token = (&Method::POST, "/oauth/token");
    let tokens = exchange_with(wire.address, token, &headers, &form).await.unwrap().json();
    for (what, member) in
        [("access", "access_token"), ("refresh", "refresh_token"), ("id", "id_token")]
    {
        canary.plant(what, tokens[member].as_str().unwrap());
    }
    let hint = tokens["id_token"].as_str().unwrap();
    let out = format!("/oauth/logout?id_token_hint={hint}&state=canary-state-value");
    wire.get(&out).await.unwrap();
    // A second time it is a replay, which is written down.
    canary.refused(&exchange_with(wire.address, token, &headers, &form).await.unwrap());
}

/// Secrets where they do not belong, at every path that takes a body, and in what nobody reads.
async fn plant_in_requests(canary: &mut Canary, wire: &Wire) {
    let inside = canary.plant("in a broken body", "canary-broken-body");
    let query = canary.plant("in a query", "canary-query-secret");
    let header = canary.plant("in a header", "canary-header-secret");
    let cookie = canary.plant("in a cookie", "canary-cookie-secret");
    let bodies = [
        ("application/json", format!("{{\"password\": \"{inside}\", \"refresh_token\": [")),
        (
            "application/json",
            format!("{{\"username\": \"anna\", \"password\": {{\"{inside}\": 1}}}}"),
        ),
        ("application/json", format!("\"{inside}\"")),
        (FORM, format!("password={inside}&password={inside}&client_secret=%zz{inside}")),
        (FORM, format!("grant_type={inside}&code={inside}&refresh_token={inside}&token={inside}")),
        ("text/plain", inside.clone()),
    ];
    let paths = [
        "/login",
        "/logout",
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/introspect",
        "/signin",
        "/consent",
        "/account/password",
        "/revocations/applied",
        "/admin/v1/users",
        "/canary-broken-body/not/found",
    ];
    let cookie = format!("chancery_session={cookie}");
    for path in paths {
        for (content_type, body) in &bodies {
            for authorization in [
                format!("Bearer {header}"),
                basic("shop", &header),
                format!("Basic {header}"),
                format!("{header} {header}"),
            ] {
                let headers = [
                    ("Host", "localhost"),
                    ("Authorization", authorization.as_str()),
                    ("Content-Type", content_type),
                    ("Cookie", &cookie),
                    ("X-Client-Secret", &header),
                ];
                let target = format!("{path}?access_token={query}&client_secret={query}");
                let target = (&Method::POST, target.as_str());
                let reply = exchange_with(wire.address, target, &headers, body).await.unwrap();
                canary.refused(&reply);
            }
        }
    }
    for path in
        ["/oauth/userinfo", "/sessions", "/admin/v1/keys", "/oauth/authorize", "/revocations"]
    {
        let target = format!("{path}?access_token={query}&cursor={query}&client_id={query}");
        let headers =
            [("Host", "localhost"), ("Authorization", header.as_str()), ("Cookie", &cookie)];
        let reply =
            exchange_with(wire.address, (&Method::GET, &target), &headers, "").await.unwrap();
        canary.refused(&reply);
    }
}

/// Nothing that was planted is stored as it is, in whatever column.
async fn assert_not_stored(canary: &Canary, home: &Home) {
    let now = || Timestamp::from_millis(0);
    let store = Store::open(&home.database(), StoreOptions::default(), now).await.unwrap();
    for table in Table::EVERY {
        let rows =
            store.read(ExportRows { table: *table, after: None, limit: 1_000 }).await.unwrap();
        for cell in rows.iter().flatten() {
            let text = match cell {
                Cell::Text(Some(text)) => text.clone(),
                Cell::Bytes(Some(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
                _ => continue,
            };
            // The nonce goes into the ID token when the code comes back.
            let found =
                canary.found_in(&text).into_iter().filter(|found| !found.starts_with("nonce"));
            assert_eq!(found.collect::<Vec<_>>(), Vec::<String>::new(), "{}", table.name());
        }
    }
    store.close().await;
}

fn assert_not_told_by_commands(canary: &Canary, home: &Home) {
    for command in [
        &["config", "show"][..],
        &["--json", "config", "show"],
        &["doctor"],
        &["user", "list"],
        &["client", "list"],
        &["key", "list"],
        &["session", "list"],
    ] {
        let ran = home.run(command);
        canary.assert_not_in(&format!("{command:?}"), &format!("{}{}", ran.out, ran.err));
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
