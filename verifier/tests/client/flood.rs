//! A snapshot of a great many revocations (C023).

use std::time::Duration;

use chancery_verifier::revocation::Kind;

use super::support::{ClientSettings, is_revoked, issuer, start};

#[tokio::test(flavor = "multi_thread")]
async fn c023_a_snapshot_of_a_million_revocations_is_taken_up() {
    const MANY: usize = 1_000_000;
    let (time, issuer) = issuer().await;
    issuer.log(|log| (0..MANY).for_each(|one| log.write(Kind::Session, &format!("s{one}"))));
    let client = start(&time, &issuer, ClientSettings::new());
    // Most of that time this test makes the snapshot.
    let taken_up = client.until(|verifier| verifier.state().ready);
    tokio::time::timeout(Duration::from_mins(2), taken_up).await.unwrap();
    assert_eq!(client.state().entries, MANY);
    for sid in ["s0", "s999999"] {
        assert!(is_revoked(&client, &issuer.token(sid)), "{sid}");
    }
    assert!(client.verify(&issuer.token("s1000000")).is_ok());
}
