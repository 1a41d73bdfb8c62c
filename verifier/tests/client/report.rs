//! Who the client says it is, and what it reports.

use std::time::Duration;

use serde_json::json;

use super::support::{ClientSettings, is_revoked, issuer, reached, secs, start, until};

#[tokio::test]
async fn a_client_with_credentials_reports_what_it_has_applied() {
    let (time, issuer) = issuer().await;
    let settings = ClientSettings::new().credentials("orders", "secret").subscriber("orders-1");
    let settings = settings.silence(secs(3600));
    let client = start(&time, &issuer, settings);
    reached(&client, |client| client.counters().streaming).await;
    time.skip(HALF).await;
    issuer.until(|log| log.reports.len() == 1).await;
    let token = issuer.token("s1");
    issuer.revoke("s1").await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
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
