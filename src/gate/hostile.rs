//! Hostile tokens at the gate, by the ids of docs/requirements.md. What they cannot reach is the
//! verifier's own tests; these show that the gate has no other way to an answer.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chancery_verifier::Clock;
use chancery_verifier::feed::{FEED_TYPE, PackedEntries, jwks_hash};
use chancery_verifier::revocation::{Entry, Kind};
use http::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};

use super::*;
use crate::config::{Config, Sources};

#[path = "../../verifier/tests/client/support/keys.rs"]
mod keys;

use keys::Key;

const ISSUER: &str = "https://as.example";
const AUDIENCE: &str = "https://api.example";
const NOW: i64 = 1_800_000_000;

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> i64 {
        NOW * 1000
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// A gate that knows the keys and the revocations of an issuer, and these keys.
struct Site {
    gate: Gate,
    token_key: Key,
    feed_key: Key,
}

impl Site {
    fn new() -> Self {
        let nothing = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
        let environment = [("CHANCERY_GATE__AUDIENCES", AUDIENCE)];
        let settings = Config::load(&Sources::new(environment, nothing, 1)).unwrap().gate;
        let verifier = Gate::verifier_settings(&settings, ISSUER).unwrap();
        let verifier = Verifier::with_clock(verifier, Arc::new(Still));
        let (token_key, feed_key) = (Key::of_tokens("t1"), Key::of_feed("f1"));
        let jwks = json!({ "keys": [token_key.jwk(), feed_key.jwk()] }).to_string();
        verifier.install_keys(jwks.as_bytes()).unwrap();
        let site = Self { gate: Gate::new(settings, verifier), token_key, feed_key };
        site.absorb(0, &json!({}));
        site
    }

    /// Takes the feed's document up to `seq`.
    fn absorb(&self, seq: i64, entries: &Value) {
        let document = json!({
            "iss": ISSUER, "iat": NOW, "exp": NOW + 60, "epoch": 1, "prev_seq": 0, "seq": seq,
            "cursor": "c", "time": NOW * 1000, "jwks_hash": jwks_hash(["t1", "f1"]),
            "entries": entries,
        });
        self.gate.verifier.absorb(&self.feed_key.sign(FEED_TYPE, &document)).unwrap();
    }

    /// A token with these members in the place of those of a good one.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let good = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "t1" });
        self.token_key.sign_with(&changed(good, header), &changed(claims_of_good(), claims))
    }

    /// Status, and the code of the challenge.
    fn ask(&self, query: &str, token: &str) -> (u16, String) {
        let request = http::Request::get(format!("/verify{query}"))
            .header("Authorization", format!("Bearer {token}"));
        let answer = self.gate.answer(&request.body(()).unwrap().into_parts().0);
        let challenge = answer.headers().get(WWW_AUTHENTICATE);
        let challenge = challenge.map_or("", |value| value.to_str().unwrap());
        let code = challenge.split("error=\"").nth(1).and_then(|rest| rest.split('"').next());
        let identified = answer.headers().keys().any(|name| name.as_str().starts_with("x-auth"));
        assert_eq!(identified, answer.status() == 200);
        (answer.status().as_u16(), code.unwrap_or_default().to_owned())
    }

    /// Asserts that a token with any of these changes is no good.
    #[track_caller]
    fn refuses(&self, changes: &[(Value, Value)]) {
        for (header, claims) in changes {
            let answer = self.ask("", &self.token(header, claims));
            assert_eq!(answer, invalid(), "{header} {claims}");
        }
        assert_eq!(self.ask("", &self.token(&json!({}), &json!({}))).0, 200);
    }

    #[track_caller]
    fn refuses_header(&self, change: Value) {
        self.refuses(&[(change, json!({}))]);
    }

    #[track_caller]
    fn refuses_claims(&self, changes: impl IntoIterator<Item = Value>) {
        let changes: Vec<_> = changes.into_iter().map(|change| (json!({}), change)).collect();
        self.refuses(&changes);
    }
}

fn claims_of_good() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "client_id": "c-1", "jti": "j-1",
        "sid": "s-1", "iat": NOW - 10, "exp": NOW + 290, "scope": "read",
    })
}

fn changed(mut good: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        good[name] = value.clone();
    }
    good
}

fn invalid() -> (u16, String) {
    (401, "invalid_token".to_owned())
}

#[test]
fn c001_no_algorithm() {
    Site::new().refuses_header(json!({ "alg": "none" }));
}

