//! Hearing of changes at once, instead of at the next look (LISTEN). Must not know what changed.

use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};

use super::super::error::StorageError;

/// A connection of its own that hears whenever a transaction has changed the head of the log.
pub struct Wakes(PgListener);

impl Wakes {
    /// Begins to listen, beside the `pool`: its connections are for those who ask.
    pub(super) async fn open(pool: &PgPool) -> Result<Self, StorageError> {
        let one = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let own = one.connect_lazy_with((*pool.connect_options()).clone());
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// Waits until something may have changed: it did, or the connection was lost and is there again.
    pub async fn next(&mut self) -> Result<(), StorageError> {
        self.0.try_recv().await?;
        // One look finds all that was told so far.
        while self.0.next_buffered().is_some() {}
        Ok(())
    }
}

const CHANNEL: &str = "chancery_feed";
