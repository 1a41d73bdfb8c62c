//! Claims: issuer, audience, times, binding, scope.

use std::time::Duration;

use chancery_verifier::{Freshness, KeyDemand, Reason, Rejection, Requirement, Settings};
use serde_json::json;

use super::support::{API, ISSUER, NOW, Signer, World, claims, seconds};

#[test]
fn c010_exp_is_a_whole_number_that_lies_ahead() {
    let world = World::with(Settings::new(ISSUER, API).leeway(seconds(5)));
    let header = world.token_key.header().to_string();
    let good = claims(json!({ "exp": 4_242_424_242_i64 })).to_string();
    for bad in [
        "\"1800000300\"",
        "1e400",
        "-1",
        "null",
        "1.8e9",
        "1800000300.5",
        "true",
        "[1]",
        "18446744073709551615",
        "9223372036854775808",
        "1.7976931348623157e308",
        "9007199254740993",
    ] {
        let text = good.replace("4242424242", bad);
        let token = world.token_key.sign_text(&header, text.as_bytes());
        assert_eq!(world.reason(&token), Reason::Claims, "{bad}");
    }
    assert_eq!(world.reason(&world.token(json!({ "exp": null }))), Reason::Claims);
    let milliseconds = json!({ "exp": (NOW + 300) * 1000 });
    assert_eq!(world.reason(&world.token(milliseconds)), Reason::TooLongLived);
    let ending = |exp: i64| world.token(json!({ "exp": exp, "iat": NOW - 60 }));
    assert_eq!(world.reason(&ending(NOW - 5)), Reason::Expired);
    world.verify(&ending(NOW - 4)).unwrap();
    let exact = World::with(Settings::new(ISSUER, API).leeway(seconds(0)));
    assert_eq!(exact.reason(&ending(NOW)), Reason::Expired);
    exact.verify(&ending(NOW + 1)).unwrap();
}

#[test]
fn c010_leeway_is_a_minute_at_most_and_life_has_an_end() {
    let world = World::with(Settings::new(ISSUER, API).leeway(seconds(9999)));
    let ending = |exp: i64| world.token(json!({ "exp": exp, "iat": NOW - 600 }));
    assert_eq!(world.reason(&ending(NOW - 60)), Reason::Expired);
    world.verify(&ending(NOW - 59)).unwrap();
    world.verify(&world.token(json!({ "exp": NOW + 3660 }))).unwrap();
    assert_eq!(world.reason(&world.token(json!({ "exp": NOW + 3661 }))), Reason::TooLongLived);
}

#[test]
fn c011_nbf_and_iat_may_only_lie_a_little_ahead() {
    let world = World::new();
    world.verify(&world.token(json!({ "nbf": NOW + 5 }))).unwrap();
    assert_eq!(world.reason(&world.token(json!({ "nbf": NOW + 6 }))), Reason::NotYet);
    world.verify(&world.token(json!({ "iat": NOW + 5 }))).unwrap();
    world.verify(&world.token(json!({ "iat": NOW + 60 }))).unwrap();
    assert_eq!(world.reason(&world.token(json!({ "iat": NOW + 61 }))), Reason::NotYet);
    for bad in [json!("0"), json!(-1), json!(1.5), json!([])] {
        assert_eq!(world.reason(&world.token(json!({ "nbf": bad }))), Reason::Claims);
        assert_eq!(world.reason(&world.token(json!({ "iat": bad }))), Reason::Claims);
    }
    let null = claims(json!({ "nbf": 1 })).to_string().replace("\"nbf\":1", "\"nbf\":null");
    let token = world.token_key.sign_text(&world.token_key.header().to_string(), null.as_bytes());
    assert_eq!(world.reason(&token), Reason::Claims);
}

#[test]
fn c012_the_issuer_is_compared_exactly() {
    let world = World::new();
    for iss in [
        "https://as.example/",
        "https://AS.example",
        "http://as.example",
        "https://as.example:443",
        "https://аs.example",
        "https://xn--s-7sb.example",
        "https://as.example.evil",
        "https://as.exampl",
        "",
    ] {
        assert_eq!(world.reason(&world.token(json!({ "iss": iss }))), Reason::Issuer, "{iss}");
    }
    for iss in [json!(null), json!(1), json!([ISSUER])] {
        assert_eq!(world.reason(&world.token(json!({ "iss": iss }))), Reason::Claims);
    }
}

#[test]
fn c013_the_audience_is_one_of_ours() {
    let world = World::new();
    for aud in [
        json!([]),
        json!("https://other.example"),
        json!("https://api.example/"),
        json!("https://api"),
        json!("x https://api.example y"),
        json!(["https://api.example.evil"]),
    ] {
        assert_eq!(world.reason(&world.token(json!({ "aud": aud }))), Reason::Audience, "{aud}");
    }
    for aud in [json!(null), json!({ "0": API }), json!(7), json!([API, 7]), json!([[API]])] {
        assert_eq!(world.reason(&world.token(json!({ "aud": aud }))), Reason::Claims, "{aud}");
    }
    world.verify(&world.token(json!({ "aud": ["https://other.example", API] }))).unwrap();
}

