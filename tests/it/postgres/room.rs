//! The file system that the tables lie on has no room left, for real.

use std::time::Duration;

use chancery::storage::DatabaseUrl;
use tokio::time::timeout;
use url::Url;

use crate::support::postgres::{OwnCluster, skip_or_fail};
use crate::support::{Home, Load, Place, Raw, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c132_tables_on_a_disk_that_is_full_lose_nothing_and_go_on_once_there_is_room() {
    let cluster = match OwnCluster::start_beside_a_small_disk().await {
        Ok(cluster) => cluster,
        Err(skip) => {
            let name =
                "c132_tables_on_a_disk_that_is_full_lose_nothing_and_go_on_once_there_is_room";
            return skip_or_fail(name, &skip.reason);
        }
    };
    let mut url = Url::parse(cluster.url()).unwrap();
    let mut admin = Raw::open(DatabaseUrl::Postgres(url.clone().into())).await;
    admin.run("CREATE TABLESPACE small LOCATION '/mnt/small'").await;
    admin.run("CREATE DATABASE chancery TABLESPACE small").await;
    url.set_path("chancery");
    let mut home = Home::on(Place::Kept(url.into()));
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut load = Load::prepare(&wire).await;
    for _ in 0..2 {
        let untouched = wire.login().await;
        let mut working = load.start(&wire).await;
        working.acknowledged(40).await;
        // What has room in its page is stored, and the rest is not.
        on_disk(&mut admin, "cat /dev/zero >/mnt/ballast || true").await;
        timeout(PATIENCE, working.refused(20)).await.unwrap();
        until(503, async || wire.try_login().await.unwrap()).await;
        for path in ["/.well-known/jwks.json", "/healthz"] {
            assert_eq!(wire.get(path).await.unwrap().status, 200, "{path}");
        }
        on_disk(&mut admin, "rm /mnt/ballast").await;
        // By itself, and for the same requests.
        timeout(PATIENCE, working.acknowledged(40)).await.unwrap();
        let tally = load.settle(working).await;
        assert_eq!((tally.unanswered, tally.torn), (0, 0), "{tally:?}");
        assert_eq!(wire.get("/readyz").await.unwrap().status, 200);
        wire.refresh(&untouched.refresh).await.unwrap().tokens();
        load.verify(&wire, home.database()).await;
    }
    load.verify_end(&wire).await;
}

/// Runs a command where the database runs.
async fn on_disk(admin: &mut Raw, command: &str) {
    admin.run(&format!("COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; {command}'")).await;
}

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_mins(1);
