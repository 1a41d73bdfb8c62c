//! Key sets: which keys are used, and when a fetch is wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chancery_verifier::revocation::Kind;
use chancery_verifier::{Installed, KeyDemand, KeySetError, Reason, Rejection, Settings};
use serde_json::{Value, json};

use super::support::{API, ISSUER, Signer, World, claims, seconds};

#[test]
fn c004_a_hostile_kid_is_an_unknown_one() {
    let world = World::new();
    world.verifier.fetching_keys();
    let with_kid = |kid: Value| {
        let mut header = world.token_key.header();
        header["kid"] = kid;
        world.token_key.sign(&header, &claims(json!({})))
    };
    for kid in
        ["unknown", "../../../dev/null", "' OR 1=1--", "http://evil.example/k", "", "Token-key"]
    {
        assert_eq!(world.reason(&with_kid(json!(kid))), Reason::UnknownKey, "{kid}");
    }
    assert_eq!(world.reason(&with_kid(json!("token-key\0"))), Reason::Header);
    assert_eq!(world.reason(&with_kid(json!("k".repeat(10_000)))), Reason::TooLong);
    assert_eq!(world.reason(&with_kid(json!("k".repeat(2000)))), Reason::Header);
    for kid in [json!(1), json!(["token-key"]), json!({ "kid": "token-key" })] {
        assert_eq!(world.reason(&with_kid(kid)), Reason::Header);
    }
    let header = r#"{"alg":"EdDSA","typ":"at+jwt"}"#;
    let token = world.token_key.sign_text(header, claims(json!({})).to_string().as_bytes());
    assert_eq!(world.reason(&token), Reason::UnknownKey);
}

#[test]
fn c004_unknown_kids_cause_one_fetch_per_cool_down() {
    let world = World::with(Settings::new(ISSUER, API).cool_down(seconds(30)));
    let woken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&woken);
    world.verifier.on_demand(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let stranger = Signer::ed25519(3, "stranger");
    let asks = || assert_eq!(world.reason(&stranger.token(&claims(json!({})))), Reason::UnknownKey);

    assert_eq!(world.verifier.wants_keys(), KeyDemand::No);
    asks();
    assert_eq!(world.verifier.wants_keys(), KeyDemand::Now);
    world.verifier.fetching_keys();
    assert_eq!(world.verifier.wants_keys(), KeyDemand::No);
    for _ in 0..100 {
        asks();
    }
    assert_eq!(world.verifier.wants_keys(), KeyDemand::After(seconds(30)));
    world.install();
    asks();
    world.step(seconds(29));
    assert_eq!(world.verifier.wants_keys(), KeyDemand::After(seconds(1)));
    world.step(seconds(1));
    assert_eq!(world.verifier.wants_keys(), KeyDemand::Now);
    assert_eq!(woken.load(Ordering::Relaxed), 2);
    world.verifier.fetching_keys();
    world.also(&stranger);
    assert_eq!(world.verifier.wants_keys(), KeyDemand::No);
    world.verify(&stranger.token(&claims(json!({})))).unwrap();
}

#[test]
fn keys_that_the_feed_announces_are_fetched_at_once_and_not_in_a_loop() {
    let world = World::new();
    world.verifier.fetching_keys();
    let mut document = world.document(0, 0);
    document.jwks_hash = "another".into();
    world.absorb(&document).unwrap();
    assert_eq!(world.verifier.wants_keys(), KeyDemand::Now);
    world.verifier.fetching_keys();
    // The copy that came was a stale one.
    world.install();
    world.absorb(&document).unwrap();
    assert_eq!(world.verifier.wants_keys(), KeyDemand::After(seconds(30)));
    world.step(seconds(30));
    assert_eq!(world.verifier.wants_keys(), KeyDemand::Now);
    world.absorb(&world.document(0, 0)).unwrap();
    assert_eq!(world.verifier.wants_keys(), KeyDemand::No);
    // What an old document says of the keys is past.
    document.jwks_hash = "older".into();
    world.absorb(&document).unwrap();
    assert_eq!(world.verifier.wants_keys(), KeyDemand::No);
}