#[test]
fn c013_a_route_may_want_one_audience_of_several() {
    let world = World::with(Settings::new(ISSUER, API).also_for("https://admin.example"));
    let admin = Requirement::new().audience("https://admin.example");
    let token = world.token(json!({}));
    world.verify(&token).unwrap();
    // Also of a token that is remembered.
    for _ in 0..2 {
        let refused = world.verify_for(&token, &admin);
        assert_eq!(refused, Err(Rejection::Invalid(Reason::Audience)));
    }
    world.verify_for(&world.token(json!({ "aud": "https://admin.example" })), &admin).unwrap();
}

#[test]
fn c013_a_route_cannot_widen_for_whom_tokens_are_accepted() {
    let world = World::new();
    let foreign = Requirement::new().audience("https://other.example");
    for aud in [json!("https://other.example"), json!(["https://other.example", API])] {
        let refused = world.verify_for(&world.token(json!({ "aud": aud })), &foreign);
        assert_eq!(refused, Err(Rejection::Invalid(Reason::Audience)), "{aud}");
    }
}

#[test]
fn claims_that_decide_nothing_may_have_any_form() {
    let world = World::new();
    for (roles, read) in [
        (json!(["a", { "value": "b", "primary": true }, 7, null, {}]), vec!["a", "b"]),
        (json!("a"), vec!["a"]),
        (json!({ "admin": true }), vec![]),
        (json!(1), vec![]),
    ] {
        let token = world.token(json!({ "roles": roles, "amr": roles }));
        let token = world.verify(&token).unwrap();
        let claims = token.claims();
        assert_eq!(
            (&claims.roles, &claims.amr),
            (&read.iter().map(|&one| one.into()).collect(), &claims.roles)
        );
    }
    let odd = json!({ "auth_time": 1.5, "acr": ["high"] });
    let token = world.verify(&world.token(odd)).unwrap();
    assert_eq!((token.claims().auth_time, &token.claims().acr), (None, &None));
    let null = claims(json!({ "roles": 1 }))
        .to_string()
        .replace("\"roles\":1", "\"roles\":null,\"amr\":null,\"acr\":null,\"auth_time\":null");
    let token = world.token_key.sign_text(&world.token_key.header().to_string(), null.as_bytes());
    assert!(world.verify(&token).unwrap().claims().roles.is_empty());
}

#[test]
fn settings_without_an_end_are_no_crash() {
    let settings = Settings::new(ISSUER, API).max_token_life(Duration::MAX);
    let settings = settings.max_stale(Duration::MAX).cool_down(Duration::MAX).leeway(Duration::MAX);
    let settings = settings.cache_capacity(usize::MAX).max_document(usize::MAX);
    let world = World::with(settings);
    let strict = Requirement::new().freshness(Freshness::Strict(Duration::MAX));
    world.verify_for(&world.token(json!({ "exp": NOW + (1 << 40) })), &strict).unwrap();
    world.verifier.fetching_keys();
    assert_eq!(
        world.reason(&Signer::ed25519(9, "other").token(&claims(json!({})))),
        Reason::UnknownKey
    );
    assert!(matches!(world.verifier.wants_keys(), KeyDemand::After(_)));
}

#[test]
fn required_claims_are_there_and_of_their_type() {
    let world = World::new();
    for name in ["sub", "client_id", "jti", "iat"] {
        assert_eq!(world.reason(&world.token(json!({ name: null }))), Reason::Claims, "{name}");
        assert_eq!(world.reason(&world.token(json!({ name: [1] }))), Reason::Claims, "{name}");
    }
    world.verify(&world.token(json!({ "sid": null, "scope": null, "unknown": [{}] }))).unwrap();
}

#[test]
fn c025_a_token_that_is_bound_to_a_key_is_no_bearer_token() {
    let world = World::new();
    for cnf in [json!({ "jkt": "x" }), json!({ "x5t#S256": "x" }), json!({}), json!(1)] {
        assert_eq!(world.reason(&world.token(json!({ "cnf": cnf }))), Reason::Bound);
    }
    let null = claims(json!({ "cnf": 1 })).to_string().replace("\"cnf\":1", "\"cnf\":null");
    let token = world.token_key.sign_text(&world.token_key.header().to_string(), null.as_bytes());
    assert_eq!(world.reason(&token), Reason::Bound);
}

#[test]
fn c026_a_scope_is_had_whole_or_not_at_all() {
    let world = World::new();
    let lacks = |scope: &str, wanted: &str| {
        let token = world.token(json!({ "scope": scope }));
        let refused = world.verify_for(&token, &Requirement::new().scope(wanted));
        let needed = wanted.to_owned();
        assert_eq!(refused, Err(Rejection::InsufficientScope { needed }), "{scope}: {wanted}");
    };
    lacks("read", "read:all");
    lacks("read:all", "read");
    lacks("preread", "read");
    lacks("READ", "read");
    lacks("", "read");
    lacks("read write", "read write");
    let none = world.token(json!({ "scope": null }));
    let both = Requirement::new().scope("read").scope("write");
    let refused = world.verify_for(&none, &both).unwrap_err();
    assert_eq!(refused, Rejection::InsufficientScope { needed: "read write".into() });
    assert_eq!(refused.status(), 403);
    world.verify_for(&world.token(json!({ "scope": "write x read" })), &both).unwrap();
    assert_eq!(world.reason(&world.token(json!({ "scope": ["read"] }))), Reason::Claims);
}
