//! Keeps the issuer's keys. Must not judge them: the verifier does.

use std::time::Duration;

use tokio::sync::watch;

use super::backoff::Backoff;
use super::counters::count;
use super::discovery::Links;
use super::run::Run;
use super::web::{Bounds, WebError};
use crate::{KeyDemand, KeySetError};

#[derive(Debug, thiserror::Error)]
enum KeysError {
    #[error(transparent)]
    Web(#[from] WebError),
    #[error(transparent)]
    Set(#[from] KeySetError),
}

impl Run {
    /// Fetches the keys, and fetches them again when they are due or wanted.
    pub(super) async fn keep_keys(&self, mut links: watch::Receiver<Links>) {
        let mut backoff = Backoff::new();
        loop {
            let named = links.borrow_and_update().clone();
            let wait = match self.fetch_keys(&named).await {
                Ok(max_age) => {
                    backoff.reset();
                    max_age.unwrap_or(LONGEST).clamp(SHORTEST, LONGEST)
                }
                Err(error) => {
                    count(&self.tally.fetch_failures);
                    tracing::warn!(%error, "the issuer's keys cannot be used");
                    let asked =
                        if let KeysError::Web(error) = error { error.retry_after() } else { None };
                    let soon = backoff.next(self.pause.chance(), asked);
                    // However much they are wanted.
                    tokio::select! {
                        () = self.pause.pause(soon) => {}
                        _ = links.changed() => continue,
                    }
                    if self.has_keys() { SHORTEST } else { Duration::ZERO }
                }
            };
            tokio::select! {
                () = self.pause.pause(wait) => {}
                () = self.keys_wanted() => {}
                // The sender lives as long as this does.
                _ = links.changed() => {}
            }
        }
    }

    /// Fetches the key set and hands it to the verifier, which keeps the last good one. Returns for
    /// how long it is good.
    async fn fetch_keys(&self, links: &Links) -> Result<Option<Duration>, KeysError> {
        count(&self.tally.key_fetches);
        self.verifier.fetching_keys();
        let answer = self.web.get(&links.keys, "application/json", Bounds::SMALL).await?;
        let installed = self.verifier.install_keys(&answer.body)?;
        tracing::info!(
            keys = installed.keys,
            feed_keys = installed.feed_keys,
            unusable = installed.unusable,
            "the issuer's keys are installed"
        );
        self.progressed();
        Ok(answer.max_age)
    }

    /// Completes when the keys in hand are not enough any more. Without any the waits between two
    /// attempts decide alone.
    async fn keys_wanted(&self) {
        loop {
            let wanted = if self.has_keys() { self.verifier.wants_keys() } else { KeyDemand::No };
            match wanted {
                KeyDemand::Now => return,
                KeyDemand::After(rest) => tokio::select! {
                    () = self.pause.pause(rest) => {}
                    () = self.wanted.notified() => {}
                },
                KeyDemand::No => self.wanted.notified().await,
            }
        }
    }

    pub(super) fn has_keys(&self) -> bool {
        self.verifier.state().keys > 0
    }
}

/// Keys are not fetched more often than this because they are due, nor after a failure while there
/// are any.
const SHORTEST: Duration = Duration::from_secs(30);
/// And not less often than this.
const LONGEST: Duration = Duration::from_mins(15);
