//! `GET /revocations`: the snapshot, what comes behind a number, and how both are cached.

use axum::body::Body;
use chancery::protocol::revocation::Kind;
use http::{Method, Request};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Follower, TestServer};

#[tokio::test]
async fn the_snapshot_has_all_that_is_refused_and_is_signed_by_a_key_of_the_feed() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    let sid = crate::support::claims(&tokens.access)["sid"].clone();
    server.revoke(&tokens.refresh).await;
    let told = server.document("").await;
    assert!(told.is_snapshot() && told.refuses(Kind::Session, sid.as_str().unwrap()));
    assert_eq!(told.len(), server.log().await.len());
    let (document, head) = (told.document, server.head().await);
    assert_eq!((document.epoch, document.seq), (head.epoch, head.seq));
    assert_eq!(document.iss, "http://localhost:8080");
    assert_eq!(document.exp, document.iat + 3600);
    assert_eq!(document.time, server.clock.millis());
    let keys = server.get("/.well-known/jwks.json").await.json();
    let kids = keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap());
    assert_eq!(document.jwks_hash, chancery_verifier::feed::jwks_hash(kids));
}

#[tokio::test]
async fn the_snapshot_is_remade_now_and_then_and_cached_by_its_tag() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.get("/revocations").await;
    assert_eq!(first.header("content-type"), "application/revocations+jwt");
    assert_eq!(first.header("cache-control"), "public, max-age=5, stale-if-error=86400");
    server.revoke_some("one").await;
    let again = server.get("/revocations").await;
    assert_eq!(again.body, first.body, "one signature serves everybody for 30 seconds");
    let tagged = Request::get("/revocations").header("if-none-match", first.header("etag"));
    let known = server.send(tagged.body(Body::empty()).unwrap()).await;
    assert_eq!((known.status.as_u16(), known.body.as_str()), (304, ""));
    let head = server.send(Request::head("/revocations").body(Body::empty()).unwrap()).await;
    assert_eq!(head.header("etag"), first.header("etag"));

    server.advance(30);
    let tagged = Request::get("/revocations").header("if-none-match", first.header("etag"));
    let newer = server.send(tagged.body(Body::empty()).unwrap()).await;
    assert_eq!(newer.status, 200);
    assert!(server.feed_keys().await.verify(&newer.body).refuses(Kind::Token, "one"));
}

#[tokio::test]
async fn what_lies_behind_a_number_is_a_segment_that_never_changes_or_what_ends_now() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut follower = Follower::default();
    follower.take(&server.document("").await);
    server.fill(600).await;
    let head = server.head().await;
    let mut reached = Vec::new();
    loop {
        let path = format!("/revocations?epoch={}&after={}", follower.epoch, follower.seq);
        let reply = server.get(&path).await;
        let told = server.feed_keys().await.verify(&reply.body);
        let (prev, seq) = (told.document.prev_seq, told.document.seq);
        assert_eq!(prev % 256, 0);
        if seq % 256 == 0 && seq < head.seq {
            assert_eq!(reply.header("cache-control"), "public, max-age=3600");
            assert_eq!(seq, prev + 256);
            assert_eq!(server.get(&path).await.body, reply.body);
            let tagged = Request::get(&path).header("if-none-match", reply.header("etag"));
            assert_eq!(server.send(tagged.body(Body::empty()).unwrap()).await.status, 304);
        } else {
            assert_eq!(reply.header("cache-control"), "no-store");
            assert_eq!(reply.header("etag"), "");
            assert_eq!(seq, head.seq);
        }
        let before = follower.seq;
        follower.take(&told);
        if follower.seq == before {
            break;
        }
        reached.push(follower.seq);
    }
    assert_eq!(reached, [256, 512, head.seq]);
    for n in 0..600 {
        assert!(follower.refuses(Kind::Token, &format!("filler-{n}")), "{n}");
    }
    // From behind the end there is nothing to be had, and no error.
    let beyond = format!("?epoch={}&after={}", head.epoch, head.seq + 1_000_000);
    assert_eq!(server.document(&beyond).await.document.seq, head.seq);

    // The time of the last document is the present one, at each look.
    server.advance(3);
    let path = format!("?epoch={}&after={}", head.epoch, head.seq);
    let before = server.document(&path).await.document;
    server.look().await;
    let after = server.document(&path).await.document;
    assert_eq!((before.seq, after.seq), (head.seq, head.seq));
    assert_eq!(after.time - before.time, 3000);
}

#[tokio::test]
async fn a_number_of_another_epoch_gets_the_snapshot_as_everybody_has_it() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.revoke_some("one").await;
    for epoch in [1, i64::MAX] {
        let reply = server.get(&format!("/revocations?epoch={epoch}&after=1")).await;
        assert_eq!(reply.header("cache-control"), "public, max-age=5, stale-if-error=86400");
        assert_eq!(reply.header("etag"), server.get("/revocations").await.header("etag"));
        assert!(server.feed_keys().await.verify(&reply.body).is_snapshot());
    }
}

