//! Signed documents that are kept, so that one signature serves every reader: the base snapshot and
//! the full segments that were asked for last. Must not decide which a reader gets.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::document::{Document, FeedError};
use super::state::State;
use crate::protocol::key::Kid;
use crate::protocol::revocation::FeedPosition;

/// The base snapshot.
pub(super) struct Base {
    pub(super) document: Document,
    /// When it was made, by the monotonic clock.
    pub(super) made_at: Duration,
    pub(super) kid: Kid,
}

impl Base {
    /// Whether it is still good enough. Readers add the segments that came after it. One who holds
    /// `place` and cannot be told what follows it needs one that leads further, if there is.
    pub(super) fn serves(&self, state: &State, place: Option<FeedPosition>, now: Duration) -> bool {
        let Document { epoch, seq, .. } = self.document;
        let leads_on = |place: FeedPosition| place.epoch != epoch || seq > place.seq;
        epoch == state.head.epoch
            && (seq == state.head.seq || place.is_none_or(leads_on))
            && state.head.seq.saturating_sub(seq) < BASE_BEHIND
            && now.saturating_sub(self.made_at) < BASE_AGE
            && is_signed_by(&self.kid, state)
    }
}

/// Full segments. Those signed by a key that signs no more are made again.
#[derive(Default)]
pub(super) struct Segments(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    /// By epoch and number.
    segments: HashMap<(i64, i64), Segment>,
    /// How often a segment was taken.
    taken: u64,
}

struct Segment {
    document: Document,
    kid: Kid,
    /// When it was taken last, in times that any was.
    last: u64,
}

impl Segments {
    /// The segment with this number: as it was made first, as long as it is kept.
    pub(super) fn find_or_make(
        &self,
        state: &State,
        number: i64,
        make: impl FnOnce() -> Result<Document, FeedError>,
    ) -> Result<Document, FeedError> {
        let place = (state.head.epoch, number);
        let kid = state.ring.feed_key().ok_or(FeedError::Unsigned)?.kid();
        if let Some(document) = self.shelf().take(place, kid) {
            return Ok(document);
        }
        // Nobody waits for a signature that he does not need.
        let document = make()?;
        let mut kept = self.shelf();
        Ok(kept.take(place, kid).unwrap_or_else(|| kept.put(place, kid, document)))
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    /// What is there, and was signed by this key.
    fn take(&mut self, place: (i64, i64), kid: &Kid) -> Option<Document> {
        self.taken += 1;
        let segment = self.segments.get_mut(&place)?;
        segment.last = self.taken;
        (segment.kid == *kid).then(|| segment.document.clone())
    }

    fn put(&mut self, place: (i64, i64), kid: &Kid, document: Document) -> Document {
        let segment = Segment { document: document.clone(), kid: kid.clone(), last: self.taken };
        self.segments.insert(place, segment);
        self.make_room();
        document
    }

    /// What nobody has taken for longest goes first.
    fn make_room(&mut self) {
        if self.segments.len() > KEPT
            && let Some(oldest) = self.segments.iter().min_by_key(|(_, one)| one.last)
        {
            let oldest = *oldest.0;
            self.segments.remove(&oldest);
        }
    }
}

fn is_signed_by(kid: &Kid, state: &State) -> bool {
    state.ring.feed_key().is_some_and(|key| key.kid() == kid)
}

/// How old the base may grow.
const BASE_AGE: Duration = Duration::from_secs(30);
/// How many entries the base may lack.
pub(super) const BASE_BEHIND: i64 = 10_000;
/// How many segments are kept: some 3 MB of them.
const KEPT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_segment_that_nobody_took_for_longest_makes_room_for_another() {
        let (kid, mut shelf) = (Kid::new("one"), Shelf::default());
        let put = |shelf: &mut Shelf, number| {
            assert!(shelf.take((1, number), &kid).is_none());
            shelf.put((1, number), &kid, Document::blank(1, number));
        };
        let room = i64::try_from(KEPT).unwrap();
        for number in 0..room {
            put(&mut shelf, number);
        }
        for number in [0, 2] {
            assert_eq!(shelf.take((1, number), &kid).unwrap().seq, number);
        }
        for number in room..room + 2 {
            put(&mut shelf, number);
        }
        let gone = (0..room + 2).filter(|number| !shelf.segments.contains_key(&(1, *number)));
        assert_eq!(gone.collect::<Vec<_>>(), [1, 3]);
        assert!(shelf.take((1, 0), &Kid::new("another")).is_none());
    }
}
