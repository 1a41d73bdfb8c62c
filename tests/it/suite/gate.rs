//! The gate, asked as a proxy asks it, beside a server; both run as processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chancery::config::{Config, Sources};
use chancery::gate::Gate;
use chancery_verifier::client::{Client, ClientSettings};
use chancery_verifier::{Clock, SystemClock, Verifier};

use super::BACKEND;
use crate::support::{GateProcess, Home, Installation, Serving, Wire, ask, claims, until};

const AUDIENCE: &str = "https://demo-api.example";
const FOUR: [&str; 4] = ["x-auth-subject", "x-auth-client", "x-auth-scope", "x-auth-session"];

fn start(wire: &Wire, more: &[(&str, &str)]) -> GateProcess {
    let issuer = wire.issuer();
    let needed =
        [("CHANCERY_GATE__ISSUER", issuer.as_str()), ("CHANCERY_GATE__AUDIENCES", AUDIENCE)];
    GateProcess::start(&[&needed, more].concat())
}

fn serve() -> Option<(Home, Serving, Wire)> {
    let mut home = Home::new(BACKEND)?;
    let serving = home.serve();
    let wire = home.wire(&serving);
    Some((home, serving, wire))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c026_a_token_is_judged_by_what_the_proxy_asks() {
    let Some((_home, _serving, wire)) = serve() else { return };
    let gate = start(&wire, &[]);
    gate.ready().await;
    let token = wire.login().await.access;
    let passed = gate.verify("?scope=read&scope=write&audience=https://demo-api.example", &token);
    let passed = passed.await;
    assert_eq!((passed.status.as_u16(), passed.body.as_str()), (200, ""), "{passed:?}");
    let claims = claims(&token);
    for (header, claim) in FOUR.iter().zip(["sub", "client_id", "scope", "sid"]) {
        assert_eq!(passed.header(header), claims[claim].as_str().unwrap(), "{header}");
    }

    // C026
    let short = gate.verify("?scope=read&scope=admin", &token).await;
    assert_eq!(short.status, 403, "{short:?}");
    let challenge = "Bearer realm=\"api\", error=\"insufficient_scope\", \
                     error_description=\"The access token lacks a scope\", scope=\"admin read\"";
    assert_eq!(short.header("www-authenticate"), challenge);
    // C013
    let elsewhere = gate.verify("", &wire.admin_token().await).await;
    assert_eq!(elsewhere.status, 401, "{elsewhere:?}");
    assert_eq!(gate.verify("?audience=https://other.example", &token).await.status, 500);
    assert_eq!(gate.verify(&format!("?access_token={token}"), &token).await.status, 500);
    // What follows the path is the end client's, and asks for nothing.
    assert_eq!(gate.verify("/orders?scope=admin", &token).await.status, 200);
    assert_eq!(gate.verify("/../healthz", "no.good.token").await.status, 401);
    for refused in [short, elsewhere] {
        assert!(FOUR.iter().all(|name| !refused.headers.contains_key(*name)), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c017_what_is_too_long_is_refused() {
    let Some((_home, _serving, wire)) = serve() else { return };
    let gate = start(&wire, &[]);
    gate.ready().await;
    let token = wire.login().await.access;
    for (length, status) in [(9 << 10, 401), (17 << 10, 431), (1 << 20, 431)] {
        let long = format!("{token}{}", "a".repeat(length - token.len()));
        let refused = gate.verify("", &long).await;
        assert_eq!(refused.status, status, "{length}");
        assert!(FOUR.iter().all(|name| !refused.headers.contains_key(*name)), "{refused:?}");
    }
    assert_eq!(gate.verify("", &token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_without_a_session_has_all_four_headers() {
    let Some((_home, _serving, wire)) = serve() else { return };
    let gate = start(&wire, &[]);
    gate.ready().await;
    let form = "grant_type=client_credentials&scope=read";
    let token = wire.form("/oauth/token", form).await.unwrap().tokens().access;
    let passed = gate.verify("", &token).await;
    assert_eq!(passed.status, 200, "{passed:?}");
    let values: Vec<_> = FOUR.iter().map(|name| passed.headers[*name].to_str().unwrap()).collect();
    let subject = claims(&token)["sub"].as_str().unwrap().to_owned();
    assert_eq!(values, [subject.as_str(), "demo", "read", ""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c021_a_revocation_reaches_the_gate_and_nobody_introspects() {
    let Some((_home, _serving, wire)) = serve() else { return };
    let gate = start(&wire, &[]);
    gate.ready().await;
    let (ended, other) = (wire.login().await, wire.login().await);
    for token in [&ended.access, &other.access] {
        assert_eq!(gate.verify("?freshness=strict", token).await.status, 200);
    }
    wire.revoke(&ended.refresh).await.unwrap();
    let refused = gate.until(401, "", &ended.access).await;
    let challenge = "Bearer realm=\"api\", error=\"invalid_token\", \
                     error_description=\"The access token is not accepted\"";
    assert_eq!(refused.header("www-authenticate"), challenge);
    assert_eq!(gate.verify("", &other.access).await.status, 200);

    let of_server = wire.get("/metrics").await.unwrap().body;
    assert!(of_server.contains("route=\"/oauth/revoke\""), "{of_server}");
    assert!(!of_server.contains("route=\"/oauth/introspect\""), "{of_server}");
    let of_gate = ask(gate.address, "/metrics", &[]).await.body;
    for line in ["chancery_verifier_ready 1", "chancery_verifier_revocations 1"] {
        assert!(of_gate.lines().any(|it| it == line), "{line}: {of_gate}");
    }
    for outcome in ["passed", "invalid_token"] {
        let counted = format!("chancery_gate_requests_total{{outcome=\"{outcome}\"}} ");
        assert!(of_gate.contains(&counted), "{of_gate}");
    }
    // What is rare is there before it happens.
    let misconfigured = r#"chancery_gate_requests_total{outcome="misconfigured"} 0"#;
    assert!(of_gate.lines().any(|it| it == misconfigured), "{of_gate}");
    assert!(!of_gate.contains("chancery_hashes_total"), "{of_gate}");
    assert!(of_gate.contains("chancery_verifier_state_age_seconds "), "{of_gate}");
    assert!(of_gate.contains("chancery_verifier_client_streams_total "), "{of_gate}");

    assert_eq!(gate.files(), [""; 0], "a gate needs no folder");
    let (code, log) = gate.end();
    assert_eq!(code, Some(0), "{log}");
    // C141
    for token in [&ended.access, &other.access, &ended.refresh] {
        assert!(!log.contains(token.as_str()), "{log}");
        assert!(!log.contains(token.rsplit('.').next().unwrap()), "{log}");
    }
    assert!(log.contains("\"reason\":\"revoked\""), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_takes_a_stream_for_dead_that_is_silent_for_as_long_as_it_is_told() {
    let Some((_home, _serving, wire)) = serve() else { return };
    // A heartbeat comes every five seconds.
    let gate = start(&wire, &[("CHANCERY_GATE__SILENCE", "1s")]);
    gate.ready().await;
    until(200, async || {
        let mut reply = ask(gate.address, "/metrics", &[]).await;
        let failures = reply.body.lines().find_map(|line| {
            line.split_once("client_stream_failures_total ")?.1.parse::<u64>().ok()
        });
        if failures == Some(0) {
            reply.status = http::StatusCode::NO_CONTENT;
        }
        reply
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c023_a_gate_outlives_its_issuer_until_it_knows_too_little() {
    let Some((_home, serving, wire)) = serve() else { return };
    let clock = Arc::new(Ahead { clock: SystemClock::start(), millis: AtomicU64::new(0) });
    let environment = [
        ("CHANCERY_GATE__AUDIENCES", AUDIENCE),
        ("CHANCERY_GATE__MAX_STALE", "2m"),
        ("CHANCERY_GATE__STRICT_MAX_STALE", "30s"),
    ];
    let nothing = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    let settings = Config::load(&Sources::new(environment, nothing, 1)).unwrap().gate;
    let verifier = Gate::verifier_settings(&settings, &wire.issuer()).unwrap();
    let verifier = Verifier::with_clock(verifier, clock.clone());
    let client = Client::start(verifier.clone(), ClientSettings::new()).unwrap();
    client.ready().await;
    let gate = Gate::new(settings, verifier);
    let token = wire.login().await.access;
    let asked = |behind: &str| {
        let request = http::Request::get(format!("/verify{behind}"))
            .header("Authorization", format!("Bearer {token}"));
        gate.answer(&request.body(()).unwrap().into_parts().0)
    };
    assert_eq!(asked("?freshness=strict").status(), 200);
    serving.kill();
    assert_eq!(asked("?freshness=strict").status(), 200);
    clock.pass(Duration::from_mins(1));
    let strict = asked("?freshness=strict");
    assert_eq!(strict.status(), 503);
    assert!(strict.headers().contains_key("retry-after"));
    assert_eq!(asked("").status(), 200);
    clock.pass(Duration::from_secs(61));
    let standard = asked("");
    assert_eq!(standard.status(), 503);
    assert!(standard.headers().contains_key("retry-after"));
    assert!(FOUR.iter().all(|name| !standard.headers().contains_key(*name)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c023_a_gate_starts_while_its_issuer_is_down() {
    let Some((home, serving, wire)) = serve() else { return };
    let state = home.path("gate.state");
    let kept = [("CHANCERY_GATE__STATE", state.to_str().unwrap())];
    let tokens = wire.login().await;
    let gate = start(&wire, &kept);
    gate.ready().await;
    wire.revoke(&wire.login().await.refresh).await.unwrap();
    assert_eq!(gate.end().0, Some(0));
    serving.kill();

    let unknowing = start(&wire, &[]);
    let early = unknowing.verify("", &tokens.access).await;
    assert_eq!(early.status, 503, "{early:?}");
    assert!(!early.header("retry-after").is_empty(), "{early:?}");
    assert_eq!(ask(unknowing.address, "/readyz", &[]).await.status, 503);
    assert_eq!(ask(unknowing.address, "/healthz", &[]).await.status, 200);
    let knowing = start(&wire, &kept);
    knowing.ready().await;
    assert_eq!(knowing.verify("", &tokens.access).await.status, 200);

    let _again = home.serve_again();
    unknowing.ready().await;
    assert_eq!(unknowing.verify("", &tokens.access).await.status, 200);
    wire.revoke(&tokens.refresh).await.unwrap();
    for gate in [unknowing, knowing] {
        gate.until(401, "", &tokens.access).await;
    }
}

#[tokio::test]
async fn a_gate_that_cannot_serve_says_why() {
    let Some(installation) = Installation::empty(BACKEND) else { return };
    installation.run("gate").fails(2, "--audience https://api.example");
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let ran = installation.run(&format!("gate --audience https://api.example --listen {address}"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("CHANCERY_GATE__LISTEN"), "{ran:?}");
    installation.run("gate --issuer http://as.example").fails(2, "an https URL");
}

/// A clock ahead of this machine's by as much as a test says.
struct Ahead {
    clock: SystemClock,
    millis: AtomicU64,
}

impl Ahead {
    fn pass(&self, span: Duration) {
        self.millis.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Ahead {
    fn now(&self) -> i64 {
        self.clock.now() + i64::try_from(self.millis.load(Ordering::Relaxed)).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic() + Duration::from_millis(self.millis.load(Ordering::Relaxed))
    }
}