#[test]
fn c019_a_key_counts_as_long_as_it_is_published() {
    let world = World::new();
    let (next, token) = (Signer::ed25519(3, "next"), world.token(json!({})));
    world.also(&next);
    world.verify(&next.token(&claims(json!({})))).unwrap();
    world.verify(&token).unwrap();
    let only_next = json!({ "keys": [next.jwk()] }).to_string();
    world.verifier.install_keys(only_next.as_bytes()).unwrap();
    // Both what was verified before and what is new.
    assert_eq!(world.reason(&token), Reason::UnknownKey);
    assert_eq!(world.reason(&world.token(json!({ "jti": "other" }))), Reason::UnknownKey);
    world.verify(&next.token(&claims(json!({})))).unwrap();
}

#[test]
fn c019_another_key_under_the_same_kid_is_another_key() {
    let world = World::new();
    let token = world.token(json!({}));
    world.verify(&token).unwrap();
    let replaced = Signer::ed25519(3, "token-key");
    let jwks = json!({ "keys": [replaced.jwk()] }).to_string();
    world.verifier.install_keys(jwks.as_bytes()).unwrap();
    assert_eq!(world.reason(&token), Reason::UnknownKey);
    assert_eq!(world.reason(&world.token(json!({ "jti": "other" }))), Reason::Signature);
}

#[test]
fn c019_a_compromised_key_signs_nothing_however_long_it_lives() {
    let world = World::with(Settings::new(ISSUER, API).max_token_life(seconds(86_400 * 3650)));
    let far = world.token(json!({ "exp": super::support::NOW + 86_400 * 3000 }));
    world.verify(&far).unwrap();
    world.revoke(1, Kind::Key, "token-key", None);
    for _ in 0..2 {
        assert_eq!(world.reason(&far), Reason::Revoked(Kind::Key));
        // However often the key set still has it.
        world.install();
    }
    world.step(seconds(86_400 * 2999));
    world.absorb(&world.document(1, 1)).unwrap();
    assert_eq!(world.reason(&far), Reason::Revoked(Kind::Key));
}

#[test]
fn c020_keys_belong_to_their_issuer() {
    let (ours, other) = (World::new(), World::new());
    let foreign = Signer::ed25519(44, "token-key");
    other.verifier.install_keys(&other.jwks(&[])).unwrap();
    let by_foreign = foreign.token(&claims(json!({})));
    assert_eq!(ours.reason(&by_foreign), Reason::Signature);
    let of_other = ours.token(json!({ "iss": "https://other.example" }));
    assert_eq!(ours.reason(&of_other), Reason::Issuer);
}

