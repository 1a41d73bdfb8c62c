//! The set of revocations: sorted records, in shards by the first bits of their digest. Copies share
//! what they have in common, so that one can be read while the next one is made.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{Digest, Entry, Kind};
use crate::claims::AccessTokenClaims;

/// Every revocation known here.
///
/// A copy is cheap. An entry takes 32 bytes.
#[derive(Clone, Debug)]
pub struct RevocationSet {
    shards: Arc<[Shard]>,
    digests: usize,
}

/// In the order of [`Record::order`], none absorbed by another.
type Shard = Arc<[Record]>;

/// Everything by which one token can be revoked.
pub(crate) struct Names([Option<(Kind, Digest)>; 6]);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Record {
    pub(crate) digest: Digest,
    pub(crate) not_before: i64,
    pub(crate) until: i64,
}

impl Default for RevocationSet {
    fn default() -> Self {
        let empty: Shard = Arc::default();
        Self { shards: vec![empty; SHARDS].into(), digests: 0 }
    }
}

impl RevocationSet {
    /// Merges an entry. Merging one twice, or an older one later, changes nothing.
    pub fn insert(&mut self, entry: Entry) {
        self.merge([entry]);
    }

    /// Merges entries, in any order. Many at once cost far less than one by one. Answers whether
    /// that changed anything.
    pub fn merge(&mut self, entries: impl IntoIterator<Item = Entry>) -> bool {
        let mut records: Vec<Record> = entries.into_iter().map(Record::from).collect();
        records.sort_unstable_by_key(Record::order);
        if records.is_empty() {
            return false;
        }
        let mut changed = false;
        let shards = Arc::make_mut(&mut self.shards);
        for new in records.chunk_by(|one, next| one.digest.shard() == next.digest.shard()) {
            let shard = &mut shards[new[0].digest.shard()];
            let mut merged = [shard.as_ref(), new].concat();
            // Both parts are in order: the sort finds that, and only interleaves them.
            merged.sort_by_key(Record::order);
            drop_absorbed(&mut merged);
            if **shard != *merged {
                self.digests = self.digests + digests(&merged) - digests(shard);
                *shard = merged.into();
                changed = true;
            }
        }
        changed
    }

    /// Drops every entry that can refuse nothing alive at `now` (seconds).
    pub fn prune(&mut self, now: i64) {
        let alive = |record: &Record| record.until > now;
        if self.shards.iter().all(|shard| shard.iter().all(alive)) {
            return;
        }
        for shard in Arc::make_mut(&mut self.shards) {
            if !shard.iter().all(alive) {
                let kept: Shard = shard.iter().filter(|record| alive(record)).copied().collect();
                self.digests = self.digests + digests(&kept) - digests(shard);
                *shard = kept;
            }
        }
    }

    /// Why a token with these claims, signed by the key `kid`, is refused; `None` if it is not.
    pub fn refusal(&self, claims: &AccessTokenClaims, kid: &str) -> Option<Kind> {
        if self.is_empty() {
            return None;
        }
        self.refusal_of(&Names::of(claims, kid), claims.iat)
    }

    /// Why a token of these names is refused if it was issued at `issued_at` (seconds).
    pub(crate) fn refusal_of(&self, names: &Names, issued_at: i64) -> Option<Kind> {
        let mut names = names.0.iter().flatten();
        names.find(|(_, digest)| self.refuses(*digest, issued_at)).map(|(kind, _)| *kind)
    }

    /// Whether what `digest` names is refused if it was issued at `issued_at` (seconds).
    ///
    /// The second of the revocation itself is refused too: whether the token came before or after
    /// it within that second cannot be told.
    pub fn refuses(&self, digest: Digest, issued_at: i64) -> bool {
        self.not_before(digest).is_some_and(|not_before| issued_at <= not_before)
    }

    /// The last second in which what `digest` names may have been issued to be refused.
    pub fn not_before(&self, digest: Digest) -> Option<i64> {
        let shard = &self.shards[digest.shard()];
        // The first record of a digest reaches farthest.
        let first = shard.get(first_of(shard, digest))?;
        (first.digest == digest).then_some(first.not_before)
    }

    /// How many digests are refused.
    pub fn len(&self) -> usize {
        self.digests
    }

    /// Whether nothing is refused.
    pub fn is_empty(&self) -> bool {
        self.digests == 0
    }

