//! Tokens that were verified, by the hash of their whole text. Says nothing about whether they are
//! still good: whoever finds one checks that.

use std::array;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;
use sha2::{Digest as _, Sha256};

use crate::token::VerifiedToken;

/// A table of fixed size, which is read and written without a lock. A new token takes a free place
/// of its row, or that of any other one.
pub(crate) struct Cache {
    rows: Box<[Row]>,
    turn: AtomicUsize,
}

#[derive(Default)]
struct Row {
    /// The beginnings of the names in the places, so that a place is only looked at if it may match.
    tags: [AtomicU64; PLACES],
    places: [ArcSwapOption<VerifiedToken>; PLACES],
}

/// SHA-256 of a whole token.
pub(crate) type Name = [u8; 32];

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        let rows = (0..capacity.div_ceil(PLACES)).map(|_| Row::default()).collect();
        Self { rows, turn: AtomicUsize::new(0) }
    }

    /// The name of a token, if one like it is kept here at all: a long one would take the place of
    /// several.
    pub(crate) fn name(&self, token: &str) -> Option<Name> {
        let kept = token.len() <= LONGEST && !self.rows.is_empty();
        kept.then(|| Sha256::digest(token).into())
    }

    pub(crate) fn find(&self, name: &Name) -> Option<Arc<VerifiedToken>> {
        let (row, tag) = self.row(name)?;
        let tagged = row.tags.iter().zip(&row.places);
        let mut places = tagged.filter(|(known, _)| known.load(Ordering::Acquire) == tag);
        places.find_map(|(_, place)| {
            let found = place.load();
            found.as_ref().filter(|token| token.name == *name).cloned()
        })
    }

    pub(crate) fn keep(&self, token: &Arc<VerifiedToken>) {
        let Some((row, tag)) = self.row(&token.name) else {
            return;
        };
        let free = row.tags.iter().position(|tag| tag.load(Ordering::Relaxed) == FREE);
        let place = free.unwrap_or_else(|| self.turn.fetch_add(1, Ordering::Relaxed) % PLACES);
        row.places[place].store(Some(Arc::clone(token)));
        row.tags[place].store(tag, Ordering::Release);
    }

    fn row(&self, name: &Name) -> Option<(&Row, u64)> {
        let [high, tag, ..] = array::from_fn::<_, 4, _>(|part| {
            name[8 * part..][..8].iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
        });
        let place = usize::try_from(high).unwrap_or_default().checked_rem(self.rows.len())?;
        Some((&self.rows[place], tag.max(FREE + 1)))
    }
}

const PLACES: usize = 8;
/// The tag of a place that was never taken.
const FREE: u64 = 0;
/// In bytes. The issuer makes none that are longer.
const LONGEST: usize = 4096;
