//! How old the state may be, and what a wrong clock does.

use chancery_verifier::{Feed, Freshness, Reason, Rejection, Requirement, Settings};
use serde_json::json;

use super::support::{API, ISSUER, NOW, World, seconds};

fn strict(age: u64) -> Requirement {
    Requirement::new().freshness(Freshness::Strict(seconds(age)))
}

/// A token that is still good in an hour and more.
fn long_lived(world: &World) -> String {
    world.token(json!({ "exp": NOW + 7200 }))
}

fn long_living() -> Settings {
    Settings::new(ISSUER, API).max_token_life(seconds(7200))
}

#[test]
fn a_verifier_is_ready_with_keys_and_a_snapshot() {
    let world = World::unready(Settings::new(ISSUER, API));
    world.install();
    let token = world.token(json!({}));
    assert!(matches!(world.verify(&token), Err(Rejection::NotReady { .. })));
    assert_eq!(world.verifier.state().feed, Feed::NotYet);
    world.absorb(&world.document(3, 3)).unwrap();
    assert!(matches!(world.verify(&token), Err(Rejection::NotReady { .. })), "no snapshot");
    world.absorb(&world.document(0, 3)).unwrap();
    assert!(world.verifier.state().ready);
    world.verify(&token).unwrap();
}

#[test]
fn each_route_has_its_freshness() {
    let world = World::with(long_living().max_stale(seconds(3600)));
    let token = long_lived(&world);
    let by = |requirement: &Requirement| world.verify_for(&token, requirement);
    by(&strict(15)).unwrap();
    world.step(seconds(15));
    by(&strict(15)).unwrap();
    world.step(seconds(1));
    let stale = by(&strict(15)).unwrap_err();
    assert_eq!((stale.status(), stale.retry_after()), (503, Some(5)));
    by(&Requirement::new()).unwrap();
    world.step(seconds(3600 - 16));
    by(&Requirement::new()).unwrap();
    world.step(seconds(1));
    assert!(matches!(by(&Requirement::new()), Err(Rejection::Stale { .. })));
    assert!(!world.verifier.state().ready, "not while every route answers so");
    // No route is laxer than the settings.
    assert!(matches!(by(&strict(99_999)), Err(Rejection::Stale { .. })));
    world.absorb(&world.document(0, 0)).unwrap();
    by(&strict(15)).unwrap();
    assert!(world.verifier.state().ready);
}

#[test]
fn an_issuer_without_a_feed_is_accepted_and_named() {
    let world = World::unready(Settings::new(ISSUER, API));
    world.install();
    world.verifier.set_feed(false);
    let token = world.token(json!({}));
    world.verify(&token).unwrap();
    let state = world.verifier.state();
    assert_eq!((state.feed, state.ready, state.age), (Feed::None, true, None));
    let refused = world.verify_for(&token, &strict(15));
    assert_eq!(refused, Err(Rejection::NoFeed));
    assert_eq!(refused.unwrap_err().status(), 503);
}

#[test]
fn an_issuer_that_signs_documents_has_a_feed() {
    let world = World::unready(Settings::new(ISSUER, API));
    world.install();
    world.verifier.set_feed(false);
    world.absorb(&world.document(5, 6)).unwrap();
    world.verifier.set_feed(false);
    assert_eq!(world.verifier.state().feed, Feed::NotYet);
    assert!(matches!(world.verify(&world.token(json!({}))), Err(Rejection::NotReady { .. })));
}

#[test]
fn a_feed_that_was_read_once_does_not_vanish() {
    let world = World::with(long_living().max_stale(seconds(60)));
    world.verifier.set_feed(false);
    assert_eq!(world.verifier.state().feed, Feed::Following);
    world.step(seconds(61));
    assert!(matches!(world.verify(&long_lived(&world)), Err(Rejection::Stale { .. })));
}

#[test]
fn c028_a_clock_that_is_behind_accepts_nothing_longer() {
    let world = World::new();
    world.clock.set(NOW - 600);
    assert_eq!(world.verifier.state().clock_offset, Some(-600_000));
    let ending = world.token(json!({ "exp": NOW + 10 }));
    world.verify(&ending).unwrap();
    world.clock.step(seconds(15));
    assert_eq!(world.reason(&ending), Reason::Expired, "by the time of the issuer, carried on");
    // Nor is the state younger by it.
    assert_eq!(world.verifier.state().age, Some(seconds(15)));
    assert!(matches!(
        world.verify_for(&world.token(json!({})), &strict(14)),
        Err(Rejection::Stale { .. })
    ));
}

#[test]
fn c028_a_clock_that_is_ahead_refuses_and_shows_it() {
    let world = World::new();
    world.clock.set(NOW + 600);
    let state = world.verifier.state();
    assert_eq!((state.clock_offset, state.age), (Some(600_000), Some(seconds(600))));
    assert_eq!(world.reason(&world.token(json!({}))), Reason::Expired);
    assert!(matches!(
        world.verify_for(&world.token(json!({ "exp": NOW + 3600 })), &strict(15)),
        Err(Rejection::Stale { .. })
    ));
    world.clock.set(NOW);
    world.verify(&world.token(json!({}))).unwrap();
}

#[test]
fn c028_without_a_feed_a_clock_that_is_behind_refuses_what_comes_from_ahead() {
    let world = World::unready(Settings::new(ISSUER, API));
    world.install();
    world.verifier.set_feed(false);
    world.clock.set(NOW - 600);
    assert_eq!(world.reason(&world.token(json!({}))), Reason::NotYet);
}

#[test]
fn c028_an_absurd_clock_accepts_nothing_and_crashes_nothing() {
    let (with_feed, without) = (World::new(), World::unready(Settings::new(ISSUER, API)));
    without.install();
    without.verifier.set_feed(false);
    for absurd in [i64::MIN / 1000, -1, 0, i64::MAX / 1000] {
        without.clock.set(absurd);
        assert!(without.verify(&without.token(json!({}))).is_err());
        // By the time that the issuer has signed a token that has ended is over in any case.
        with_feed.clock.set(absurd);
        let over = with_feed.token(json!({ "exp": NOW - 5 }));
        assert_eq!(with_feed.reason(&over), Reason::Expired);
        assert_eq!(
            with_feed.verifier.state().clock_offset,
            Some((absurd * 1000).saturating_sub(NOW * 1000))
        );
    }
}
