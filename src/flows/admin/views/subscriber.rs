//! Subscribers of the feed.

use serde::Serialize;

use crate::protocol::revocation::FeedPosition;
use crate::protocol::subscriber;
use crate::protocol::time::Timestamp;

/// The feed: where it ends, and who has come how far.
#[derive(Serialize)]
pub struct Feed {
    epoch: i64,
    seq: i64,
    items: Vec<Progress>,
    next: Option<String>,
}

/// How far a subscriber has come.
#[derive(Serialize)]
struct Progress {
    subscriber: String,
    client_id: String,
    via: &'static str,
    epoch: i64,
    seq: i64,
    /// How many entries of the log it lacks; none where its place is of another epoch.
    behind: Option<i64>,
    applied_at: String,
    reported_at: String,
    /// Whether it obeys the revocation that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    obeys: Option<bool>,
    /// Since when, at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    obeys_since: Option<String>,
}

impl Feed {
    /// The view of `subscribers` where the log ends at `head`, with what they know of the revocation
    /// at `asked`.
    pub fn of(
        (subscribers, head): (&[subscriber::Subscriber], FeedPosition),
        asked: Option<FeedPosition>,
        next: Option<String>,
    ) -> Self {
        let view = |one| Progress::of(one, head, asked);
        let items = subscribers.iter().map(view).collect();
        Self { epoch: head.epoch, seq: head.seq, items, next }
    }
}

impl Progress {
    fn of(
        subscriber: &subscriber::Subscriber,
        head: FeedPosition,
        asked: Option<FeedPosition>,
    ) -> Self {
        let report = &subscriber.report;
        let position = report.applied.position;
        let reached = asked.map(|asked| subscriber.history.reached(asked));
        Self {
            subscriber: report.name.as_str().to_owned(),
            client_id: report.client_id.to_string(),
            via: report.via.as_str(),
            epoch: position.epoch,
            seq: position.seq,
            behind: (position.epoch == head.epoch).then(|| (head.seq - position.seq).max(0)),
            applied_at: report.applied.at.rfc3339(),
            reported_at: report.reported_at.rfc3339(),
            obeys: reached.map(|reached| reached.is_some()),
            obeys_since: reached.flatten().map(Timestamp::rfc3339),
        }
    }
}
