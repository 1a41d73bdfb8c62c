//! What a revocation hits.

use chancery_verifier::Reason;
use chancery_verifier::feed::{FeedDocument, PackedEntries};
use chancery_verifier::revocation::{Entry, Kind};
use serde_json::json;

use super::support::{NOW, World, claims, seconds};

/// What a revocation of each kind names in the token of these tests.
const NAMED: [(Kind, &str); 6] = [
    (Kind::Token, "token-1"),
    (Kind::Session, "session-1"),
    (Kind::Subject, "user-1"),
    (Kind::Client, "client-1"),
    (Kind::Key, "token-key"),
    (Kind::All, ""),
];

#[test]
fn c021_a_revocation_of_each_kind_refuses_the_next_request() {
    for (kind, value) in NAMED {
        let world = World::new();
        let token = world.token(json!({}));
        world.verify(&token).unwrap();
        let not_before = matches!(kind, Kind::Subject | Kind::Client | Kind::All).then_some(NOW);
        world.revoke(1, kind, value, not_before);
        assert_eq!(world.reason(&token), Reason::Revoked(kind), "a token that was seen before");
        let fresh = world.token(json!({ "unseen": true }));
        assert_eq!(world.reason(&fresh), Reason::Revoked(kind), "one that was not");
    }
}

#[test]
fn c021_the_second_of_the_revocation_is_hit_and_the_next_is_not() {
    for kind in [Kind::Subject, Kind::Client, Kind::All] {
        let (_, value) = NAMED.into_iter().find(|(named, _)| *named == kind).unwrap();
        let world = World::new();
        world.revoke(1, kind, value, Some(NOW));
        let issued = |iat: i64| world.token(json!({ "iat": iat }));
        assert_eq!(world.reason(&issued(NOW - 1)), Reason::Revoked(kind));
        assert_eq!(world.reason(&issued(NOW)), Reason::Revoked(kind));
        world.verify(&issued(NOW + 1)).unwrap();
    }
}

#[test]
fn c021_nobody_else_is_hit() {
    let world = World::new();
    for (seq, (kind, value)) in (1..).zip(NAMED.into_iter().filter(|named| named.0 != Kind::All)) {
        world.revoke(seq, kind, &format!("{value}-not"), Some(NOW));
        // The same text as a name of another kind.
        let others = Kind::EVERY.into_iter().filter(|other| *other != kind);
        let digests = others.map(|other| other.digest(value));
        assert!(digests.into_iter().all(|digest| digest != kind.digest(value)));
    }
    world.revoke(6, Kind::Session, "user-1", None);
    world.revoke(7, Kind::Token, "session-1", None);
    world.verify(&world.token(json!({}))).unwrap();
}

#[test]
fn c021_a_revocation_outlives_every_token_that_it_hits() {
    let world = World::new();
    let until = NOW + 3600 + 120;
    let entry =
        Entry { digest: Kind::Session.digest("session-1"), not_before: None, until: Some(until) };
    let entries = PackedEntries::pack([(Kind::Session, entry)]);
    world.absorb(&FeedDocument { entries, ..world.document(0, 1) }).unwrap();
    let token = world.token_key.token(&claims(json!({ "exp": NOW + 3660 })));
    for _ in 0..372 {
        let refused = world.reason(&token);
        assert!(matches!(refused, Reason::Revoked(_) | Reason::Expired), "{refused}");
        world.step(seconds(10));
        world.absorb(&world.document(1, 1)).unwrap();
    }
    assert_eq!(world.reason(&token), Reason::Expired);
    world.step(seconds(60));
    world.absorb(&world.document(1, 1)).unwrap();
    assert_eq!(world.verifier.state().entries, 0);
}

#[test]
fn only_a_signed_time_lets_a_revocation_go() {
    let world = World::new();
    world.revoke(1, Kind::Session, "session-1", None);
    world.clock.set(NOW + 1_000_000);
    world.absorb(&FeedDocument { time: NOW * 1000 + 1, ..world.document(1, 1) }).unwrap();
    assert_eq!(world.verifier.state().entries, 1);
    world.clock.set(NOW);
    assert_eq!(world.reason(&world.token(json!({}))), Reason::Revoked(Kind::Session));
}
