//! Tells the issuer how far this API has applied the feed. Must not hold anything up.

use std::time::Duration;

use serde::Serialize;

use super::backoff::LONGEST_ASKED;
use super::link::Link;
use super::run::Run;
use super::web::WebError;
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
    /// Notes what is applied, for the next report, if it is not noted yet. Whoever applied it may
    /// have been given up before he could.
    pub(super) fn note_applied(&self) {
        let Some(position) = self.verifier.position() else { return };
        self.applied.send_if_modified(|noted| {
            let known = noted.as_ref().is_some_and(|noted| noted.position == position);
            if !known {
                *noted = Some(Applied { position, at: self.verifier.clock().monotonic() });
            }
            !known
        });
    }

    /// Notes whether the issuer refuses the credentials. To be refused again and again could lock out
    /// others behind the same address, so they rest for a while.
    pub(super) fn note_refusal(&self, error: &WebError) {
        if matches!(error, WebError::Refused(_)) {
            tracing::warn!(%error, minutes = REST.as_secs() / 60, "the issuer refuses the credentials: they rest");
            let until = self.verifier.clock().monotonic().saturating_add(REST);
            self.refused_until.send_replace(until);
        }
    }

    /// For how long no credentials are sent.
    pub(super) fn credentials_rest(&self) -> Duration {
        self.refused_until.borrow().saturating_sub(self.verifier.clock().monotonic())
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
        // What comes from a state file.
        self.note_applied();
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
            while !self.credentials_rest().is_zero() {
                self.pause.pause(self.credentials_rest()).await;
            }
            let applied = news.borrow_and_update().clone();
            let mut rest = INTERVAL;
            if let Some(report) = applied.and_then(|applied| self.report(name, &applied))
                && let Err(error) = self.web.post(&link, report, PATIENCE).await
            {
                tracing::debug!(%error, "the issuer took no report of what is applied");
                self.note_refusal(&error);
                let asked = error.retry_after().unwrap_or_default();
                rest = rest.max(asked.min(LONGEST_ASKED));
            }
            self.pause.pause(rest).await;
        }
    }

    fn report(&self, subscriber: &str, applied: &Applied) -> Option<String> {
        let since = self.verifier.clock().monotonic().saturating_sub(applied.at);
        let Position { epoch, seq, .. } = applied.position;
        let via = if *self.tally.streaming.borrow() { "stream" } else { "poll" };
        let applied_ms_ago = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        serde_json::to_string(&Report { subscriber, via, epoch, seq, applied_ms_ago }).ok()
    }
}

const APPLIED: &str = "/revocations/applied";
const INTERVAL: Duration = Duration::from_secs(1);
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);
/// Of credentials that were refused.
const REST: Duration = Duration::from_mins(5);
const PATIENCE: Duration = Duration::from_secs(5);