#[test]
fn c027_a_bad_key_set_leaves_the_last_good_one() {
    let world = World::new();
    let spaces = [&world.jwks(&[])[..], &vec![b' '; 256 << 10]].concat();
    let many: Vec<Value> = (0..101).map(|n| Signer::ed25519(n, &n.to_string()).jwk()).collect();
    let only_feed = json!({ "keys": [{ "purpose": "revocations" }] });
    for (jwks, error) in [
        (&b"<html>busy</html>"[..], KeySetError::Malformed),
        (b"", KeySetError::Malformed),
        (b"[]", KeySetError::Malformed),
        (b"{}", KeySetError::Malformed),
        (br#"{"keys":{}}"#, KeySetError::Malformed),
        (br#"{"keys":[],"keys":[]}"#, KeySetError::Malformed),
        (br#"{"keys":[]}"#, KeySetError::Empty),
        (only_feed.to_string().as_bytes(), KeySetError::Empty),
        (json!({ "keys": many }).to_string().as_bytes(), KeySetError::TooMany),
        (&spaces, KeySetError::TooLong),
        (&vec![b'{'; 50 << 20], KeySetError::TooLong),
    ] {
        assert_eq!(world.verifier.install_keys(jwks), Err(error));
        world.verify(&world.token(json!({}))).unwrap();
    }
}

#[test]
fn c027_unusable_keys_are_left_out() {
    let world = World::new();
    let changed = |name: &str, value: Value| {
        let mut jwk = Signer::ed25519(3, "further").jwk();
        jwk[name] = value;
        jwk
    };
    let rsa = Signer::rsa("RS256", "further").jwk();
    let of_rsa = |name: &str, value: &str| {
        let mut jwk = rsa.clone();
        jwk[name] = json!(value);
        jwk
    };
    let p384 = Signer::ecdsa("ES384", "further").jwk();
    let short = &rsa["n"].as_str().unwrap()[..86];
    for jwk in [
        changed("kty", json!("oct")),
        changed("kty", json!("later")),
        changed("crv", json!("Ed448")),
        changed("x", json!("AAAA")),
        changed("x", json!(1)),
        changed("alg", json!("ES256")),
        changed("alg", json!("none")),
        changed("alg", json!("HS256")),
        changed("use", json!("later")),
        changed("key_ops", json!(["encrypt"])),
        changed("purpose", json!("later")),
        changed("kid", json!(7)),
        changed("d", json!("AAAA")),
        changed("k", json!("AAAA")),
        of_rsa("p", "AAAA"),
        of_rsa("n", short),
        of_rsa("n", &format!("AA{}", rsa["n"].as_str().unwrap())),
        of_rsa("e", "AQ"),
        of_rsa("e", "Aw"),
        of_rsa("e", "AQAA"),
        of_rsa("e", "AAEAAQ"),
        of_rsa("e", "AQAAAAAB"),
        of_rsa("alg", "ES256"),
        {
            let mut jwk = p384.clone();
            jwk["crv"] = json!("P-256");
            jwk
        },
        {
            let mut jwk = p384.clone();
            jwk["alg"] = json!("ES256");
            jwk
        },
        json!("no key"),
        json!(null),
    ] {
        let jwks = world.jwks(std::slice::from_ref(&jwk));
        assert_eq!(counts(world.verifier.install_keys(&jwks).unwrap()), [1, 1, 1], "{jwk}");
        world.verify(&world.token(json!({}))).unwrap();
    }
    for jwk in [rsa, p384, changed("key_ops", json!(["verify"])), changed("x5c", json!([]))] {
        let installed = world.verifier.install_keys(&world.jwks(&[jwk])).unwrap();
        assert_eq!(counts(installed), [2, 1, 0]);
    }
}

#[test]
fn c027_a_kid_that_stands_twice_is_nobodys() {
    let world = World::new();
    let (one, two) = (Signer::ed25519(3, "twice"), Signer::ed25519(4, "twice"));
    let installed = world.verifier.install_keys(&world.jwks(&[one.jwk(), two.jwk()])).unwrap();
    assert_eq!(counts(installed), [1, 1, 2]);
    for key in [one, two] {
        assert_eq!(world.reason(&key.token(&claims(json!({})))), Reason::UnknownKey);
    }
    // One for encryption is no rival.
    let mut encrypting = world.token_key.jwk();
    encrypting["use"] = json!("enc");
    world.verifier.install_keys(&world.jwks(&[encrypting])).unwrap();
    world.verify(&world.token(json!({}))).unwrap();
}

#[test]
fn a_key_that_names_no_algorithm_has_the_one_of_its_kind() {
    let world = World::new();
    for key in [Signer::ecdsa("ES256", "k"), Signer::rsa("RS256", "k"), Signer::ed25519(5, "k")] {
        let mut jwk = key.jwk();
        jwk.as_object_mut().unwrap().remove("alg");
        world.verifier.install_keys(&world.jwks(&[jwk])).unwrap();
        world.verify(&key.token(&claims(json!({})))).unwrap();
    }
}

#[test]
fn without_keys_nothing_is_ready_and_keys_are_wanted() {
    let world = World::unready(Settings::new(ISSUER, API));
    assert_eq!(world.verifier.wants_keys(), KeyDemand::Now);
    let refused = world.verify(&world.token(json!({}))).unwrap_err();
    assert!(matches!(refused, Rejection::NotReady { .. }));
    assert_eq!((refused.status(), refused.retry_after()), (503, Some(5)));
    assert!(!world.verifier.state().ready);
    world.verifier.fetching_keys();
    assert_eq!(world.verifier.wants_keys(), KeyDemand::After(seconds(30)));
}

/// How many keys are for tokens, how many for the feed, and how many of no use.
fn counts(installed: Installed) -> [usize; 3] {
    [installed.keys, installed.feed_keys, installed.unusable]
}
