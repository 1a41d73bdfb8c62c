//! What is known of an issuer at one moment: keys, revocations, and how new they are.

use std::sync::Arc;
use std::time::Duration;

use crate::feed::FeedDocument;
use crate::keys::KeySet;
use crate::revocation::{Entry, Kind, RevocationSet};
use crate::state::{Absorbed, Feed, Position};

/// Everything that a token is judged by. Copies share what is big.
#[derive(Clone, Default)]
pub(crate) struct Known {
    pub(super) keys: Arc<KeySet>,
    pub(super) set: RevocationSet,
    /// Rises with every change of keys or revocations: what passed at this number passes again.
    pub(super) number: u64,
    pub(super) position: Option<Position>,
    /// The newest document that left no gap.
    pub(super) fresh: Option<Seen>,
    /// The latest time that the issuer has signed.
    pub(super) signed: Option<Seen>,
    /// The feed keys by whose word position and times stand.
    pub(super) signers: Vec<String>,
    /// A document of the feed was read, ever.
    pub(super) fed: bool,
    no_feed: bool,
    pruned_at: i64,
}

/// A time of the issuer, and when it was seen here.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// In milliseconds since the Unix epoch.
    pub(super) time: i64,
    /// For how long it had been known before `at`, in milliseconds: in an earlier run.
    pub(super) carried: i64,
    pub(super) at: Duration,
}

/// A moment by the clocks of this machine.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// In milliseconds since the Unix epoch.
    pub(super) wall: i64,
    pub(super) monotonic: Duration,
}

impl Known {
    pub(super) fn install(&mut self, keys: KeySet) {
        self.keys = Arc::new(keys);
        self.number += 1;
    }

    /// An issuer that has signed a document of the feed has one.
    pub(super) fn set_feed(&mut self, expected: bool) {
        self.no_feed = !expected && !self.fed;
    }

    /// Merges revocations. Old ones and those that came before change nothing.
    pub(super) fn merge(&mut self, entries: impl IntoIterator<Item = Entry>) {
        if self.set.merge(entries) {
            self.number += 1;
        }
    }

    /// Forgets what stands by the word of a feed key that is revoked: whoever had the key could claim
    /// any number and any time. Revocations stay.
    pub(super) fn distrust_revoked(&mut self) {
        let revoked = |kid: &String| self.set.refuses(Kind::Key.digest(kid), i64::MIN);
        if self.signers.iter().any(revoked) {
            self.position = None;
            self.forget_times();
        }
    }

    /// Forgets the times of an earlier life of the log, if `document` begins a new one. A signed time
    /// that lay far ahead by mistake is left behind so.
    pub(super) fn leave_earlier_life(&mut self, document: &FeedDocument) {
        if self.place(document) == Absorbed::NewEpoch {
            self.forget_times();
        }
    }

    /// Notes that the issuer has a feed: it has signed a document of it.
    pub(super) fn note_feed(&mut self) {
        (self.fed, self.no_feed) = (true, false);
    }

    fn forget_times(&mut self) {
        (self.fresh, self.signed, self.pruned_at) = (None, None, 0);
        self.signers.clear();
    }

    /// Notes that the feed key `kid` has signed what is known.
    pub(super) fn note_signer(&mut self, kid: &str) {
        if !self.signers.iter().any(|known| known == kid) {
            self.signers.push(kid.to_owned());
        }
    }

    /// Notes the time of a document that the issuer has signed, whatever else is in it. Answers
    /// whether there is no later one.
    pub(super) fn note_time(&mut self, seen: Seen) -> bool {
        let latest = self.signed.filter(|signed| seen.time <= signed.time).unwrap_or(seen);
        self.signed = Some(latest);
        let seconds = latest.time / 1000;
        // Only a signed time lets entries go: a clock of this machine may be wrong.
        if seconds - self.pruned_at >= PRUNE_EVERY {
            self.set.prune(seconds);
            self.pruned_at = seconds;
        }
        latest.time == seen.time
    }

    /// Moves to the end of what `document` covers, if nothing is missing in between. It counts for
    /// the freshness only if it is `current`.
    pub(super) fn advance(&mut self, document: FeedDocument, current: Option<Seen>) -> Absorbed {
        let absorbed = self.place(&document);
        if matches!(absorbed, Absorbed::Gap | Absorbed::Older) {
            return absorbed;
        }
        // One that covers less than is known was made by a node that lags, and says nothing about
        // the rest.
        let known = self.position.as_ref().map_or(0, |position| position.seq);
        let whole = absorbed != Absorbed::Nothing || document.seq == known;
        if let Some(seen) = current.filter(|_| whole)
            && self.fresh.is_none_or(|fresh| fresh.time < seen.time)
        {
            self.fresh = Some(seen);
        }
        if absorbed != Absorbed::Nothing {
            let FeedDocument { epoch, seq, cursor, .. } = document;
            self.position = Some(Position { epoch, seq, cursor });
        }
        absorbed
    }

    /// Where `document` stands in relation to the position.
    pub(super) fn place(&self, document: &FeedDocument) -> Absorbed {
        let Some(position) = &self.position else {
            return if document.prev_seq == 0 { Absorbed::Advanced } else { Absorbed::Gap };
        };
        if document.epoch < position.epoch {
            Absorbed::Older
        } else if document.epoch > position.epoch {
            if document.prev_seq == 0 { Absorbed::NewEpoch } else { Absorbed::Gap }
        } else if document.prev_seq > position.seq {
            Absorbed::Gap
        } else if document.seq > position.seq {
            Absorbed::Advanced
        } else {
            Absorbed::Nothing
        }
    }

    /// The time to judge by, in milliseconds: this machine's, or the issuer's last signed one as it
    /// has gone on since, whichever is later. A clock that is behind accepts nothing longer.
    pub(super) fn now(&self, moment: Moment) -> i64 {
        self.signed.map_or(moment.wall, |signed| moment.wall.max(signed.carried_to(moment)))
    }

    /// How old what is known of the revocations is. A clock that is behind does not make it younger.
    pub(super) fn age(&self, moment: Moment) -> Option<Duration> {
        let fresh = self.fresh?;
        let now = self.now(moment).max(fresh.carried_to(moment));
        let age = u64::try_from(now.saturating_sub(fresh.time)).unwrap_or(0);
        Some(Duration::from_millis(age))
    }

    pub(super) fn clock_offset(&self, moment: Moment) -> Option<i64> {
        Some(moment.wall.saturating_sub(self.signed?.carried_to(moment)))
    }

    pub(super) fn feed(&self) -> Feed {
        match (self.no_feed, self.fresh) {
            (true, _) => Feed::None,
            (false, None) => Feed::NotYet,
            (false, Some(_)) => Feed::Following,
        }
    }

    /// Whether tokens can be accepted, by what is known for no longer than `max_stale`.
    pub(super) fn is_ready(&self, moment: Moment, max_stale: Duration) -> bool {
        let current = || self.age(moment).is_some_and(|age| age <= max_stale);
        !self.keys.is_empty() && (self.feed() == Feed::None || current())
    }
}

impl Seen {
    /// That time as it has gone on since.
    fn carried_to(self, moment: Moment) -> i64 {
        self.time.saturating_add(self.passed(moment))
    }

    /// For how long it has been known, in milliseconds, by clocks that do not step.
    pub(super) fn passed(self, moment: Moment) -> i64 {
        let here = moment.monotonic.saturating_sub(self.at).as_millis();
        i64::try_from(here).unwrap_or(i64::MAX).saturating_add(self.carried)
    }
}

const PRUNE_EVERY: i64 = 60;
