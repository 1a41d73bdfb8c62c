//! Streams that are cut, stall, or bring what was there before (C023).

use chancery_verifier::Feed;
use chancery_verifier::revocation::Kind;

use super::support::{
    ClientSettings, RETURN, Served, is_revoked, issuer, reached, secs, start, streaming, until,
};

#[tokio::test]
async fn a_revocation_reaches_the_verifier_by_the_stream() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let (token, other) = (issuer.token("s1"), issuer.token("s2"));
    assert_eq!(client.verify(&token).unwrap().claims().sub, "somebody");
    issuer.revoke("s1").await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    assert!(client.verify(&other).is_ok());
    assert_eq!(client.state().feed, Feed::Following);
    // Keys, snapshot and head were asked for once, and the stream was opened once.
    assert_eq!(issuer.asked("/jwks"), 1);
    assert_eq!(issuer.asked("/revocations/stream"), 1);
}

#[tokio::test]
async fn c023_a_cut_stream_is_resumed_where_it_ended() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let token = issuer.token("s2");
    issuer.revoke("s1").await;
    until(&client, |verifier| verifier.position().is_some_and(|known| known.seq == 1)).await;
    issuer.cut();
    issuer.log(|log| log.write(Kind::Session, "s2"));
    time.skip(RETURN).await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    assert_eq!(issuer.log(|log| log.cursors.clone()), [Some("1.0".into()), Some("1.1".into())]);
}

#[tokio::test]
async fn c023_a_half_open_stream_is_given_up_after_three_heartbeats() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let token = issuer.token("s1");
    // The connection stands, but nothing comes by it any more.
    issuer.log(|log| log.write(Kind::Session, "s1"));
    time.skip(secs(15)).await;
    // What the stream did not bring is asked for at once.
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    assert_eq!(client.counters().stream_failures, 1);
    time.skip(RETURN).await;
    reached(&client, |client| client.counters().streams == 2).await;
}

#[tokio::test]
async fn c023_comments_and_replayed_events_keep_no_stream_alive() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let token = issuer.token("s1");
    let heartbeat = issuer.document(0, 0);
    issuer.log(|log| log.write(Kind::Session, "s1"));
    time.advance(secs(10));
    let replayed = client.state().counters.documents;
    issuer.send_raw(": still here\n\n".into()).await;
    issuer.send(&heartbeat).await;
    until(&client, |verifier| verifier.state().counters.documents > replayed).await;
    assert_eq!(client.state().age, Some(secs(10)));
    time.advance(secs(5));
    time.skip(RETURN).await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
}

#[tokio::test]
async fn while_a_stream_is_held_back_the_feed_is_asked_for() {
    let (time, issuer) = issuer().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = || ClientSettings::new().state_file(folder.path().join("state"));
    let client = start(&time, &issuer, settings());
    reached(&client, |client| client.counters().streaming).await;
    client.stop().await;
    issuer.log(|log| log.stalls = true);
    let client = start(&time, &issuer, settings());
    let streams = |uris: &[String]| uris.iter().filter(|uri| uri.ends_with("/stream")).count();
    issuer.until(|log| streams(&log.requests) == 2).await;
    let held_back = issuer.document(0, 0);
    // Once a second, also while the stream that is open brings nothing, or what is late.
    for sid in ["s1", "s2", "s3"] {
        let token = issuer.token(sid);
        issuer.log(|log| log.write(Kind::Session, sid));
        time.skip(secs(1)).await;
        until(&client, |verifier| is_revoked(verifier, &token)).await;
        let before = client.state().counters.documents;
        issuer.send(&held_back).await;
        until(&client, |verifier| verifier.state().counters.documents > before).await;
        assert!(!client.counters().streaming);
    }
    // What it brings at last ends the questions.
    issuer.heartbeat().await;
    reached(&client, |client| client.counters().streaming).await;
    let fetched = client.counters().documents_fetched;
    time.advance(secs(2));
    issuer.heartbeat().await;
    until(&client, |verifier| verifier.state().age == Some(secs(0))).await;
    assert_eq!(client.counters().documents_fetched, fetched);
    assert_eq!(issuer.asked("/revocations/stream"), 2);
}

#[tokio::test]
async fn a_heartbeat_renews_the_state_and_keeps_the_stream() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    for _ in 0..3 {
        time.advance(secs(10));
        issuer.heartbeat().await;
        until(&client, |verifier| verifier.state().age == Some(secs(0))).await;
    }
    assert_eq!(issuer.asked("/revocations/stream"), 1);
    assert_eq!(client.counters().stream_failures, 0);
}

#[tokio::test]
async fn c023_a_gap_is_closed_by_segments() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let tokens: Vec<String> = (0..600).map(|one| issuer.token(&format!("s{one}"))).collect();
    issuer.log(|log| (0..599).for_each(|one| log.write(Kind::Session, &format!("s{one}"))));
    issuer.revoke("s599").await;
    until(&client, |verifier| verifier.position().is_some_and(|known| known.seq == 600)).await;
    assert!(tokens.iter().all(|token| is_revoked(&client, token)));
    assert_eq!(client.state().counters.gaps, 1);
    for segment in ["cursor=1.0", "cursor=1.256", "cursor=1.512"] {
        let path = format!("/revocations?{segment}");
        assert!(issuer.asked(&path) >= 1, "{segment}");
    }
}

#[tokio::test]
async fn c023_events_that_come_twice_late_or_in_disorder_lose_nothing() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let tokens = ["s1", "s2", "s3", "s4"].map(|sid| issuer.token(sid));
    for sid in ["s1", "s2", "s3"] {
        issuer.log(|log| log.write(Kind::Session, sid));
    }
    let events =
        [(2, 3), (0, 1), (1, 2), (1, 2), (0, 1)].map(|(from, to)| issuer.document(from, to));
    for event in &events {
        issuer.send(event).await;
    }
    issuer.revoke("s4").await;
    until(&client, |verifier| verifier.position().is_some_and(|known| known.seq == 4)).await;
    assert!(tokens.iter().all(|token| is_revoked(&client, token)));
    assert_eq!(client.counters().stream_failures, 0);
}

#[tokio::test]
async fn a_refused_stream_is_asked_for_again_no_sooner_than_it_was_told() {
    let (time, issuer) = issuer().await;
    issuer.log(|log| log.stream = Served::Status(503, 7, ""));
    let client = start(&time, &issuer, ClientSettings::new());
    until(&client, |verifier| verifier.state().ready).await;
    // What it was told, and what it would wait by itself.
    time.awaited(secs(7) + RETURN).await;
    // Meanwhile the feed is asked for.
    let token = issuer.token("s1");
    issuer.log(|log| log.write(Kind::Session, "s1"));
    time.skip(secs(1)).await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    assert_eq!(issuer.asked("/revocations/stream"), 1);
    issuer.log(|log| log.stream = Served::Well);
    time.advance(secs(6));
    time.advance(RETURN);
    reached(&client, |client| client.counters().streaming).await;
}
