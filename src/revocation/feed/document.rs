//! One document of the feed, signed, in the form in which every reader gets it.
//! Must not know who reads it.

use std::time::Duration;

use bytes::Bytes;
use chancery_verifier::feed::{FeedDocument, PackedEntries};

use super::cursor::{Cursor, Cursors};
use super::state::State;
use crate::keys::SigningFailed;
use crate::protocol::ids::Tip;
use crate::protocol::time::Timestamp;
use crate::protocol::uri::Issuer;

/// A signed document. Copies share it.
#[derive(Clone)]
pub struct Document {
    /// The epoch that its numbers belong to.
    pub epoch: i64,
    /// It covers the numbers up to this one.
    pub seq: i64,
    /// The event of the stream, which holds the document itself.
    event: Bytes,
    /// Where in the event the document begins.
    begin: usize,
}

/// No document could be made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum FeedError {
    /// The database was not looked at yet, or the feed has ended with the process.
    #[error("there is no feed yet")]
    NotReady,
    /// There is no key for the feed, or it does not sign.
    #[error("a document of the feed could not be signed")]
    Unsigned,
}

/// What a document is made for, as the metrics name it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sort {
    Snapshot,
    Segment,
    Head,
    Event,
    Heartbeat,
}

/// The numbers that a document covers, and the mark of the last one.
#[derive(Clone, Copy)]
pub(super) struct Cover {
    pub(super) after: i64,
    pub(super) up_to: i64,
    pub(super) tip: Option<Tip>,
}

/// What makes documents.
pub(super) struct Press {
    pub(super) issuer: Issuer,
    pub(super) cursors: Cursors,
}

impl Press {
    /// Makes the document that covers these numbers as `state` has them.
    pub(super) fn make(
        &self,
        sort: Sort,
        state: &State,
        cover: Cover,
        now: Timestamp,
    ) -> Result<Document, FeedError> {
        let key = state.ring.feed_key().ok_or(FeedError::Unsigned)?;
        let epoch = state.head.epoch;
        let cursor = self.cursors.write(&Cursor { epoch, seq: cover.up_to, tip: cover.tip });
        let document = FeedDocument {
            iss: self.issuer.as_str().to_owned(),
            iat: now.seconds(),
            exp: (now + LIFE).seconds(),
            epoch,
            prev_seq: cover.after,
            seq: cover.up_to,
            cursor,
            time: state.looked_at.millis(),
            jwks_hash: state.ring.jwks().hash.to_string(),
            entries: PackedEntries::pack(state.entries.between(cover.after, cover.up_to)),
        };
        let payload = serde_json::to_vec(&document).map_err(|_| FeedError::Unsigned)?;
        let jws = key.sign(&payload).map_err(|SigningFailed| FeedError::Unsigned)?;
        metrics::counter!("chancery_feed_documents_total", "kind" => sort.as_str()).increment(1);
        Ok(Document::of(&document, &jws))
    }
}

impl Document {
    fn of(document: &FeedDocument, jws: &str) -> Self {
        let head = format!("id: {}\nevent: revocations\ndata: ", document.cursor);
        let event = Bytes::from([head.as_bytes(), jws.as_bytes(), END].concat());
        Self { epoch: document.epoch, seq: document.seq, event, begin: head.len() }
    }

    /// A place in the log without any text.
    #[cfg(test)]
    pub(super) fn blank(epoch: i64, seq: i64) -> Self {
        Self { epoch, seq, event: Bytes::new(), begin: 0 }
    }

    /// The compact JWS.
    pub fn jws(&self) -> Bytes {
        self.event.slice(self.begin..self.event.len() - END.len())
    }

    /// The document as an event of the stream (server-sent events).
    pub fn event(&self) -> Bytes {
        self.event.clone()
    }

    /// Its entity tag, quotes included: no two documents have one signature.
    pub fn etag(&self) -> String {
        let jws = self.jws();
        let signature = jws.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        format!("\"{}\"", String::from_utf8_lossy(signature))
    }
}

impl Sort {
    fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Segment => "segment",
            Self::Head => "head",
            Self::Event => "event",
            Self::Heartbeat => "heartbeat",
        }
    }
}

/// For how long the time in a document says anything about freshness.
const LIFE: Duration = Duration::from_hours(1);
const END: &[u8] = b"\n\n";