#[tokio::test]
async fn parameters_that_are_no_place_in_the_log_are_refused() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for query in [
        "epoch=1",
        "after=1",
        "epoch=1&after=-1",
        "epoch=1&after=%2B1",
        "epoch=1&after=x",
        "epoch=&after=1",
        "epoch=1&after=99999999999999999999",
        "epoch=1&after=1&after=1",
        "epoch=1&after=1&more=1",
        "since=1",
        "cursor=x&epoch=1&after=1",
        "cursor=x&after=1",
    ] {
        let reply = server.get(&format!("/revocations?{query}")).await;
        reply.assert_error(400, "invalid_request");
    }
    for query in ["subscriber=a", "after=1"] {
        let reply = server.try_stream(&format!("?{query}"), "", "").await.err().unwrap();
        reply.assert_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn c115_a_log_of_20_000_entries_fits_one_snapshot_and_one_event() {
    // C115, C150
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let (mut listening, mut heard) = (server.stream("", "").await, Follower::default());
    heard.take(&listening.told().await);
    server.fill(20_000).await;
    listening.until_refused(&mut heard, Kind::Token, "filler-19999").await;
    assert_eq!(heard.len(), server.log().await.len());
    let last = server.head().await.seq;
    let mut follower = Follower::default();
    let told = server.document("").await;
    follower.take(&told);
    assert_eq!((follower.seq, told.len()), (last, usize::try_from(last).unwrap()));
    assert_eq!(follower.len(), told.len());

    // So does the stream, as its first event.
    let mut stream = server.stream("", "").await;
    assert_eq!(stream.told().await.len(), told.len());
}

#[tokio::test]
async fn what_can_refuse_nothing_any_more_leaves_the_feed() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.revoke_some("one").await;
    assert_eq!(server.document("").await.len(), 1);
    server.advance(2 * 3600);
    // Also where nothing is revoked any more.
    server.look().await;
    assert_eq!(server.document("").await.len(), 0);
    server.revoke_some("two").await;
    server.advance(30);
    let told = server.document("").await;
    assert_eq!((told.len(), told.refuses(Kind::Token, "two")), (1, true));
}

#[tokio::test]
async fn without_the_database_the_feed_is_served_and_its_time_stands_still() {
    // C130, C138
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let basic = server.create_service("orders-api", &server.secrets.resource.clone()).await;
    server.revoke_some("one").await;
    let mut reader = server.stream("", "").await;
    let known_at = reader.told().await.document.time;
    reader.told().await;
    server.server.store.close().await;
    server.advance(60);
    let snapshot = server.document("").await;
    assert!(snapshot.refuses(Kind::Token, "one"));
    let epoch = snapshot.document.epoch;
    let newest = server.document(&format!("?epoch={epoch}&after=1")).await;
    server.server.memory.feed().beat();
    let heartbeat = reader.told().await;
    let mut joined = server.stream(&heartbeat.id, &basic).await;
    for told in [&snapshot, &newest, &heartbeat, &joined.told().await] {
        assert_eq!(told.document.time, known_at, "nobody is told that all is well");
    }
    assert_eq!(heartbeat.document.iat, server.clock.seconds());
}

#[tokio::test]
async fn documents_are_signed_by_the_key_of_the_moment() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut reader = server.stream("", "").await;
    let first = reader.told().await;
    reader.told().await;
    let kid_of_feed = async || {
        let keys = server.admin(Method::GET, "/keys", &Value::Null).await.json();
        let keys = keys["items"].as_array().unwrap().clone();
        let active = |key: &&Value| key["use"] == "feed" && key["state"] == "active";
        keys.iter().find(active).unwrap()["kid"].as_str().unwrap().to_owned()
    };
    assert_eq!(first.kid, kid_of_feed().await);

    let rotated = server.admin(Method::POST, "/keys/rotate", &json!({"now": true})).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    let second = kid_of_feed().await;
    assert_ne!(second, first.kid);
    assert_eq!(server.document("").await.kid, second);
    reader.learn(server.feed_keys().await);
    // The rotation and the announcement are told together.
    let told = reader.told().await;
    assert_eq!(told.kid, second);
    let reason = "those who listen hear at once that another key was announced";
    assert_ne!(told.document.jwks_hash, first.document.jwks_hash, "{reason}");

    let before = server.head().await;
    let path = format!("/keys/{second}/compromise");
    assert_eq!(server.admin(Method::POST, &path, &Value::Null).await.status, 200);
    let third = kid_of_feed().await;
    assert!(third != second && third != first.kid);
    let snapshot = server.document("").await;
    assert_eq!(snapshot.kid, third);
    assert!(snapshot.refuses(Kind::Key, &second));
    // Whoever had the key may have told readers that they are far ahead.
    assert!(snapshot.document.epoch > before.epoch);
    reader.learn(server.feed_keys().await);
    let told = reader.told().await;
    assert!(told.is_snapshot() && told.refuses(Kind::Key, &second));
    assert_eq!(told.document.epoch, snapshot.document.epoch);
    assert_eq!(server.entries(Kind::All).await, 0, "no token was wronged");
    assert_eq!(server.head().await.regressed_at, None);
}
