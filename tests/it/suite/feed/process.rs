//! The feed of servers that run as processes: what only the wire and the background work show.

use std::time::Duration;

use chancery::protocol::revocation::Kind;
use tokio::time::timeout;

use super::BACKEND;
use crate::support::{Follower, Home, claims};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_outlive_the_deadlines_of_requests_and_end_first_when_the_server_stops() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    home.set("CHANCERY_FEED__HEARTBEAT", "100ms");
    home.set("CHANCERY_HTTP__REQUEST_TIMEOUT", "500ms");
    home.set("CHANCERY_PASSWORDS__HASH_DEADLINE", "500ms");
    home.set("CHANCERY_DATABASE__ACQUIRE_TIMEOUT", "500ms");
    home.set("CHANCERY_HTTP__HEADER_TIMEOUT", "200ms");
    // If the streams held the process, this would be the end of the test's patience.
    home.set("CHANCERY_HTTP__DRAIN", "10m");
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push((wire.stream("").await, Follower::default()));
    }
    for (stream, follower) in &mut streams {
        // For longer than any of the deadlines.
        for _ in 0..12 {
            follower.take(&stream.told().await);
        }
    }
    serving.terminate();
    for (stream, follower) in &mut streams {
        while let Some(told) = stream.next().await {
            follower.take(&told);
        }
    }
    let status = timeout(Duration::from_secs(15), serving.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{status}");

    // And a reader goes on where he was.
    let serving = home.serve();
    let mut stream = home.wire(&serving).stream(&streams[0].1.cursor).await;
    streams[0].1.take(&stream.told().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_by_the_command_line_reaches_those_who_listen() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut stream = wire.stream("").await;
    let mut follower = Follower::default();
    follower.take(&stream.told().await);
    let tokens = wire.login().await;
    let sid = claims(&tokens.access)["sid"].as_str().unwrap().to_owned();
    home.succeed(&["revoke", "--session", &sid]);
    stream.until_refused(&mut follower, Kind::Session, &sid).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_takes_nothing_is_let_go_and_its_place_is_free() {
    // C139
    let Some(mut home) = Home::new(BACKEND) else { return };
    home.set("CHANCERY_FEED__HEARTBEAT", "100ms");
    home.set("CHANCERY_FEED__ANONYMOUS_STREAMS", "1");
    home.set("CHANCERY_HTTP__REQUEST_TIMEOUT", "1s");
    home.set("CHANCERY_PASSWORDS__HASH_DEADLINE", "1s");
    home.set("CHANCERY_DATABASE__ACQUIRE_TIMEOUT", "1s");
    let serving = home.serve();
    let wire = home.wire(&serving);
    let reader = wire.open_and_read_nothing().await;
    let refused = wire.get("/revocations/stream").await.unwrap();
    refused.assert_error(503, "temporarily_unavailable");
    // The connection stays open: all that the server sees is that nothing is acknowledged.
    let freed = async { while wire.try_stream("").await.is_none() {} };
    timeout(PATIENCE, freed).await.unwrap();
    drop(reader);
}

/// Far less than what the server takes to fill the buffers of the kernel with heartbeats.
const PATIENCE: Duration = Duration::from_secs(15);
