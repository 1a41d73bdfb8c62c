//! The database server crashes under load and comes back.

use std::time::Duration;

use tokio::time::timeout;

use crate::support::postgres::{OwnCluster, skip_or_fail};
use crate::support::{Home, Load, Place, Tokens, Wire};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_crashes_is_503_until_it_is_back_and_nothing_acknowledged_is_lost() {
    // C130
    let cluster = match OwnCluster::start().await {
        Ok(cluster) => cluster,
        Err(skip) => {
            return skip_or_fail(
                "a_database_that_crashes_is_503_until_it_is_back_and_nothing_acknowledged_is_lost",
                &skip.reason,
            );
        }
    };
    let mut home = Home::on(Place::Kept(cluster.url().to_owned()));
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut load = Load::prepare(&wire).await;
    for round in 0..rounds() {
        let untouched = wire.login().await;
        let mut working = load.start(&wire).await;
        working.acknowledged(40).await;
        if round % 2 == 0 {
            cluster.kill().await;
            // The children go when they notice.
            not_ready(&wire).await;
        } else {
            cluster.stop_immediate().await;
        }
        assert_down(&wire, &untouched).await;
        working.refused(8).await;
        cluster.restart().await;
        // By itself, and for the same requests.
        working.acknowledged(40).await;
        assert_eq!(wire.get("/readyz").await.unwrap().status, 200);
        let tally = load.settle(working).await;
        assert_eq!((tally.unanswered, tally.torn), (0, 0), "{tally:?}");
        wire.refresh(&untouched.refresh).await.unwrap().tokens();
        load.verify(&wire, home.database()).await;
    }
    load.verify_end(&wire).await;
}

async fn assert_down(wire: &Wire, untouched: &Tokens) {
    let replies = [
        wire.try_login().await,
        wire.refresh(&untouched.refresh).await,
        wire.revoke(&untouched.refresh).await,
        wire.introspect(&untouched.refresh).await,
    ];
    for reply in replies {
        let reply = reply.unwrap();
        reply.assert_error(503, "temporarily_unavailable");
        assert_eq!(reply.header("retry-after"), "1");
    }
    not_ready(wire).await;
    for path in ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/healthz"] {
        assert_eq!(wire.get(path).await.unwrap().status, 200, "{path}");
    }
}

async fn not_ready(wire: &Wire) {
    let not_ready = async { while wire.get("/readyz").await.unwrap().status == 200 {} };
    timeout(LEASE, not_ready).await.unwrap();
}

/// More of them by a variable, for a machine that has the time.
#[expect(clippy::disallowed_methods, reason = "how long to look is the environment's to say")]
fn rounds() -> usize {
    std::env::var("CHANCERY_OUTAGE_ROUNDS").map_or(4, |rounds| rounds.parse().unwrap())
}

/// What is in memory lasts for a second; this is more than enough.
const LEASE: Duration = Duration::from_secs(10);
