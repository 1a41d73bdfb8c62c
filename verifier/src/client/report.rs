//! Tells the issuer how far this API has applied the feed. Must not hold anything up.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;

use super::link::Link;
use super::run::Run;
use crate::Position;

/// How far the feed is applied here, and since when.
#[derive(Clone)]
pub(super) struct Applied {
    position: Position,
    /// By the verifier's monotonic clock.
    at: Duration,
}

#[derive(Serialize)]
struct Report<'a> {
    subscriber: &'a str,
    via: &'static str,
    epoch: i64,
    seq: i64,
    applied_ms_ago: u64,
}

impl Run {
    /// Notes what was applied, for the next report.
    pub(super) fn note_applied(&self) {
        if let Some(position) = self.verifier.position() {
            let at = self.verifier.clock().monotonic();
            self.applied.send_replace(Some(Applied { position, at }));
        }
    }

    /// Reports what was applied when that changes, at most once a second, and from time to time when
    /// it does not. Only those who show who they are and have a name are listed, so others report
    /// nothing. That a report fails changes nothing here.
    pub(super) async fn keep_reporting(&self) {
        let link = Link::parse(self.verifier.issuer())
            .and_then(|issuer| issuer.with_path(&format!("{}{APPLIED}", issuer.path())));
        let (Some(_), Some(name), Ok(link)) =
            (&self.settings.credentials, &self.settings.subscriber, link)
        else {
            return;
        };
        let mut news = self.applied.subscribe();
        news.mark_changed();
        loop {
            tokio::select! {
                // The sender lives as long as this does.
                _ = news.changed() => {}
                () = self.pause.pause(SIGN_OF_LIFE) => {}
            }
            // A revocation reaches every API at once, and not all of them should answer at once.
            self.pause.pause(INTERVAL.mul_f64(self.pause.chance())).await;
            let applied = news.borrow_and_update().clone();
            if let Some(report) = applied.and_then(|applied| self.report(name, &applied))
                && let Err(error) = self.web.post(&link, report, PATIENCE).await
            {
                tracing::debug!(%error, "the issuer took no report of what is applied");
            }
            self.pause.pause(INTERVAL).await;
        }
    }

    fn report(&self, subscriber: &str, applied: &Applied) -> Option<String> {
        let since = self.verifier.clock().monotonic().saturating_sub(applied.at);
        let Position { epoch, seq, .. } = applied.position;
        let streaming = self.tally.streaming.load(Ordering::Relaxed);
        let via = if streaming { "stream" } else { "poll" };
        let applied_ms_ago = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        serde_json::to_string(&Report { subscriber, via, epoch, seq, applied_ms_ago }).ok()
    }
}

const APPLIED: &str = "/revocations/applied";
const INTERVAL: Duration = Duration::from_secs(1);
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(5);
