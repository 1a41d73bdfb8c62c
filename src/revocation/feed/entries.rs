//! The entries of the log as the feed keeps them: compact, in segments of aligned numbers that
//! copies share. Must not know how they are published.

use std::collections::BTreeMap;
use std::sync::Arc;

use chancery_verifier::feed::SEGMENT;

use crate::protocol::ids::Tip;
use crate::protocol::revocation::{Digest, Entry, Kind, Revocation};

/// The entries that the log still has, but for those that ended more than a minute ago. A copy is one pointer;
/// to change one that others have as well costs one for each segment.
#[derive(Clone, Default)]
pub(in crate::revocation) struct Entries(Arc<BTreeMap<i64, Arc<Vec<Kept>>>>);

/// One entry, in 64 bytes.
#[derive(Clone, Copy)]
struct Kept {
    seq: i64,
    tip: Tip,
    kind: Kind,
    digest: Digest,
    not_before: i64,
    until: i64,
}

impl Entries {
    /// Adds an entry, or puts it in the place of the one with its number.
    pub(in crate::revocation) fn insert(&mut self, revocation: &Revocation) {
        let kept = Kept::from(revocation);
        let segments = Arc::make_mut(&mut self.0);
        let segment = Arc::make_mut(segments.entry(segment_of(kept.seq)).or_default());
        match segment.binary_search_by_key(&kept.seq, |one| one.seq) {
            Ok(place) => segment[place] = kept,
            Err(place) => segment.insert(place, kept),
        }
    }

    /// Drops every entry that can refuse nothing alive at `now` (seconds).
    pub(in crate::revocation) fn prune(&mut self, now: i64) {
        let is_over = |kept: &Kept| kept.until <= now;
        if !self.0.values().any(|segment| segment.iter().any(is_over)) {
            return;
        }
        Arc::make_mut(&mut self.0).retain(|_, segment| {
            if segment.iter().any(is_over) {
                Arc::make_mut(segment).retain(|kept| !is_over(kept));
            }
            !segment.is_empty()
        });
    }

    /// The mark of the entry with this number, if it is still here.
    pub(super) fn tip(&self, seq: i64) -> Option<Tip> {
        let segment = self.0.get(&segment_of(seq))?;
        let place = segment.binary_search_by_key(&seq, |one| one.seq).ok()?;
        Some(segment[place].tip)
    }

    /// The entries with a number above `after`, up to `up_to`.
    pub(super) fn between(&self, after: i64, up_to: i64) -> impl Iterator<Item = (Kind, Entry)> {
        let segments = self.0.range(segment_of(after.saturating_add(1))..);
        segments
            .flat_map(|(_, segment)| segment.iter())
            .skip_while(move |kept| kept.seq <= after)
            .take_while(move |kept| kept.seq <= up_to)
            .map(Kept::entry)
    }
}

impl From<&Revocation> for Kept {
    fn from(revocation: &Revocation) -> Self {
        let entry = revocation.to_entry();
        Self {
            seq: revocation.seq,
            tip: revocation.entry.tip,
            kind: revocation.entry.kind,
            digest: entry.digest,
            not_before: entry.not_before.unwrap_or(NONE),
            until: entry.until.unwrap_or(NONE),
        }
    }
}

impl Kept {
    fn entry(&self) -> (Kind, Entry) {
        let time = |time: i64| (time != NONE).then_some(time);
        let (not_before, until) = (time(self.not_before), time(self.until));
        (self.kind, Entry { digest: self.digest, not_before, until })
    }
}

/// The segment that has this number: segment 0 has the numbers from 1 on.
pub(super) fn segment_of(seq: i64) -> i64 {
    seq.saturating_sub(1).div_euclid(SEGMENT)
}

/// The time that stands for none.
const NONE: i64 = i64::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::revocation::NewRevocation;
    use crate::protocol::time::Timestamp;

    fn revocation(seq: i64, until: Option<i64>) -> Revocation {
        let entry = NewRevocation {
            kind: Kind::Session,
            digest: Kind::Session.digest(&seq.to_string()),
            not_before: None,
            until: until.map(Timestamp::from_seconds),
            tip: Tip::from_bytes([u8::try_from(seq % 251).unwrap(); 16]),
        };
        Revocation { seq, entry }
    }

    fn numbers(entries: &Entries, after: i64, up_to: i64) -> usize {
        entries.between(after, up_to).count()
    }

    #[test]
    fn an_entry_takes_64_bytes_and_comes_back_as_it_was() {
        assert_eq!(size_of::<Kept>(), 64);
        for given in [revocation(1, Some(70)), revocation(1, None)] {
            let mut entries = Entries::default();
            entries.insert(&given);
            let found = entries.between(0, 1).next().unwrap();
            assert_eq!(found, (Kind::Session, given.to_entry()));
        }
    }

    #[test]
    fn a_range_has_its_upper_end_and_not_its_lower_one_across_segments() {
        let mut entries = Entries::default();
        for seq in (1..=1000).rev() {
            entries.insert(&revocation(seq, None));
        }
        entries.insert(&revocation(500, None));
        assert_eq!(numbers(&entries, 0, 1000), 1000);
        assert_eq!(numbers(&entries, 256, 512), 256);
        assert_eq!(numbers(&entries, 255, 257), 2);
        assert_eq!(numbers(&entries, 1000, 1000), 0);
        assert_eq!(numbers(&entries, 0, i64::MAX), 1000);
        assert_eq!((segment_of(1), segment_of(256), segment_of(257)), (0, 0, 1));
        assert_eq!(entries.tip(300), Some(revocation(300, None).entry.tip));
        assert_eq!(entries.tip(1001), None);
    }

    #[test]
    fn what_has_ended_leaves_and_a_copy_keeps_it() {
        let mut entries = Entries::default();
        for (seq, until) in [(1, Some(10)), (2, None), (300, Some(10))] {
            entries.insert(&revocation(seq, until));
        }
        let copy = entries.clone();
        entries.prune(10);
        assert_eq!(numbers(&entries, 0, 1000), 3, "`until` was rounded up");
        entries.prune(11);
        assert_eq!((numbers(&entries, 0, 1000), entries.tip(1)), (1, None));
        assert_eq!(numbers(&copy, 0, 1000), 3);
    }
}