    /// Every record.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }
}

impl Names {
    /// The names of a token with these claims, signed by the key `kid`.
    pub(crate) fn of(claims: &AccessTokenClaims, kid: &str) -> Self {
        let names = [
            (Kind::Token, Some(claims.jti.as_str())),
            (Kind::Session, claims.sid.as_deref()),
            (Kind::Subject, Some(claims.sub.as_str())),
            (Kind::Client, Some(claims.client_id.as_str())),
            (Kind::Key, Some(kid)),
            (Kind::All, Some("")),
        ];
        Self(names.map(|(kind, value)| Some((kind, kind.digest(value?)))))
    }
}

impl Record {
    /// By digest; what reaches farthest comes first.
    fn order(&self) -> (u128, Reverse<i64>, Reverse<i64>) {
        (self.digest.number(), Reverse(self.not_before), Reverse(self.until))
    }
}

impl From<Entry> for Record {
    fn from(entry: Entry) -> Self {
        Self {
            digest: entry.digest,
            not_before: entry.not_before.unwrap_or(i64::MAX),
            until: entry.until.unwrap_or(i64::MAX),
        }
    }
}

impl From<Record> for Entry {
    fn from(record: Record) -> Self {
        let some = |time: i64| (time != i64::MAX).then_some(time);
        Self {
            digest: record.digest,
            not_before: some(record.not_before),
            until: some(record.until),
        }
    }
}

impl Digest {
    /// In the order of the bytes. Numbers are compared far faster.
    fn number(self) -> u128 {
        u128::from_be_bytes(self.0)
    }

    fn shard(self) -> usize {
        usize::from(u16::from_be_bytes([self.0[0], self.0[1]]) >> 4)
    }
}

/// Drops records that refuse nothing that another one of their digest does not. A digest rarely has
/// two with different reach (say a client that was paused, then compromised). Both count, since
/// neither contains the other.
fn drop_absorbed(records: &mut Vec<Record>) {
    // In this order only an earlier record absorbs a later one, and of those that are kept the last
    // one lives longest.
    records.dedup_by(|later, kept| later.digest == kept.digest && later.until <= kept.until);
}

fn digests(records: &[Record]) -> usize {
    records.chunk_by(|one, next| one.digest == next.digest).count()
}

/// Where the records of `digest` begin, or would begin. Digests are evenly spread, so its place can
/// be guessed, and the walk from there touches memory in one piece; where the guess is bad, all are
/// searched.
fn first_of(records: &[Record], digest: Digest) -> usize {
    let [_, low, a, b, c, ..] = digest.0;
    let rest = u32::from_be_bytes([low << 4 | a >> 4, a << 4 | b >> 4, b << 4 | c >> 4, 0]);
    let guess = usize::try_from((u64::from(rest) * records.len() as u64) >> 32).unwrap_or_default();
    let number = digest.number();
    let before = |record: &Record| record.digest.number() < number;
    let (down, up) = records.split_at(guess);
    let back = down.iter().rev().take(FAR).take_while(|record| !before(record)).count();
    let on = up.iter().take(FAR).take_while(|record| before(record)).count();
    if back == FAR || on == FAR {
        return records.partition_point(before);
    }
    // One of them is zero.
    guess - back + on
}

const SHARDS: usize = 1 << 12;
/// Eight times the distance by which the guess is off in a set of a million.
const FAR: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn record(digest: u128) -> Record {
        Record { digest: Digest(digest.to_be_bytes()), not_before: 0, until: 0 }
    }

    #[test]
    fn a_digest_is_found_however_badly_its_place_is_guessed() {
        let spread = |n: u128| n << 108 | 1;
        let first = |n: u128| n << 1;
        let last = |n: u128| (1 << 116) - 1_000 + (n << 1);
        let places: [&dyn Fn(u128) -> u128; 3] = [&spread, &first, &last];
        for place in places {
            let records: Vec<Record> = (0..250).map(|n| record(place(n))).collect();
            for (at, known) in records.iter().enumerate() {
                let number = known.digest.number();
                assert_eq!(first_of(&records, known.digest), at);
                assert_eq!(first_of(&records, record(number + 1).digest), at + 1);
            }
            assert_eq!(first_of(&[], records[0].digest), 0);
        }
    }
}
