//! The process is killed under load: what it has acknowledged is there when it starts again.

use super::BACKEND;
use crate::support::{Home, Load};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c133_what_was_acknowledged_outlasts_being_killed() {
    // C133
    let Some(mut home) = Home::new(BACKEND) else { return };
    // Each start listens elsewhere, and access tokens are to outlast it.
    home.set("CHANCERY_ISSUER", "http://localhost:8080");
    let mut serving = home.serve();
    let mut load = Load::prepare(&home.wire(&serving)).await;
    for round in 0..rounds() {
        let mut working = load.start(&home.wire(&serving)).await;
        // In another place of the work in each round, the first soon after its beginning.
        working.acknowledged(5 + round * 37 % 101).await;
        serving.kill();
        let tally = load.settle(working).await;
        assert!(tally.unanswered + tally.torn > 0, "the server was killed at work: {tally:?}");
        serving = home.serve();
        load.verify(&home.wire(&serving), home.database()).await;
    }
    load.verify_end(&home.wire(&serving)).await;
}

/// More of them by a variable, for a machine that has the time.
#[expect(clippy::disallowed_methods, reason = "how long to look is the environment's to say")]
fn rounds() -> usize {
    std::env::var("CHANCERY_CRASH_ROUNDS").map_or(5, |rounds| rounds.parse().unwrap())
}
