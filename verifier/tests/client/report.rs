//! Who the client says it is, and what it reports.

use std::time::Duration;

use chancery_verifier::revocation::Kind;
use serde_json::json;

use super::support::{
    Client, ClientSettings, Issuer, RETURN, Served, TestTime, is_revoked, issuer, millis, reached,
    secs, start, until,
};

/// A client that follows the stream, has reported once, and then heard of a revocation.
async fn reporting(time: &TestTime, issuer: &Issuer) -> Client {
    let settings = ClientSettings::new().credentials("orders", "secret").subscriber("orders-1");
    let client = start(time, issuer, settings.silence(secs(3600)));
    reached(&client, |client| client.counters().streaming).await;
    time.skip(HALF).await;
    issuer.until(|log| log.reports.len() == 1).await;
    let token = issuer.token("s1");
    issuer.revoke("s1").await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    client
}

#[tokio::test]
async fn a_client_with_credentials_reports_what_it_has_applied() {
    let (time, issuer) = issuer().await;
    let _client = reporting(&time, &issuer).await;
    // The second report waits for its second, and by chance for half of one more, and says so.
    time.skip(secs(1)).await;
    time.skip(HALF).await;
    issuer.until(|log| log.reports.len() == 2).await;
    let report = |ago: u64| json!({"subscriber": "orders-1", "via": "stream", "epoch": 1, "seq": 1, "applied_ms_ago": ago});
    assert_eq!(issuer.log(|log| log.reports[1].clone()), report(1500));
    // Where nothing new comes, it gives a sign of life.
    time.skip(secs(1)).await;
    time.skip(secs(30)).await;
    time.skip(HALF).await;
    issuer.until(|log| log.reports.len() == 3).await;
    assert_eq!(issuer.log(|log| log.reports[2].clone()), report(33_000));
    let basic = Some("Basic b3JkZXJzOnNlY3JldA==".to_owned());
    assert!(issuer.log(|log| log.authorizations.iter().all(|sent| *sent == basic)));
    assert_eq!(issuer.asked("/revocations/stream"), 1);
}

#[tokio::test]
async fn a_client_that_starts_from_its_state_file_reports_that() {
    let (time, mut issuer) = issuer().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = || ClientSettings::new().state_file(folder.path().join("state"));
    let client = start(&time, &issuer, settings());
    let token = issuer.token("s1");
    reached(&client, |client| client.counters().streaming).await;
    issuer.revoke("s1").await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    client.stop().await;
    issuer.go_down().await;
    issuer.come_up().await;
    // Nothing new comes any more.
    issuer.log(|log| log.stalls = true);
    let _client = start(&time, &issuer, settings().credentials("orders", "s").subscriber("o"));
    time.skip(HALF).await;
    issuer.until(|log| log.reports.len() == 1).await;
    assert_eq!(issuer.log(|log| log.reports[0]["seq"].clone()), 1);
}

#[tokio::test]
async fn credentials_that_are_refused_rest_and_the_feed_is_asked_for() {
    let (time, issuer) = issuer().await;
    issuer.log(|log| log.stream = Served::Status(401, 0, ""));
    let settings = ClientSettings::new().credentials("orders", "wrong").subscriber("orders-1");
    let client = start(&time, &issuer, settings);
    issuer.until(|log| log.authorizations.len() == 1).await;
    for number in 0..20 {
        let sid = format!("s{number}");
        let token = issuer.token(&sid);
        issuer.log(|log| log.write(Kind::Session, &sid));
        time.skip(secs(1)).await;
        until(&client, |verifier| is_revoked(verifier, &token)).await;
    }
    assert_eq!(issuer.log(|log| log.authorizations.len()), 1, "neither a stream nor a report");
    issuer.log(|log| log.stream = Served::Well);
    time.advance(secs(300));
    reached(&client, |client| client.counters().streaming).await;
}

