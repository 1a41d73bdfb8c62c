//! What a node does without being asked: looking at the database, keeping the keys, tidying up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::backchannel::Courier;
use super::janitor;
use super::server::Server;

/// The background work of a server. Dropping it ends it at once.
pub struct Background {
    courier: JoinSet<()>,
    stop: Arc<Notify>,
    _others: JoinSet<()>,
}

/// Starts the background work of `server`.
pub fn start(server: &Arc<Server>) -> Background {
    let mut others = JoinSet::new();
    others.spawn(look(server.clone()));
    others.spawn(listen(server.clone()));
    others.spawn(beat(server.clone()));
    others.spawn(keep(server.clone()));
    others.spawn(sweep(server.clone()));
    others.spawn(rest(server.clone()));
    let (mut courier, stop) = (JoinSet::new(), Arc::new(Notify::new()));
    let stopped = stop.clone();
    courier.spawn(Courier::new(server.clone()).run(async move { stopped.notified().await }));
    Background { courier, stop, _others: others }
}

impl Background {
    /// Ends it. What is being delivered may still be for as long as `drain`.
    pub async fn end(mut self, drain: Duration) {
        self.stop.notify_one();
        let _ = tokio::time::timeout(drain, self.courier.join_next()).await;
    }
}

/// Renews the lease of the memory, so that no request has to.
async fn look(server: Arc<Server>) {
    loop {
        if let Err(error) = server.look().await {
            tracing::warn!(%error, "the database could not be looked at");
        }
        server.world.clock.sleep(server.settings.revocation.poll).await;
    }
}

/// Looks as soon as another node has changed something. Where that cannot be heard, the node still
/// looks by itself.
async fn listen(server: Arc<Server>) {
    let mut wait = LISTEN_AGAIN;
    loop {
        match server.store.wakes().await {
            Ok(Some(mut wakes)) => {
                wait = LISTEN_AGAIN;
                metrics::gauge!("chancery_feed_listening").set(1.0);
                // What was committed before somebody listened is found by looking.
                while server.memory.refresh().await.is_ok()
                    && wakes.next(QUIET, TRIAL).await.is_ok()
                {}
                metrics::gauge!("chancery_feed_listening").set(0.0);
                tracing::warn!("changes of other nodes cannot be heard of at once for the moment");
            }
            Ok(None) => {
                return tracing::info!(
                    poll = ?server.settings.revocation.poll,
                    "changes beside this node are found by looking alone"
                );
            }
            Err(error) => {
                metrics::gauge!("chancery_feed_listening").set(0.0);
                tracing::debug!(%error, "the database could not be listened to");
            }
        }
        server.world.clock.sleep(wait).await;
        wait = (2 * wait).min(LISTEN_AT_LAST);
    }
}

/// Lets those who read the feed know that it is alive.
async fn beat(server: Arc<Server>) {
    loop {
        server.world.clock.sleep(server.settings.revocation.heartbeat).await;
        server.memory.feed().beat();
    }
}

/// Gives back the memory of password hashes once nobody logs in.
async fn rest(server: Arc<Server>) {
    loop {
        server.world.clock.sleep(REST_AFTER).await;
        server.credentials.pool.rest();
    }
}

/// Keeps the keys, and an eye on the clock.
async fn keep(server: Arc<Server>) {
    loop {
        server.world.clock.sleep(UPKEEP_EVERY).await;
        if let Err(error) = server.clock.look(&server.store, &server.world).await {
            tracing::warn!(%error, "the clock could not be compared with the database's");
        }
        if let Err(error) = server.note_token_life().await {
            tracing::warn!(%error, "the life of tokens could not be written down");
        }
        if let Err(error) = server.maintain_keys().await {
            tracing::warn!(%error, "the keys could not be kept");
        }
    }
}

/// Removes what nobody needs any more. Where a round has removed much, the next follows.
async fn sweep(server: Arc<Server>) {
    let mut sweep = janitor::Sweep::at_start(&server);
    loop {
        server.world.clock.sleep(UPKEEP_EVERY).await;
        if let Err(error) = sweep.catch_up(&server).await {
            metrics::counter!("chancery_janitor_failures_total").increment(1);
            tracing::warn!(%error, "the janitor was interrupted");
        }
    }
}

const LISTEN_AGAIN: Duration = Duration::from_millis(250);
const LISTEN_AT_LAST: Duration = Duration::from_secs(30);
/// How long nothing may be heard until somebody asks whether the database is still there.
const QUIET: Duration = Duration::from_secs(30);
const TRIAL: Duration = Duration::from_secs(10);
/// Memory that was given back has to be asked for again, which costs a login some milliseconds.
const REST_AFTER: Duration = Duration::from_secs(10);
const UPKEEP_EVERY: Duration = Duration::from_mins(1);
