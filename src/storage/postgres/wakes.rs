//! Hearing of changes at once, instead of at the next look (LISTEN). Must not know what changed.

use std::time::Duration;

use sqlx::Executor as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::timeout;

use super::super::error::StorageError;
use super::link::SILENT;

/// A connection of its own that hears whenever a transaction has changed the head of the log.
pub struct Wakes(PgListener);

impl Wakes {
    /// Begins to listen, beside the pool: its connections are for those who ask.
    pub(super) async fn open(connect: &PgConnectOptions) -> Result<Self, StorageError> {
        let one = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let own = one.connect_lazy_with(connect.clone());
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// Waits until something may have changed: it did, or the connection was lost and is there again.
    /// A connection that leads nowhere brings nothing either, so one that was silent for `quiet` is
    /// tried, and has to answer within `limit`.
    pub async fn next(&mut self, quiet: Duration, limit: Duration) -> Result<(), StorageError> {
        loop {
            match timeout(quiet, self.0.try_recv()).await {
                Ok(heard) => break heard.map(drop)?,
                Err(_) => self.check(limit).await?,
            }
        }
        // One look finds all that was told so far.
        while self.0.next_buffered().is_some() {}
        Ok(())
    }

    /// What is heard meanwhile is kept for the next wait.
    async fn check(&mut self, limit: Duration) -> Result<(), StorageError> {
        match timeout(limit, self.0.execute("SELECT 1")).await {
            Ok(answered) => Ok(answered.map(drop)?),
            Err(_) => Err(StorageError::Unavailable(SILENT.to_owned())),
        }
    }
}

const CHANNEL: &str = "chancery_feed";
