//! What a node does without being asked: looking at the database, keeping the keys, tidying up.

use std::sync::Arc;
use std::time::Duration;

use super::janitor;
use super::server::Server;
use crate::protocol::key::KeyState;

/// Starts the background work of `server`. Dropping the set ends it.
pub fn start(server: &Arc<Server>) -> tokio::task::JoinSet<()> {
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(look(server.clone()));
    tasks.spawn(keep(server.clone()));
    tasks
}

/// Renews the lease of the memory, so that no request has to.
async fn look(server: Arc<Server>) {
    loop {
        if let Err(error) = server.memory.refresh().await {
            tracing::warn!(%error, "the database could not be looked at");
        }
        measure(&server);
        pause(&server, server.settings.revocation.poll).await;
    }
}

/// Keeps the keys, and removes what nobody needs any more.
async fn keep(server: Arc<Server>) {
    let mut sweep = janitor::Sweep::default();
    loop {
        pause(&server, UPKEEP_EVERY).await;
        if let Err(error) = server.clock.look(&server.store, &server.world).await {
            tracing::warn!(%error, "the clock could not be compared with the database's");
        }
        if let Err(error) = server.note_token_life().await {
            tracing::warn!(%error, "the life of tokens could not be written down");
        }
        if let Err(error) = server.maintain_keys().await {
            tracing::warn!(%error, "the keys could not be kept");
        }
        if let Err(error) = sweep.run(&server).await {
            tracing::warn!(%error, "the janitor was interrupted");
        }
    }
}

/// Sets the gauges of what this node knows.
fn measure(server: &Server) {
    let memory = &server.memory;
    metrics::gauge!("chancery_memory_age_seconds").set(memory.age().as_secs_f64());
    let revocations = u32::try_from(memory.revocations().len()).unwrap_or(u32::MAX);
    metrics::gauge!("chancery_revocations_known").set(revocations);
    let Some(known) = memory.last_known() else { return };
    let now = server.now();
    for key in known.ring.records().iter().filter(|key| key.life.state == KeyState::Active) {
        let labels = [("use", key.usage.as_str()), ("algorithm", key.algorithm.as_str())];
        let age = key.life.activated_at.map_or(Duration::ZERO, |since| now.since(since));
        metrics::gauge!("chancery_key_age_seconds", &labels).set(age.as_secs_f64());
    }
}

async fn pause(server: &Server, span: Duration) {
    let until = server.now() + span;
    server.world.clock.sleep_until(until.into()).await;
}

const UPKEEP_EVERY: Duration = Duration::from_mins(1);
