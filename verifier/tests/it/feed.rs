//! The feed and its faults: nothing that could be known is ever lost, and loss is never silence.

use chancery_verifier::feed::{FeedDocument, PackedEntries};
use chancery_verifier::revocation::{Digest, Entry, Kind};
use chancery_verifier::{
    Absorbed, Feed, FeedError, KeyDemand, Reason, Rejection, Requirement, Settings,
};
use serde_json::{Value, json};

use super::support::{API, EPOCH, ISSUER, NOW, Signer, World, entries, feed_header, seconds};

/// A document that revokes one session of this name.
fn revoking(world: &World, prev_seq: i64, seq: i64, session: &str) -> FeedDocument {
    FeedDocument { entries: entries(Kind::Session, session, None), ..world.document(prev_seq, seq) }
}

fn seq(world: &World) -> i64 {
    world.verifier.position().unwrap().seq
}

#[track_caller]
fn assert_revoked(world: &World, session: &str) {
    let token = world.token(json!({ "sid": session }));
    assert_eq!(world.reason(&token), Reason::Revoked(Kind::Session));
}

#[test]
fn documents_move_the_position_and_heartbeats_do_not() {
    let world = World::new();
    assert_eq!(world.absorb(&revoking(&world, 0, 3, "a")), Ok(Absorbed::Advanced));
    assert_eq!(world.absorb(&world.document(3, 3)), Ok(Absorbed::Nothing));
    let position = world.verifier.position().unwrap();
    assert_eq!((position.epoch, position.seq, position.cursor.as_str()), (EPOCH, 3, "7.3"));
    let state = world.verifier.state();
    assert_eq!((state.feed, state.ready, state.entries), (Feed::Following, true, 1));
}

#[test]
fn c023_a_gap_is_merged_and_grows_old_until_it_is_filled() {
    let world = World::new();
    world.step(seconds(10));
    assert_eq!(world.absorb(&revoking(&world, 4, 5, "late")), Ok(Absorbed::Gap));
    assert_revoked(&world, "late");
    let state = world.verifier.state();
    assert_eq!((seq(&world), state.age), (0, Some(seconds(10))));
    assert_eq!(state.counters.gaps, 1);
    // A heartbeat behind the gap does not make it fresh.
    assert_eq!(world.absorb(&world.document(5, 5)), Ok(Absorbed::Gap));
    assert_eq!(world.verifier.state().age, Some(seconds(10)));
    assert_eq!(world.absorb(&revoking(&world, 0, 5, "early")), Ok(Absorbed::Advanced));
    assert_revoked(&world, "early");
    assert_eq!((seq(&world), world.verifier.state().age), (5, Some(seconds(0))));
}

#[test]
fn c023_duplicates_and_replays_change_nothing() {
    let world = World::new();
    let first = world.sign(&revoking(&world, 0, 1, "a"));
    world.verifier.absorb(&first).unwrap();
    world.absorb(&revoking(&world, 1, 2, "b")).unwrap();
    world.step(seconds(30));
    for _ in 0..3 {
        assert_eq!(world.verifier.absorb(&first), Ok(Absorbed::Nothing));
    }
    let state = world.verifier.state();
    assert_eq!((seq(&world), state.entries, state.age), (2, 2, Some(seconds(30))));
}

#[test]
fn c023_reordered_documents_lose_nothing() {
    let world = World::new();
    let documents: Vec<String> =
        (0..5).map(|n| world.sign(&revoking(&world, n, n + 1, &format!("s{n}")))).collect();
    for place in [3, 1, 4, 0, 2, 1, 3, 2, 4, 3, 4] {
        world.verifier.absorb(&documents[place]).unwrap();
        assert_revoked(&world, &format!("s{place}"));
    }
    assert_eq!(seq(&world), 5);
}

