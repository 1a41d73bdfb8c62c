//! What this node knows of the log of revocations, and whether the log is still the one it knew.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use chancery_verifier::claims::AccessTokenClaims;
use chancery_verifier::revocation::RevocationSet;

use super::feed::Entries;
use crate::protocol::client::ClientId;
use crate::protocol::ids::Tip;
use crate::protocol::key::Kid;
use crate::protocol::revocation::{FeedHead, Kind, Revocation};
use crate::protocol::time::Timestamp;
use crate::storage::ops::feed::ReadRevocations;
use crate::storage::{StorageError, Store};

/// The revocations read so far. It only grows, but for what time has made pointless.
#[derive(Default)]
pub struct RevocationLog(RwLock<State>);

#[derive(Default)]
struct State {
    set: RevocationSet,
    /// The entries that the log still has, for the feed.
    entries: Entries,
    /// The newest entry read, and its epoch; none before the first reading.
    last: Option<Last>,
    /// The latest time up to which everything was refused.
    all_not_before: Option<Timestamp>,
    /// By the clock of this node, which may be set back later.
    pruned_at: Option<Timestamp>,
}

#[derive(Clone, Copy)]
struct Last {
    epoch: i64,
    seq: i64,
    tip: Tip,
}

/// What following the log found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Followed {
    /// The log goes on from where this node had read it.
    On,
    /// The log lost entries that this node had read: the database was set back.
    Fallen,
}

impl RevocationLog {
    /// Reads what came since the last time, up to `head`. One caller at a time.
    ///
    /// The last entry is read again: if it is gone or another one, writes were lost, even if new
    /// ones have overtaken them since; so were they if an earlier epoch is back. What was read
    /// before is kept in any case, and so is where it ended: as long as no new epoch is stored,
    /// every look finds the same.
    pub async fn follow(
        &self,
        store: &Store,
        head: &FeedHead,
        now: Timestamp,
    ) -> Result<Followed, StorageError> {
        if self.epoch().is_some_and(|epoch| epoch > head.epoch) {
            return Ok(Followed::Fallen);
        }
        let last = self.state().last.filter(|last| last.epoch >= head.whole_since);
        // What was dropped by a clock that was set back since may refuse something alive.
        let again = self.state().pruned_at.is_some_and(|at| at > now);
        let pruned_at = self.state().pruned_at.filter(|_| !again);
        let to_prune = pruned_at.is_none_or(|at| now.since(at) >= PRUNE_EVERY);
        if !to_prune && last.is_some_and(|last| last.is_at(head)) {
            return Ok(Followed::On);
        }
        let from = last.filter(|_| !again).map_or(0, |last| last.seq);
        let mut entries = if from == 0 { Entries::default() } else { self.entries() };
        let replaced = self.read(store, (from, last), &mut entries).await?;
        if replaced || last.is_some_and(|last| last.is_lost(head)) {
            return Ok(Followed::Fallen);
        }
        let pruned = to_prune.then(|| {
            entries.prune(now.seconds());
            self.pruned_set(now)
        });
        let mut state = self.state_mut();
        state.pruned_at = pruned.as_ref().map_or(pruned_at, |_| Some(now));
        // What it replaces is dropped behind the lock.
        let _before = pruned.map(|set| std::mem::replace(&mut state.set, set));
        state.entries = entries;
        state.last = Some(Last { epoch: head.epoch, seq: head.seq, tip: head.tip });
        drop(state);
        Ok(Followed::On)
    }

    /// The epoch of the newest entry read; none before the first reading.
    pub fn epoch(&self) -> Option<i64> {
        self.state().last.map(|last| last.epoch)
    }

    /// The entries that the log still has.
    pub(super) fn entries(&self) -> Entries {
        self.state().entries.clone()
    }

    /// Why a token with these claims, signed by `kid`, is refused; `None` if it is not.
    pub fn refusal(&self, claims: &AccessTokenClaims, kid: &Kid) -> Option<Kind> {
        self.state().set.refusal(claims, kid.as_str())
    }

    /// Whether everything that this key signed is refused.
    pub fn refuses_key(&self, kid: &Kid) -> bool {
        self.state().set.refuses(Kind::Key.digest(kid.as_str()), i64::MIN)
    }

