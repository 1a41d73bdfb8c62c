//! The one task of a client: all that it does, side by side. Must not know how any of it is done.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot, watch};

use super::backoff::Backoff;
use super::counters::{Tally, count};
use super::discovery::{Links, discover};
use super::disk::StateFile;
use super::link::Link;
use super::pause::Pause;
use super::report::Applied;
use super::settings::ClientSettings;
use super::web::Web;
use crate::Verifier;

/// What every part of the client works with.
pub(super) struct Run {
    pub(super) verifier: Verifier,
    pub(super) settings: ClientSettings,
    pub(super) pause: Arc<dyn Pause>,
    pub(super) web: Web,
    pub(super) tally: Arc<Tally>,
    /// Keys became wanted.
    pub(super) wanted: Arc<Notify>,
    /// Keys or a document have come.
    pub(super) progress: watch::Sender<()>,
    /// What was applied last, to be reported.
    pub(super) applied: watch::Sender<Option<Applied>>,
    /// Until when no credentials are sent, by the verifier's monotonic clock.
    pub(super) refused_until: watch::Sender<Duration>,
    /// Until when the snapshot takes the place of no other document, by the same.
    pub(super) snapshot_rests_until: watch::Sender<Duration>,
}

impl Run {
    pub(super) fn new(
        verifier: Verifier,
        issuer: Link,
        settings: ClientSettings,
        tally: Arc<Tally>,
        progress: watch::Sender<()>,
    ) -> Self {
        let wanted = Arc::new(Notify::new());
        let wake = Arc::clone(&wanted);
        verifier.on_demand(move || wake.notify_one());
        let pause = Arc::clone(&settings.pause);
        let web = Web::new(issuer, settings.credentials.as_ref(), Arc::clone(&pause));
        Self {
            verifier,
            settings,
            pause,
            web,
            tally,
            wanted,
            progress,
            applied: watch::Sender::new(None),
            refused_until: watch::Sender::new(Duration::ZERO),
            snapshot_rests_until: watch::Sender::new(Duration::ZERO),
        }
    }

    /// Follows the issuer until `stopped`, then saves what is known.
    pub(super) async fn until(self, stopped: oneshot::Receiver<()>) {
        let file = self.settings.state_file.as_deref().map(StateFile::new);
        tokio::select! {
            _ = stopped => {}
            () = self.follow() => {}
            () = self.keep_saving(file.clone()) => {}
        }
        if let Some(file) = file {
            file.save(&self.verifier).await;
        }
    }

    /// Keys and feed, from where the issuer names them.
    async fn follow(&self) {
        let links = watch::Sender::new(self.discover().await);
        tokio::join!(
            self.keep_links(&links),
            self.keep_keys(links.subscribe()),
            self.keep_feed(links.subscribe()),
            self.keep_reporting(),
        );
    }

    /// Asks for the metadata until it is had.
    async fn discover(&self) -> Links {
        let mut backoff = Backoff::new();
        loop {
            match discover(&self.web, self.verifier.issuer()).await {
                Ok(links) => return links,
                Err(error) => {
                    count(&self.tally.fetch_failures);
                    tracing::warn!(%error, "the issuer's metadata cannot be used");
                    let wait = backoff.next(self.pause.chance(), error.retry_after());
                    self.pause.pause(wait).await;
                }
            }
        }
    }

    /// Reads the metadata again from time to time. A feed that it does not name any more is followed
    /// on: that there is none would have to be believed of whoever could make it so.
    async fn keep_links(&self, links: &watch::Sender<Links>) {
        loop {
            let spread = METADATA.mul_f64(1.0 + self.pause.chance());
            self.pause.pause(spread).await;
            let mut found = self.discover().await;
            links.send_if_modified(|known| {
                if found.feed.is_none() && known.feed.is_some() {
                    tracing::warn!("the issuer's metadata names no feed of revocations any more");
                    found.feed.clone_from(&known.feed);
                }
                let other = *known != found;
                *known = found;
                other
            });
        }
    }

    async fn keep_saving(&self, file: Option<StateFile>) {
        match file {
            Some(file) => file.keep(&self.verifier, &*self.pause).await,
            None => std::future::pending().await,
        }
    }

    /// Tells those who wait that something has come.
    pub(super) fn progressed(&self) {
        self.progress.send_replace(());
    }
}

/// The metadata is read again after this time, or up to twice of it.
const METADATA: Duration = Duration::from_mins(10);