#[test]
fn c023_an_older_snapshot_undoes_nothing_and_is_not_fresh() {
    let world = World::new();
    let old = world.sign(&world.document(0, 0));
    world.absorb(&revoking(&world, 0, 9, "a")).unwrap();
    world.step(seconds(40));
    assert_eq!(world.verifier.absorb(&old), Ok(Absorbed::Nothing));
    assert_revoked(&world, "a");
    assert_eq!((seq(&world), world.verifier.state().age), (9, Some(seconds(40))));
}

#[test]
fn c023_a_lagging_node_does_not_make_the_state_fresh() {
    let world = World::new();
    world.absorb(&revoking(&world, 0, 9, "a")).unwrap();
    world.step(seconds(40));
    // Signed now, by a node that has not read as far as the one before.
    assert_eq!(world.absorb(&world.document(0, 8)), Ok(Absorbed::Nothing));
    assert_eq!(world.verifier.state().age, Some(seconds(40)));
}

#[test]
fn c023_a_full_segment_says_nothing_about_the_head() {
    let world = World::new();
    world.step(seconds(40));
    assert_eq!(world.absorb(&revoking(&world, 0, 256, "a")), Ok(Absorbed::Advanced));
    assert_eq!((seq(&world), world.verifier.state().age), (256, Some(seconds(40))));
    assert_eq!(world.absorb(&world.document(256, 300)), Ok(Absorbed::Advanced));
    assert_eq!(world.verifier.state().age, Some(seconds(0)));
}

#[test]
fn a_lower_epoch_is_merged_and_moves_nothing() {
    let world = World::new();
    world.absorb(&revoking(&world, 0, 9, "a")).unwrap();
    world.step(seconds(40));
    let earlier = FeedDocument { epoch: EPOCH - 1, ..revoking(&world, 0, 99, "b") };
    assert_eq!(world.absorb(&earlier), Ok(Absorbed::Older));
    assert_revoked(&world, "b");
    assert_eq!((seq(&world), world.verifier.state().age), (9, Some(seconds(40))));
}

#[test]
fn an_issuer_that_begins_again_is_followed_from_its_snapshot() {
    let world = World::new();
    world.absorb(&revoking(&world, 0, 9, "a")).unwrap();
    world.step(seconds(40));
    let renewed = |prev_seq, seq, session| FeedDocument {
        epoch: EPOCH + 1,
        ..revoking(&world, prev_seq, seq, session)
    };
    assert_eq!(world.absorb(&renewed(2, 3, "b")), Ok(Absorbed::Gap));
    assert_eq!((seq(&world), world.verifier.state().age), (9, Some(seconds(40))));
    assert_eq!(world.absorb(&renewed(0, 2, "c")), Ok(Absorbed::NewEpoch));
    assert_eq!(world.absorb(&renewed(2, 3, "b")), Ok(Absorbed::Advanced));
    for session in ["a", "b", "c"] {
        assert_revoked(&world, session);
    }
    let position = world.verifier.position().unwrap();
    assert_eq!((position.epoch, position.seq), (EPOCH + 1, 3));
    assert_eq!(world.absorb(&revoking(&world, 0, 99, "d")), Ok(Absorbed::Older));
}

#[test]
fn what_was_fresh_in_an_earlier_life_of_the_log_is_not_in_the_next() {
    let world = World::new();
    let renewed = FeedDocument { epoch: EPOCH + 1, ..world.document(0, 2) };
    let late = world.sign(&renewed);
    world.step(seconds(65));
    // The node that has not noticed yet.
    world.absorb(&world.document(0, 0)).unwrap();
    assert_eq!(world.verifier.absorb(&late), Ok(Absorbed::NewEpoch));
    assert_eq!(world.verifier.state().feed, Feed::NotYet);
    let now = FeedDocument { epoch: EPOCH + 1, ..world.document(2, 2) };
    world.absorb(&now).unwrap();
    assert_eq!(world.verifier.state().age, Some(seconds(0)));
}