    /// The latest time up to which tokens of this client id are refused: of another client too that
    /// had it, and is deleted.
    pub fn client_not_before(&self, id: &ClientId) -> Option<Timestamp> {
        let state = self.state();
        if state.set.is_empty() {
            return None;
        }
        state.set.not_before(Kind::Client.digest(id.as_str())).map(Timestamp::from_seconds)
    }

    /// The latest time up to which everything was refused.
    pub fn all_not_before(&self) -> Option<Timestamp> {
        self.state().all_not_before
    }

    /// How many names are refused.
    pub fn len(&self) -> usize {
        self.state().set.len()
    }

    /// Whether nothing is refused.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Merges everything from the number `from` on, here and into `entries`. Answers whether the
    /// entry `last` is another one now.
    ///
    /// To merge copies whatever it comes upon, so what was read waits until there is as much of it as
    /// is known already, or [`UNMERGED`].
    async fn read(
        &self,
        store: &Store,
        (mut from, last): (i64, Option<Last>),
        entries: &mut Entries,
    ) -> Result<bool, StorageError> {
        // The last known one is read for its mark alone.
        let known = last.map_or(0, |last| last.seq).min(from);
        let (mut replaced, mut unmerged) = (false, Vec::new());
        loop {
            let page = store.read(ReadRevocations { from, limit: PAGE }).await?;
            replaced |= last.is_some_and(|last| page.iter().any(|entry| last.is_replaced(entry)));
            let end = page.last().map(|newest| newest.seq);
            let is_full = page.len() == PAGE as usize;
            let news = page.into_iter().filter(|one| one.seq > known);
            unmerged.extend(news.inspect(|revocation| entries.insert(revocation)));
            let next = end.filter(|_| is_full).map(|end| end + 1);
            if next.is_none() || unmerged.len() >= self.len().min(UNMERGED) {
                self.merge(&std::mem::take(&mut unmerged));
            }
            match next {
                Some(next) => from = next,
                None => return Ok(replaced),
            }
        }
    }

    /// Adds to what is refused. One caller at a time.
    fn merge(&self, news: &[Revocation]) {
        let all = news.iter().filter(|one| one.entry.kind == Kind::All);
        let all_not_before = all.filter_map(|one| one.entry.not_before).max();
        let entries = news.iter().map(Revocation::to_entry);
        // Every token that is checked reads the set in use. So many are made into one beside it, which costs
        // a pointer for each of its shards; few are faster put into it.
        let beside = (news.len() > FEW).then(|| {
            let mut set = self.state().set.clone();
            set.merge(entries.clone());
            set
        });
        let mut state = self.state_mut();
        state.all_not_before = state.all_not_before.max(all_not_before);
        if beside.is_none() {
            state.set.merge(entries);
        }
        // What it replaces is dropped behind the lock.
        let _before = beside.map(|set| std::mem::replace(&mut state.set, set));
        drop(state);
    }

    /// The set without what has ended. It is made beside the one in use, since every token that is
    /// checked reads that.
    fn pruned_set(&self, now: Timestamp) -> RevocationSet {
        let mut set = self.state().set.clone();
        set.prune(now.seconds());
        set
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Last {
    /// Whether the log ends here.
    fn is_at(&self, head: &FeedHead) -> bool {
        (self.epoch, self.seq, self.tip) == (head.epoch, head.seq, head.tip)
    }

    /// Whether the log ends before this entry or at another one.
    fn is_lost(&self, head: &FeedHead) -> bool {
        head.seq < self.seq || (head.seq == self.seq && head.tip != self.tip)
    }

    /// Whether `entry` has this one's number and is another. A later number is no sign: the janitor
    /// may have removed this one meanwhile.
    fn is_replaced(&self, entry: &Revocation) -> bool {
        entry.seq == self.seq && entry.entry.tip != self.tip
    }
}

const PAGE: u32 = 1000;
/// For so many at most the set in use is locked: each sorts one shard anew.
const FEW: usize = 64;
/// How many wait to be merged at most: some megabytes.
const UNMERGED: usize = 50_000;
const PRUNE_EVERY: Duration = Duration::from_mins(1);
