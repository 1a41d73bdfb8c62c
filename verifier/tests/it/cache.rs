//! Tokens that are remembered are judged again by everything that can have changed.

use chancery_verifier::revocation::Kind;
use chancery_verifier::{Freshness, Reason, Rejection, Requirement, Settings};
use serde_json::json;

use super::support::{API, ISSUER, NOW, World, seconds};

fn hits(world: &World) -> u64 {
    world.verifier.state().counters.cache_hits
}

#[test]
fn a_repeated_token_is_recognised_and_counted() {
    let world = World::new();
    let token = world.token(json!({}));
    world.verify(&token).unwrap();
    assert_eq!(hits(&world), 0);
    world.verify(&token).unwrap();
    world.verify(&token).unwrap();
    let counters = world.verifier.state().counters;
    assert_eq!((counters.accepted, counters.cache_hits), (3, 2));
}

#[test]
fn c112_a_remembered_token_is_judged_again() {
    let world = World::new();
    let token = world.token(json!({}));
    world.verify(&token).unwrap();
    let lacking = Requirement::new().scope("admin");
    assert!(matches!(world.verify_for(&token, &lacking), Err(Rejection::InsufficientScope { .. })));
    world.step(seconds(60));
    let strict = Requirement::new().freshness(Freshness::Strict(seconds(59)));
    assert!(matches!(world.verify_for(&token, &strict), Err(Rejection::Stale { .. })));
    world.step(seconds(244));
    world.verify(&token).unwrap();
    world.step(seconds(1));
    assert_eq!(world.reason(&token), Reason::Expired);
    assert_eq!(hits(&world), 4);
}

#[test]
fn another_signature_of_the_same_claims_is_another_token() {
    let world = World::new();
    let token = world.token(json!({}));
    world.verify(&token).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let other = signature.chars().rev().collect::<String>();
    let refused = world.reason(&format!("{message}.{other}"));
    assert!(matches!(refused, Reason::Signature | Reason::Form));
    assert_eq!(hits(&world), 0);
}

#[test]
fn a_small_cache_forgets_and_none_remembers_nothing() {
    let small = World::with(Settings::new(ISSUER, API).cache_capacity(8));
    let token = |n: i32| small.token(json!({ "jti": n.to_string() }));
    for n in 0..100 {
        small.verify(&token(n)).unwrap();
    }
    for n in 0..100 {
        small.verify(&token(n)).unwrap();
    }
    assert_eq!(hits(&small), 0, "each one had gone again");
    small.verify(&token(99)).unwrap();
    assert_eq!(hits(&small), 1);

    let none = World::with(Settings::new(ISSUER, API).cache_capacity(0));
    for _ in 0..2 {
        none.verify(&none.token(json!({}))).unwrap();
    }
    assert_eq!(hits(&none), 0);
}

#[test]
fn rejections_are_counted_by_their_name() {
    let world = World::new();
    world.reason("x");
    world.reason(&world.token(json!({ "exp": NOW - 60, "iat": NOW - 90 })));
    world.revoke(1, Kind::All, "", Some(NOW));
    world.reason(&world.token(json!({})));
    world.reason(&world.token(json!({})));
    let rejected = world.verifier.state().counters.rejected;
    assert_eq!((rejected["form"], rejected["expired"], rejected["revoked"]), (1, 1, 2));
    assert_eq!(rejected.values().sum::<u64>(), 4);
}