#[test]
fn c023_a_document_that_has_expired_is_merged_but_not_fresh() {
    let world = World::unready(Settings::new(ISSUER, API));
    world.install();
    let old = world.sign(&revoking(&world, 0, 9, "a"));
    world.step(seconds(65));
    assert_eq!(world.verifier.absorb(&old), Ok(Absorbed::Advanced));
    assert_eq!(world.verifier.state().feed, Feed::NotYet);
    let refused = world.verify(&world.token(json!({}))).unwrap_err();
    assert!(matches!(refused, Rejection::NotReady { .. }));
    assert_revoked(&world, "a");
    world.absorb(&world.document(9, 9)).unwrap();
    world.verify(&world.token(json!({}))).unwrap();
}

#[test]
fn c023_forged_documents_are_never_merged() {
    let world = World::new();
    let document = serde_json::to_value(revoking(&world, 0, 1, "session-1")).unwrap();
    let refused = |text: &str, error: FeedError| {
        assert_eq!(world.verifier.absorb(text), Err(error));
        world.verify(&world.token(json!({}))).unwrap();
        assert_eq!(world.verifier.state().entries, 0);
    };
    let header = feed_header(&world.feed_key);
    let good = world.feed_key.sign(&header, &document);
    let by_token_key = world.token_key.sign(&feed_header(&world.token_key), &document);
    refused(&by_token_key, FeedError::UnknownKey);
    let thief = Signer::ed25519(66, "feed-key");
    refused(&thief.sign(&header, &document), FeedError::Signature);
    let (message, _) = good.rsplit_once('.').unwrap();
    refused(&format!("{message}.{}", super::support::b64([0; 64])), FeedError::Signature);
    for typ in ["JWT", "at+jwt", "Revocations+JWT", "application/revocations+jwt", "statuslist+jwt"]
    {
        let mut header = header.clone();
        header["typ"] = json!(typ);
        refused(&world.feed_key.sign(&header, &document), FeedError::Form);
    }
    for (name, value) in [("alg", json!("none")), ("alg", json!("ES256")), ("kid", json!("other"))]
    {
        let mut header = header.clone();
        header[name] = value;
        let error = if name == "kid" { FeedError::UnknownKey } else { FeedError::Signature };
        refused(&world.feed_key.sign(&header, &document), error);
    }
    let mut extended = header.clone();
    extended["crit"] = json!(["x"]);
    refused(&world.feed_key.sign(&extended, &document), FeedError::Form);
    let with = |name: &str, value: Value| {
        let mut document = document.clone();
        document[name] = value;
        world.feed_key.sign(&header, &document)
    };
    refused(&with("iss", json!("https://as.example.evil")), FeedError::Issuer);
    refused(&with("prev_seq", json!(2)), FeedError::Claims);
    refused(&with("prev_seq", json!(-1)), FeedError::Claims);
    refused(&with("time", json!(-1)), FeedError::Claims);
    refused(&with("time", json!(i64::MAX)), FeedError::Claims);
    refused(&with("time", json!(1.5)), FeedError::Claims);
    refused(&with("epoch", json!(null)), FeedError::Claims);
    refused(&with("cursor", json!("a\r\nb: c")), FeedError::Claims);
    refused(&with("cursor", json!("")), FeedError::Claims);
    refused(&with("entries", json!([])), FeedError::Claims);
    let twice = document.to_string().replacen('{', r#"{"seq":9,"#, 1);
    let twice = world.feed_key.sign_text(&header.to_string(), twice.as_bytes());
    refused(&twice, FeedError::Claims);
    refused("", FeedError::Form);
    refused("a.b", FeedError::Form);
    assert_eq!(world.verifier.absorb(&good), Ok(Absorbed::Advanced));
    assert_revoked(&world, "session-1");
}

#[test]
fn a_feed_key_signs_no_token() {
    let world = World::new();
    let token = world.feed_key.token(&super::support::claims(json!({})));
    assert_eq!(world.reason(&token), Reason::UnknownKey);
}

#[test]
fn an_unknown_feed_key_makes_keys_wanted() {
    let world = World::new();
    let next = Signer::ed25519(12, "next-feed-key");
    let refused = world.verifier.absorb(&next.document(&world.document(0, 1)));
    assert_eq!(refused, Err(FeedError::UnknownKey));
    assert_eq!(world.verifier.wants_keys(), KeyDemand::Now);
    assert_eq!(world.verifier.state().counters.documents_refused, 1);
}

#[test]
fn c004_unknown_kids_of_tokens_do_not_delay_the_fetch_of_a_new_feed_key() {
    let world = World::new();
    let thief = Signer::ed25519(66, "unknown").token(&super::support::claims(json!({})));
    assert_eq!(world.reason(&thief), Reason::UnknownKey);
    world.verifier.fetching_keys();
    world.install();
    assert_eq!(world.reason(&thief), Reason::UnknownKey);
    assert_eq!(world.verifier.wants_keys(), KeyDemand::After(seconds(30)));
    let next = Signer::ed25519(12, "next-feed-key").document(&world.document(0, 1));
    assert_eq!(world.verifier.absorb(&next), Err(FeedError::UnknownKey));
    assert_eq!(world.verifier.wants_keys(), KeyDemand::Now);
    world.verifier.fetching_keys();
    assert_eq!(world.verifier.wants_keys(), KeyDemand::Now, "that fetch may fail");
    world.install();
    // Nor do they come more often by documents.
    assert_eq!(world.verifier.absorb(&next), Err(FeedError::UnknownKey));
    assert_eq!(world.verifier.wants_keys(), KeyDemand::After(seconds(30)));
}

#[test]
fn keys_that_the_feed_speaks_of_are_wanted_until_some_come() {
    let world = World::new();
    let other = FeedDocument { jwks_hash: "other".into(), ..world.document(0, 1) };
    world.absorb(&other).unwrap();
    for _ in 0..2 {
        assert_eq!(world.verifier.wants_keys(), KeyDemand::Now);
        world.verifier.fetching_keys();
    }
    // A stale copy is not fetched in a loop.
    world.install();
    assert_eq!(world.verifier.wants_keys(), KeyDemand::After(seconds(30)));
}

#[test]
fn a_revoked_feed_key_signs_nothing_any_more() {
    let world = World::new();
    world.revoke(1, Kind::Key, "feed-key", None);
    let refused = world.absorb(&revoking(&world, 1, 2, "a"));
    assert_eq!(refused, Err(FeedError::RevokedKey));
    assert_eq!(world.verifier.state().entries, 1);
    let refused = world.verify(&world.token(json!({ "sid": "a" }))).unwrap_err();
    assert!(matches!(refused, Rejection::NotReady { .. }), "nothing else of it is believed");
}

#[test]
fn c023_what_a_revoked_feed_key_said_is_forgotten_but_for_its_revocations() {
    let world = World::new();
    let next = Signer::ed25519(12, "next-feed-key");
    let mut jwk = next.jwk();
    jwk["purpose"] = json!("revocations");
    world.verifier.install_keys(&world.jwks(&[jwk])).unwrap();
    // Whoever has the key claims a number and a time far ahead.
    world.step(seconds(600));
    let claimed = world.sign(&revoking(&world, 0, 1 << 50, "a"));
    world.clock.set(NOW);
    world.verifier.absorb(&claimed).unwrap();
    assert_eq!(world.reason(&world.token(json!({}))), Reason::Expired);
    let kid = entries(Kind::Key, "feed-key", None);
    let news =
        |prev_seq, seq| FeedDocument { entries: kid.clone(), ..world.document(prev_seq, seq) };
    assert_eq!(world.verifier.absorb(&next.document(&news(4, 5))), Ok(Absorbed::Gap));
    let state = world.verifier.state();
    assert_eq!((state.position, state.age, state.feed), (None, None, Feed::NotYet));
    world.verifier.set_feed(false);
    assert_eq!(world.verifier.state().feed, Feed::NotYet, "there is one all the same");
    assert_eq!(world.verifier.absorb(&next.document(&news(0, 5))), Ok(Absorbed::Advanced));
    assert_eq!((seq(&world), world.verifier.state().age), (5, Some(seconds(0))));
    world.verify(&world.token(json!({}))).unwrap();
    assert_revoked(&world, "a");
}

#[test]
fn a_new_life_of_the_log_leaves_a_time_behind_that_lay_ahead() {
    let world = World::new();
    world.step(seconds(86_400));
    let ahead = world.sign(&world.document(0, 1));
    world.clock.set(NOW);
    world.verifier.absorb(&ahead).unwrap();
    let state = world.verifier.state();
    assert_eq!((state.age, state.clock_offset), (Some(seconds(0)), Some(-86_400_000)));
    assert_eq!(world.reason(&world.token(json!({}))), Reason::Expired);
    let renewed = FeedDocument { epoch: EPOCH + 1, ..world.document(0, 1) };
    assert_eq!(world.absorb(&renewed), Ok(Absorbed::NewEpoch));
    let state = world.verifier.state();
    assert_eq!((state.age, state.clock_offset), (Some(seconds(0)), Some(0)));
    world.verify(&world.token(json!({}))).unwrap();
    // A cache or a node that lags brings it back, and it stays behind.
    assert_eq!(world.verifier.absorb(&ahead), Ok(Absorbed::Older));
    assert_eq!(world.verifier.state().clock_offset, Some(0));
    world.verify(&world.token(json!({}))).unwrap();
}

#[test]
fn entries_that_cannot_be_read_leave_a_document_that_is_not_believed() {
    let world = World::new();
    world.step(seconds(20));
    let mut document = serde_json::to_value(revoking(&world, 0, 1, "a")).unwrap();
    document["entries"]["later"] = json!("AAAA");
    let text = world.feed_key.sign(&feed_header(&world.feed_key), &document);
    assert!(matches!(world.verifier.absorb(&text), Err(FeedError::Entries(_))));
    // What could be read counts, and the position does not move past the rest.
    assert_revoked(&world, "a");
    assert_eq!((seq(&world), world.verifier.state().age), (0, Some(seconds(20))));
}

#[test]
fn c022_a_document_beyond_the_cap_is_not_read() {
    let world = World::with(Settings::new(ISSUER, API).max_document(4096));
    let many = (0..200_u8).map(|n| (Kind::Session, flood(u64::from(n))));
    let document = FeedDocument { entries: PackedEntries::pack(many), ..world.document(0, 1) };
    assert_eq!(world.absorb(&document), Err(FeedError::TooLong));
    assert_eq!(world.verifier.state().entries, 0);
}

#[test]
fn c023_a_flood_of_a_million_entries_is_taken_up() {
    let world = World::new();
    let many = (0..1_000_000).map(|n| (Kind::Session, flood(n)));
    let document =
        FeedDocument { entries: PackedEntries::pack(many), ..world.document(0, 1_000_000) };
    assert_eq!(world.absorb(&document), Ok(Absorbed::Advanced));
    assert_eq!(world.verifier.state().entries, 1_000_000);
    world.verify(&world.token(json!({}))).unwrap();
    world.revoke(1_000_001, Kind::Session, "session-1", None);
    assert_revoked(&world, "session-1");
}

#[test]
fn c023_a_flood_of_segments_is_taken_up() {
    let world = World::new();
    for segment in 0..40_i64 {
        let first = u64::try_from(segment * 256).unwrap();
        let many = (first..first + 256).map(|n| (Kind::Session, flood(n)));
        let cover = world.document(segment * 256, segment * 256 + 256);
        let document = FeedDocument { entries: PackedEntries::pack(many), ..cover };
        assert_eq!(world.absorb(&document), Ok(Absorbed::Advanced));
    }
    assert_eq!((seq(&world), world.verifier.state().entries), (40 * 256, 40 * 256));
    world.verify_for(&world.token(json!({})), &Requirement::new()).unwrap();
}

/// The `n`th of many entries, evenly spread.
fn flood(n: u64) -> Entry {
    let mut digest = [0; 16];
    digest[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    digest[8..].copy_from_slice(&n.to_be_bytes());
    Entry { digest: Digest(digest), not_before: None, until: Some(NOW + 3600) }
}
