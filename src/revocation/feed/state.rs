//! What the feed tells at one moment: the log as a good look at the database found it.
//! Must not know how it is told.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chancery_verifier::feed::SEGMENT;

use super::cursor::Cursor;
use super::document::{Cover, Document, FeedError};
use super::entries::{Entries, segment_of};
use crate::keys::KeyRing;
use crate::protocol::ids::Tip;
use crate::protocol::revocation::FeedHead;
use crate::protocol::time::Timestamp;

/// What one look found. It never changes; the next look makes another.
pub struct State {
    /// Where the log ended.
    pub head: FeedHead,
    /// When the database was asked: everything revoked before is in here.
    pub looked_at: Timestamp,
    /// When that was, or a little later, by the clock that does not step.
    pub(super) made_at: Duration,
    pub(super) entries: Entries,
    pub(super) ring: Arc<KeyRing>,
    /// The document that ends here and has the present time, made when it is first asked for.
    pub(super) newest: OnceLock<Result<Document, FeedError>>,
}

/// What a genuine cursor says about a node and its database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// The log goes on behind this number.
    At(i64),
    /// It cannot be told any more whether it does: start again from a snapshot.
    Aged,
    /// The log held what this node does not find: the node is late, or the database lost writes.
    Ahead,
}

impl State {
    /// What `cursor` says.
    pub fn judge(&self, cursor: &Cursor) -> Standing {
        let Cursor { epoch, seq, tip } = *cursor;
        if epoch < self.head.whole_since {
            return Standing::Aged;
        }
        if epoch > self.head.epoch || seq > self.head.seq {
            return Standing::Ahead;
        }
        match (tip, self.tip(seq)) {
            (Some(read), Some(known)) if read != known => Standing::Ahead,
            (Some(_), Some(_)) if epoch == self.head.epoch => Standing::At(seq),
            // In another epoch one begins again, though nothing is lost.
            _ => Standing::Aged,
        }
    }

    /// Whether a reader that has read up to `before` needs to be told nothing.
    pub(super) fn tells_the_same(&self, before: &Self) -> bool {
        self.head == before.head && self.ring.jwks().hash == before.ring.jwks().hash
    }

    /// The numbers above `after`, up to the end.
    pub(super) fn above(&self, after: i64) -> Cover {
        Cover { after, up_to: self.head.seq, tip: Some(self.head.tip) }
    }

    /// The numbers above the last full segment, up to the end.
    pub(super) fn rest(&self) -> Cover {
        self.above(self.head.seq.div_euclid(SEGMENT) * SEGMENT)
    }

    /// The number of the segment that goes on behind `after`, if it is full.
    pub(super) fn full_segment(&self, after: i64) -> Option<i64> {
        let segment = segment_of(after.checked_add(1)?);
        (segment.checked_add(1)?.checked_mul(SEGMENT)? <= self.head.seq).then_some(segment)
    }

    /// The numbers of a full segment.
    pub(super) fn segment(&self, number: i64) -> Cover {
        let up_to = (number + 1) * SEGMENT;
        Cover { after: number * SEGMENT, up_to, tip: self.tip(up_to) }
    }

    fn tip(&self, seq: i64) -> Option<Tip> {
        match seq {
            _ if seq == self.head.seq => Some(self.head.tip),
            // Where every log begins, before its first entry.
            0 => Some(Tip::from_bytes([0; 16])),
            _ => self.entries.tip(seq),
        }
    }
}
