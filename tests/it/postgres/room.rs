//! The file system that the tables lie on, or the write-ahead log, has no room left, for real.

use std::time::Duration;

use chancery::storage::DatabaseUrl;
use tokio::time::timeout;
use url::Url;

use crate::support::postgres::{OwnCluster, Skip, skip_or_fail};
use crate::support::{Home, Load, Place, Raw, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c132_tables_on_a_disk_that_is_full_lose_nothing_and_go_on_once_there_is_room() {
    let started = OwnCluster::start_with_room_for_tables().await;
    let Some(cluster) = found(started) else { return };
    let mut url = Url::parse(cluster.url()).unwrap();
    let mut admin = Raw::open(DatabaseUrl::Postgres(url.clone().into())).await;
    admin.run("CREATE TABLESPACE small LOCATION '/mnt/small'").await;
    admin.run("CREATE DATABASE chancery TABLESPACE small").await;
    url.set_path("chancery");
    // What has room in its page is stored, and the rest is not. It goes on by itself.
    fill_under_load(&cluster, (url.into(), 2), async || cluster.give_room().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c132_a_log_on_a_disk_that_is_full_loses_nothing_and_the_database_starts_over() {
    let started = OwnCluster::start_with_room_for_its_log().await;
    let Some(cluster) = found(started) else { return };
    let url = cluster.url().to_owned();
    // It panics, and may or may not come back before there is room.
    fill_under_load(&cluster, (url, 1), async || {
        cluster.give_room().await;
        cluster.start_over().await;
    })
    .await;
}

fn found(started: Result<OwnCluster, Skip>) -> Option<OwnCluster> {
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    started.map_err(|skip| skip_or_fail(&name, &skip.reason)).ok()
}

/// Takes all room while a server is at work, so many times, and asserts that it works on after `mend`, with
/// all that was acknowledged.
async fn fill_under_load(
    cluster: &OwnCluster,
    (url, times): (String, usize),
    mend: impl AsyncFn(),
) {
    let mut home = Home::on(Place::Kept(url));
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut load = Load::prepare(&wire).await;
    for _ in 0..times {
        let untouched = wire.login().await;
        let mut working = load.start(&wire).await;
        working.acknowledged(40).await;
        cluster.take_room().await;
        timeout(PATIENCE, working.refused(20)).await.unwrap();
        until(503, async || wire.try_login().await.unwrap()).await;
        for path in ["/.well-known/jwks.json", "/healthz"] {
            assert_eq!(wire.get(path).await.unwrap().status, 200, "{path}");
        }
        mend().await;
        // For the same requests.
        timeout(PATIENCE, working.acknowledged(40)).await.unwrap();
        let tally = load.settle(working).await;
        assert_eq!((tally.unanswered, tally.torn), (0, 0), "{tally:?}");
        assert_eq!(wire.get("/readyz").await.unwrap().status, 200);
        wire.refresh(&untouched.refresh).await.unwrap().tokens();
        load.verify(&wire, home.database()).await;
    }
    load.verify_end(&wire).await;
}

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_mins(1);
