//! Without a stream, and without a feed.

use chancery_verifier::revocation::Kind;
use chancery_verifier::{Feed, Freshness, Rejection, Requirement};

use super::support::{
    ClientSettings, RETURN, Served, is_revoked, issuer, millis, reached, secs, start, streaming,
    until,
};

#[tokio::test]
async fn a_client_that_only_asks_opens_no_stream() {
    let (time, issuer) = issuer().await;
    let client = start(&time, &issuer, ClientSettings::new().poll_only());
    until(&client, |verifier| verifier.state().ready).await;
    let token = issuer.token("s1");
    issuer.log(|log| log.write(Kind::Session, "s1"));
    time.skip(secs(1)).await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    assert_eq!(issuer.asked("/revocations/stream"), 0);
}

#[tokio::test]
async fn a_log_that_moves_all_the_time_is_asked_for_no_more_often() {
    let (time, issuer) = issuer().await;
    issuer.log(|log| log.moves = true);
    let client = start(&time, &issuer, ClientSettings::new().poll_only());
    // The snapshot, what came behind it meanwhile, and then once a second.
    for fetched in 2..6 {
        time.awaited(secs(1)).await;
        assert_eq!(client.counters().documents_fetched, fetched);
        assert_eq!(client.state().position.map(|known| known.seq), i64::try_from(fetched - 1).ok());
        time.advance(secs(1));
    }
}

#[tokio::test]
async fn polls_wait_longer_while_they_fail() {
    let (time, issuer) = issuer().await;
    issuer.log(|log| log.snapshot = Served::Status(500, 0, ""));
    let settings = ClientSettings::new().poll_only().poll_interval(millis(10));
    let client = start(&time, &issuer, settings);
    for wait in [150, 250, 450, 850, 1650, 3250, 5050, 5050] {
        time.skip(millis(wait)).await;
    }
    reached(&client, |client| client.counters().fetch_failures == 9).await;
    issuer.log(|log| log.snapshot = Served::Well);
    time.skip(millis(5050)).await;
    until(&client, |verifier| verifier.state().ready).await;
    time.skip(millis(10)).await;
    issuer.until(|log| log.requests.last().is_some_and(|uri| uri.ends_with("cursor=1.0"))).await;
}

#[tokio::test]
async fn an_issuer_without_a_feed_is_verified_by_its_keys_alone() {
    let (time, issuer) = issuer().await;
    issuer.log(|log| log.no_feed = true);
    let client = start(&time, &issuer, ClientSettings::new());
    until(&client, |verifier| verifier.state().ready).await;
    assert_eq!(client.state().feed, Feed::None);
    let token = issuer.token("s1");
    assert!(client.verify(&token).is_ok());
    let strict = Requirement::new().freshness(Freshness::Strict(secs(15)));
    assert_eq!(client.verify_for(&token, &strict).unwrap_err(), Rejection::NoFeed);
}

#[tokio::test]
async fn a_feed_that_the_metadata_names_no_more_is_followed_on() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    issuer.log(|log| log.no_feed = true);
    let token = issuer.token("s1");
    // The metadata is read again after ten minutes and a half of that.
    time.skip(secs(900)).await;
    issuer
        .until(|log| log.requests.iter().filter(|uri| uri.contains("well-known")).count() == 2)
        .await;
    issuer.log(|log| log.write(Kind::Session, "s1"));
    time.skip(RETURN).await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    assert_eq!(client.state().feed, Feed::Following);
}

#[tokio::test]
async fn a_feed_that_the_metadata_names_later_is_followed() {
    let (time, issuer) = issuer().await;
    issuer.log(|log| log.no_feed = true);
    let client = start(&time, &issuer, ClientSettings::new());
    until(&client, |verifier| verifier.state().ready).await;
    issuer.log(|log| log.no_feed = false);
    time.skip(secs(900)).await;
    reached(&client, |client| client.counters().streaming).await;
    assert_eq!(client.state().feed, Feed::Following);
}
