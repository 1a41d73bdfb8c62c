//! State that is kept over a restart.

use chancery_verifier::feed::FeedDocument;
use chancery_verifier::revocation::Kind;
use chancery_verifier::{Absorbed, ImportError, Reason, Rejection, Settings};
use serde_json::json;

use super::support::{API, EPOCH, ISSUER, NOW, World, entries, seconds};

fn saved() -> (World, Vec<u8>) {
    let world = World::new();
    world.revoke(1, Kind::Session, "session-1", None);
    world.revoke(2, Kind::Subject, "user-2", Some(NOW));
    let state = world.verifier.export();
    (world, state)
}

#[test]
fn a_verifier_goes_on_from_what_was_saved() {
    let (before, state) = saved();
    let world = World::unready(Settings::new(ISSUER, API));
    world.step(seconds(30));
    world.verifier.import(&state).unwrap();
    let told = world.verifier.state();
    assert_eq!((told.ready, told.entries, told.age), (true, 2, Some(seconds(30))));
    assert_eq!(told.jwks_hash, before.verifier.state().jwks_hash);
    assert_eq!(world.verifier.position(), before.verifier.position());
    assert_eq!(world.reason(&world.token(json!({}))), Reason::Revoked(Kind::Session));
    assert_eq!(
        world.reason(&world.token(json!({ "sid": null, "sub": "user-2" }))),
        Reason::Revoked(Kind::Subject)
    );
    world.verify(&world.token(json!({ "sid": "other" }))).unwrap();
    assert_eq!(world.absorb(&world.document(2, 3)), Ok(Absorbed::Advanced));
}

#[test]
fn a_saved_state_ages_while_it_lies_there() {
    let (_, state) = saved();
    let world = World::unready(Settings::new(ISSUER, API).max_stale(seconds(60)));
    world.step(seconds(61));
    world.verifier.import(&state).unwrap();
    let token = world.token(json!({ "sid": "other" }));
    assert!(matches!(world.verify(&token), Err(Rejection::Stale { .. })));
    world.clock.set(NOW - 600);
    assert_eq!(world.reason(&world.token(json!({}))), Reason::Revoked(Kind::Session));
}

#[test]
fn c028_a_restart_by_a_clock_that_is_behind_makes_nothing_younger() {
    let before = World::with(Settings::new(ISSUER, API).max_stale(seconds(60)));
    before.clock.set(NOW - 600);
    let token = before.token(json!({ "exp": NOW + 30 }));
    before.step(seconds(40));
    assert_eq!(before.verifier.state().age, Some(seconds(40)));
    assert_eq!(before.reason(&token), Reason::Expired);
    // Over two restarts, each of which is as short as it seems.
    let mut state = before.verifier.export();
    for age in [40, 55] {
        let world = World::unready(Settings::new(ISSUER, API).max_stale(seconds(60)));
        world.clock.set(NOW - 560);
        world.verifier.import(&state).unwrap();
        assert_eq!(world.verifier.state().age, Some(seconds(age)));
        assert_eq!(world.reason(&token), Reason::Expired);
        world.step(seconds(15));
        state = world.verifier.export();
    }
    let world = World::unready(Settings::new(ISSUER, API).max_stale(seconds(60)));
    world.clock.set(NOW - 560);
    world.verifier.import(&state).unwrap();
    let fresh = world.token(json!({}));
    assert!(matches!(world.verify(&fresh), Err(Rejection::Stale { .. })));
}

#[test]
fn c023_a_saved_position_of_a_key_that_is_revoked_is_not_taken_up() {
    let (before, state) = saved();
    let world = World::unready(Settings::new(ISSUER, API));
    let next = super::support::Signer::ed25519(5, "next-feed-key");
    let mut jwk = next.jwk();
    jwk["purpose"] = json!("revocations");
    world.verifier.install_keys(&before.jwks(&[jwk])).unwrap();
    let news =
        FeedDocument { entries: entries(Kind::Key, "feed-key", None), ..world.document(2, 3) };
    assert_eq!(world.verifier.absorb(&next.document(&news)), Ok(Absorbed::Gap));
    world.verifier.import(&state).unwrap();
    assert_eq!((world.verifier.position(), world.verifier.state().age), (None, None));
    // What it revoked stays revoked.
    assert_eq!(world.reason(&world.token(json!({}))), Reason::Revoked(Kind::Session));
}

#[test]
fn what_was_saved_never_weakens_what_is_known() {
    let (_, state) = saved();
    let world = World::new();
    world.revoke(1, Kind::Session, "later", None);
    world.absorb(&world.document(1, 50)).unwrap();
    let next = super::support::Signer::ed25519(5, "next");
    world.also(&next);
    let known = world.verifier.state();
    world.verifier.import(&state).unwrap();
    let told = world.verifier.state();
    assert_eq!(
        (told.position, told.jwks_hash, told.keys),
        (known.position, known.jwks_hash, known.keys)
    );
    assert_eq!(told.entries, 3);
    for session in ["session-1", "later"] {
        let token = world.token(json!({ "sid": session }));
        assert_eq!(world.reason(&token), Reason::Revoked(Kind::Session));
    }
}

#[test]
fn a_saved_time_that_lay_ahead_stays_behind_with_its_life_of_the_log() {
    let before = World::new();
    before.step(seconds(86_400));
    before.absorb(&before.document(0, 1)).unwrap();
    before.clock.set(NOW);
    let world = World::new();
    let renewed = FeedDocument { epoch: EPOCH + 1, ..world.document(0, 1) };
    world.absorb(&renewed).unwrap();
    world.verifier.import(&before.verifier.export()).unwrap();
    assert_eq!(world.verifier.state().clock_offset, Some(0));
    world.verify(&world.token(json!({}))).unwrap();
}

#[test]
fn a_damaged_or_foreign_state_is_refused_whole() {
    let (_, state) = saved();
    let other = World::unready(Settings::new("https://other.example", API));
    assert_eq!(other.verifier.import(&state), Err(ImportError::Issuer));
    let world = World::unready(Settings::new(ISSUER, API));
    let mut flipped = state.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let end = state.iter().position(|byte| *byte == b'\n').unwrap();
    let head = str::from_utf8(&state[..end]).unwrap();
    let with = |part: &str, other: &str| {
        assert!(head.contains(part), "{head}");
        [head.replace(part, other).as_bytes(), &state[end..]].concat()
    };
    let newer = with("\"version\":1", "\"version\":2");
    let later = with("\"7.2\"", "\"7.3\"");
    let broken: [&[u8]; 7] = [
        &later,
        b"",
        b"{}\n",
        &state[..state.len() - 1],
        &state[..state.len() - 32],
        &flipped,
        &newer,
    ];
    for broken in broken {
        assert_eq!(world.verifier.import(broken), Err(ImportError::Malformed));
        assert_eq!(world.verifier.state().entries, 0);
        assert!(!world.verifier.state().ready);
    }
}