#[tokio::test]
async fn a_report_that_is_refused_for_what_it_says_rests_nothing() {
    let (time, issuer) = issuer().await;
    let settings = ClientSettings::new().credentials("orders", "secret").subscriber("orders-1");
    let client = start(&time, &issuer, settings.silence(secs(3600)));
    reached(&client, |client| client.counters().streaming).await;
    let refused = |error| issuer.log(|log| log.applied = Served::Status(400, 0, error));
    refused(r#"{"error":"invalid_request","error_description":"unauthorized_client"}"#);
    time.skip(HALF).await;
    issuer.until(|log| log.reports.len() == 1).await;
    refused(r#"{"error":"unauthorized_client"}"#);
    for wait in [1000, 30_000, 500] {
        time.skip(millis(wait)).await;
    }
    issuer.until(|log| log.reports.len() == 2).await;
    // Of this client nobody wants to hear for five minutes.
    for wait in [1000, 30_000, 500, 300_000 - 31_500] {
        assert_eq!(issuer.log(|log| log.reports.len()), 2);
        time.skip(millis(wait)).await;
    }
    issuer.until(|log| log.reports.len() == 3).await;
}

#[tokio::test]
async fn a_stream_that_is_sent_no_credentials_refuses_none() {
    let (time, issuer) = issuer().await;
    let other = Issuer::start(&time).await;
    other.log(|log| log.stream = Served::Status(401, 0, ""));
    issuer.log(|log| log.stream_uri = Some(format!("{}/revocations/stream", other.url())));
    let settings = ClientSettings::new().credentials("orders", "secret").subscriber("orders-1");
    let client = start(&time, &issuer, settings);
    reached(&client, |client| client.counters().stream_failures == 1).await;
    time.skip(HALF).await;
    issuer.until(|log| log.reports.len() == 1).await;
    time.skip(RETURN).await;
    other.until(|log| log.cursors.len() == 2).await;
}

#[tokio::test]
async fn a_client_whose_report_is_refused_comes_back_when_it_is_told_to() {
    for asked in [60, 86_400] {
        comes_back_in_a_minute(asked).await;
    }
}

/// A minute is the most that is waited.
async fn comes_back_in_a_minute(asked: u64) {
    let (time, issuer) = issuer().await;
    issuer.log(|log| log.applied = Served::Status(429, asked, ""));
    let _client = reporting(&time, &issuer).await;
    // News or not, the next report waits for just that long.
    time.skip(secs(60)).await;
    time.skip(HALF).await;
    issuer.until(|log| log.reports.len() == 2).await;
    assert_eq!(issuer.log(|log| log.reports[1]["seq"].clone()), 1);
}

#[tokio::test]
async fn credentials_go_to_the_issuer_alone() {
    let (time, issuer) = issuer().await;
    let other = Issuer::start(&time).await;
    issuer.log(|log| log.stream_uri = Some(format!("{}/revocations/stream", other.url())));
    let settings = ClientSettings::new().credentials("orders", "secret").subscriber("orders-1");
    let _client = start(&time, &issuer, settings);
    other.until(|log| log.cursors.len() == 1).await;
    assert_eq!(other.log(|log| log.authorizations.clone()), [None]);
    time.skip(HALF).await;
    issuer.until(|log| log.reports.len() == 1).await;
    assert!(issuer.log(|log| log.authorizations.iter().all(Option::is_some)));
}

#[tokio::test]
async fn a_client_without_credentials_sends_none_and_reports_nothing() {
    let (time, issuer) = issuer().await;
    let client = start(&time, &issuer, ClientSettings::new().subscriber("orders-1"));
    reached(&client, |client| client.counters().streaming).await;
    let token = issuer.token("s1");
    issuer.revoke("s1").await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    assert_eq!(issuer.log(|log| log.authorizations.clone()), [None]);
    assert_eq!(issuer.asked("/revocations/applied"), 0);
}

const HALF: Duration = Duration::from_millis(500);
