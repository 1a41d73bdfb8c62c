//! A fake issuer on a real socket, time that stands still, and a client between them.

mod issuer;
pub(crate) mod keys;
mod log;
mod time;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use chancery_verifier::client::{Client, ClientSettings};
pub(crate) use chancery_verifier::{Reason, Rejection, Settings, Verifier};

pub(crate) use issuer::Issuer;
pub(crate) use log::Served;
pub(crate) use time::TestTime;

/// For how long a test waits for what has to come. Nothing takes that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// After this time a stream that ended is asked for again.
pub(crate) const RETURN: Duration = millis(1050);

pub(crate) const AUDIENCE: &str = "https://api.example";

/// A new issuer, and the time that it shares with its clients.
pub(crate) async fn issuer() -> (TestTime, Issuer) {
    let time = TestTime::new();
    let issuer = Issuer::start(&time).await;
    (time, issuer)
}

/// A client that is not ready yet.
pub(crate) fn start(time: &TestTime, issuer: &Issuer, settings: ClientSettings) -> Client {
    let judging = Settings::new(issuer.url(), AUDIENCE);
    let verifier = Verifier::with_clock(judging, Arc::new(time.clone()));
    Client::start(verifier, settings.pause(Arc::new(time.clone()))).unwrap()
}

/// A client whose stream is open.
pub(crate) async fn streaming(time: &TestTime, issuer: &Issuer) -> Client {
    let client = start(time, issuer, ClientSettings::new());
    until(&client, |verifier| verifier.state().ready).await;
    reached(&client, |client| client.counters().streaming).await;
    client
}

/// Waits until `reached` holds of the verifier.
pub(crate) async fn until(client: &Client, reached: impl Fn(&Verifier) -> bool) {
    let reached = tokio::time::timeout(PATIENCE, client.until(reached)).await;
    assert!(reached.is_ok(), "it did not come to that: {:?}", client.state());
}

/// Waits until `holds` holds of the client, where no document tells of it.
pub(crate) async fn reached(client: &Client, holds: impl Fn(&Client) -> bool) {
    let waiting = async {
        while !holds(client) {
            tokio::task::yield_now().await;
        }
    };
    let reached = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(reached.is_ok(), "it did not come to that: {:?}", client.counters());
}

/// Whether the token is refused because it was revoked.
pub(crate) fn is_revoked(verifier: &Verifier, token: &str) -> bool {
    matches!(verifier.verify(token), Err(Rejection::Invalid(Reason::Revoked(_))))
}

pub(crate) const fn millis(span: u64) -> Duration {
    Duration::from_millis(span)
}

pub(crate) const fn secs(span: u64) -> Duration {
    Duration::from_secs(span)
}
