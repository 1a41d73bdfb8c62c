//! Documents that nobody should believe, and logs that begin anew (C023).

use chancery_verifier::feed::FEED_TYPE;
use chancery_verifier::revocation::Kind;
use serde_json::json;

use super::support::keys::Key;
use super::support::{
    Client, ClientSettings, Issuer, Served, is_revoked, issuer, millis, reached, secs, start,
    streaming, until,
};

#[tokio::test]
async fn c023_an_older_snapshot_undoes_nothing() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let token = issuer.token("s1");
    let older = issuer.document(0, 0);
    issuer.revoke("s1").await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    absorbed(&client, &issuer, &older).await;
    assert!(is_revoked(&client, &token));
    assert_eq!(client.position().unwrap().seq, 1);
}

#[tokio::test]
async fn c023_a_lower_epoch_undoes_nothing_and_renews_nothing() {
    let (time, issuer) = issuer().await;
    issuer.log(|log| log.epoch = 5);
    let client = streaming(&time, &issuer).await;
    let token = issuer.token("s1");
    issuer.revoke("s1").await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    issuer.log(|log| {
        log.epoch = 4;
        log.entries.clear();
    });
    time.advance(millis(3000));
    let lower = issuer.document(0, 0);
    absorbed(&client, &issuer, &lower).await;
    assert!(is_revoked(&client, &token));
    assert_eq!(client.position().unwrap().epoch, 5);
    assert_eq!(client.state().age, Some(millis(3000)));
}

#[tokio::test]
async fn a_new_epoch_adds_to_what_is_known() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let [before, after] = ["s1", "s2"].map(|sid| issuer.token(sid));
    issuer.revoke("s1").await;
    until(&client, |verifier| is_revoked(verifier, &before)).await;
    issuer.log(|log| {
        log.epoch = 2;
        log.entries.clear();
        log.write(Kind::Session, "s2");
    });
    issuer.send(&issuer.document(0, 1)).await;
    until(&client, |verifier| is_revoked(verifier, &after)).await;
    assert!(is_revoked(&client, &before));
    assert_eq!(client.position().unwrap().epoch, 2);
}

#[tokio::test]
async fn c023_a_forged_event_ends_the_stream_and_moves_nothing() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let token = issuer.token("s1");
    issuer.log(|log| log.write(Kind::Session, "s1"));
    // A stream that ends as soon as it has begun is asked for less and less often.
    let waits = [1050, 2050, 4050, 5050, 5050, 5050, 5050];
    for ((count, forged), wait) in (1..).zip(forgeries(&issuer)).zip(waits) {
        let position = client.position();
        issuer.send(&forged).await;
        until(&client, |verifier| verifier.state().counters.documents_refused == count).await;
        assert_eq!(client.position(), position);
        // What the real one says comes by the next stream.
        time.skip(millis(wait)).await;
        until(&client, |verifier| is_revoked(verifier, &token)).await;
        reached(&client, |client| client.counters().streams > count).await;
    }
}

#[tokio::test]
async fn c023_a_forged_snapshot_makes_nobody_ready() {
    let (time, issuer) = issuer().await;
    for forged in forgeries(&issuer) {
        issuer.log(|log| log.snapshot = Served::Text(forged));
        let client = start(&time, &issuer, ClientSettings::new());
        until(&client, |verifier| verifier.state().counters.documents_refused == 1).await;
        assert!(!client.state().ready);
        let token = issuer.token("s1");
        assert_eq!(client.verify(&token).unwrap_err().status(), 503);
    }
}

#[tokio::test]
async fn c023_the_snapshot_takes_the_place_of_a_segment_that_is_refused() {
    let (time, issuer) = issuer().await;
    let client = start(&time, &issuer, ClientSettings::new().poll_only());
    until(&client, |verifier| verifier.state().ready).await;
    let refused = [
        // Kept by a cache since before its key was removed.
        Served::Text(issuer.log(|log| Key::of_feed("f0").sign(FEED_TYPE, &log.document(0, 0, 0)))),
        Served::Status(400, 0, ""),
        Served::Text(issuer.document(0, 0).to_lowercase()),
    ];
    for (count, refused) in refused.into_iter().enumerate() {
        time.awaited(secs(1)).await;
        let sid = format!("s{count}");
        let token = issuer.token(&sid);
        issuer.log(|log| {
            log.segments = refused;
            log.write(Kind::Session, &sid);
        });
        time.advance(secs(30));
        until(&client, |verifier| is_revoked(verifier, &token)).await;
    }
    // It is long, and stays as it is for half a minute.
    let snapshots =
        || issuer.log(|log| log.requests.iter().filter(|uri| *uri == "/revocations").count());
    let asked = snapshots();
    for span in [1000, 1000, 1650] {
        time.skip(millis(span)).await;
    }
    time.awaited(millis(3250)).await;
    assert_eq!(snapshots(), asked);
    // Where the issuer is busy, or knows what is not known here, it does no better.
    let mut unread = issuer.log(|log| serde_json::to_value(log.document(0, 3, 0)).unwrap());
    unread["entries"] = json!({ "later": "AAAA" });
    let unread = issuer.log(|log| log.feed_key.sign(FEED_TYPE, &unread));
    for refused in [Served::Status(429, 0, ""), Served::Text(unread)] {
        issuer.log(|log| log.segments = refused);
        let failures = client.counters().fetch_failures;
        time.advance(secs(60));
        reached(&client, |client| client.counters().fetch_failures > failures).await;
        time.awaited(millis(5050)).await;
        assert_eq!(snapshots(), asked);
    }
}

/// Documents of the present state that a token key, a stranger, or another type has signed.
fn forgeries(issuer: &Issuer) -> Vec<String> {
    let stranger = Key::of_feed("f1");
    issuer.log(|log| {
        let claims = log.document(0, 0, 1_800_000_000_000);
        let mut altered = log.feed_key.sign(FEED_TYPE, &claims);
        altered.truncate(altered.len() - 8);
        let none = json!({ "alg": "none", "typ": FEED_TYPE, "kid": "f1" });
        vec![
            log.token_key.sign(FEED_TYPE, &claims),
            stranger.sign(FEED_TYPE, &claims),
            log.feed_key.sign("at+jwt", &claims),
            log.feed_key.sign("JWT", &claims),
            altered + "AAAAAAAA",
            log.feed_key.sign_with(&none, &claims),
            "<html>".into(),
        ]
    })
}

/// Sends a document and waits until it was taken up.
async fn absorbed(client: &Client, issuer: &Issuer, document: &str) {
    let documents = client.state().counters.documents;
    issuer.send(document).await;
    until(client, |verifier| verifier.state().counters.documents > documents).await;
}