#[test]
fn c002_c003_an_algorithm_that_is_not_the_keys() {
    let site = Site::new();
    for algorithm in ["HS256", "ES384", "RS256"] {
        site.refuses_header(json!({ "alg": algorithm }));
    }
}

#[test]
fn c005_keys_and_addresses_in_the_header_are_not_used() {
    let (site, thief) = (Site::new(), Key::of_tokens("t2"));
    for name in ["jwk", "jku", "x5u"] {
        let mut header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "t1" });
        header[name] =
            if name == "jwk" { thief.jwk() } else { json!("https://thief.example/keys") };
        assert_eq!(site.ask("", &thief.sign_with(&header, &claims_of_good())), invalid(), "{name}");
    }
}

#[test]
fn c006_an_extension_is_not_overlooked() {
    Site::new().refuses_header(json!({ "crit": ["b64"], "b64": false }));
}

#[test]
fn c007_c008_another_signature_and_another_spelling() {
    let site = Site::new();
    let token = site.token(&json!({}), &json!({}));
    let (signed, _) = token.rsplit_once('.').unwrap();
    let zero = BASE64_URL_SAFE_NO_PAD.encode([0; 64]);
    for other in [format!("{signed}.{zero}"), format!("{signed}."), format!("{token}=")] {
        assert_eq!(site.ask("", &other), invalid(), "{other}");
    }
}

#[test]
fn c009_a_member_that_stands_twice() {
    #[derive(serde::Serialize)]
    struct Twice {
        sub: &'static str,
        #[serde(flatten)]
        good: Value,
    }
    let site = Site::new();
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "t1" });
    let twice = Twice { sub: "u-2", good: claims_of_good() };
    assert_eq!(serde_json::to_string(&twice).unwrap().matches("\"sub\":").count(), 2);
    assert_eq!(site.ask("", &site.token_key.sign_with(&header, &twice)), invalid());
    assert_eq!(site.ask("", &site.token_key.sign_with(&header, &twice.good)).0, 200);
}

#[test]
fn c010_c011_times() {
    Site::new().refuses_claims([
        json!({ "exp": NOW - 120 }),
        json!({ "exp": null }),
        json!({ "exp": "2100" }),
        json!({ "nbf": NOW + 120 }),
        json!({ "iat": NOW + 120 }),
    ]);
}

#[test]
fn c012_c013_another_issuer_or_audience() {
    Site::new().refuses_claims([
        json!({ "iss": "https://as.example/" }),
        json!({ "iss": "https://other.example" }),
        json!({ "aud": "https://api.example.org" }),
        json!({ "aud": [] }),
    ]);
}

#[test]
fn c014_other_kinds_of_token() {
    for kind in ["JWT", "id_token+jwt", FEED_TYPE] {
        Site::new().refuses_header(json!({ "typ": kind }));
    }
}

#[test]
fn c018_a_name_that_is_no_value_of_a_header() {
    Site::new().refuses_claims([
        json!({ "sub": "u-1\r\nX-Auth-Scope: admin" }),
        json!({ "sub": " u-1" }),
        json!({ "client_id": "c\u{0}" }),
        json!({ "sid": "ü" }),
    ]);
}

#[test]
fn c021_each_revocation_is_obeyed_at_the_next_request() {
    let named = Kind::EVERY.into_iter().zip(["j-1", "s-1", "u-1", "c-1", "t1", ""]);
    for (kind, name) in named {
        let site = Site::new();
        let token = site.token(&json!({}), &json!({}));
        assert_eq!(site.ask("", &token).0, 200);
        let entry = Entry { digest: kind.digest(name), not_before: None, until: None };
        site.absorb(1, &json!(PackedEntries::pack([(kind, entry)])));
        assert_eq!(site.ask("", &token), invalid(), "{kind:?}");
    }
}

#[test]
fn c025_a_token_that_is_bound_to_a_key() {
    Site::new().refuses_claims([
        json!({ "cnf": { "jkt": "a" } }),
        json!({ "cnf": { "x5t#S256": "a" } }),
        json!({ "cnf": null }),
    ]);
}

#[test]
fn c026_a_scope_is_had_whole_or_not_at_all() {
    let site = Site::new();
    let needed = (403, "insufficient_scope".to_owned());
    for (granted, wanted) in [("read", "rea"), ("read:all", "read"), ("Read", "read"), ("", "a")] {
        let token = site.token(&json!({}), &json!({ "scope": granted }));
        assert_eq!(site.ask(&format!("?scope={wanted}"), &token), needed, "{granted} {wanted}");
    }
    site.refuses_claims([json!({ "scope": ["read"] })]);
}
