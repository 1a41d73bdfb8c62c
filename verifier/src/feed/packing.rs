//! The entries of a document: per kind one base64url text of records of equal length, so that a
//! million of them are read without a million allocations.
//!
//! A record is the digest (16 bytes), then for all kinds but `kid` the second `until`, then for
//! `sub`, `client` and `all` the second `not_before`; each time in 5 bytes, big-endian, all ones for
//! none. What a kind has no room for can only make an entry refuse more, never less.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::revocation::{Digest, Entry, Kind};

/// Entries as a document carries them.
///
/// Kinds that this reader does not know are kept out of [`PackedEntries::unpack`] by an error: what
/// they refuse cannot be told. [`PackedEntries::readable`] reads the others all the same.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PackedEntries(BTreeMap<String, String>);

/// The entries cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PackingError {
    /// A kind that this reader does not know.
    #[error("entries of an unknown kind")]
    UnknownKind,
    /// Not base64url, or not a whole number of records.
    #[error("entries that are cut or garbled")]
    Garbled,
}

impl PackedEntries {
    /// Packs entries, in any order.
    pub fn pack(entries: impl IntoIterator<Item = (Kind, Entry)>) -> Self {
        let mut records = BTreeMap::<&'static str, Vec<u8>>::new();
        for (kind, entry) in entries {
            let records = records.entry(kind.as_str()).or_default();
            records.extend_from_slice(&entry.digest.0);
            if has_until(kind) {
                records.extend_from_slice(&packed(entry.until));
            }
            if has_not_before(kind) {
                records.extend_from_slice(&packed(entry.not_before));
            }
        }
        let encoded = |bytes: Vec<u8>| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        Self(records.into_iter().map(|(kind, bytes)| (kind.to_owned(), encoded(bytes))).collect())
    }

    /// Reads the entries. All of them, or an error.
    pub fn unpack(&self) -> Result<Vec<(Kind, Entry)>, PackingError> {
        match self.readable() {
            (entries, None) => Ok(entries),
            (_, Some(error)) => Err(error),
        }
    }

    /// The entries that can be read, and why they are not all.
    pub fn readable(&self) -> (Vec<(Kind, Entry)>, Option<PackingError>) {
        let (mut entries, mut error) = (Vec::new(), None);
        for (kind, text) in &self.0 {
            error = read_kind(kind, text, &mut entries).err().or(error);
        }
        (entries, error)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(String::is_empty)
    }
}

fn read_kind(kind: &str, text: &str, entries: &mut Vec<(Kind, Entry)>) -> Result<(), PackingError> {
    let kind = Kind::parse(kind).ok_or(PackingError::UnknownKind)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| PackingError::Garbled)?;
    let records = bytes.chunks_exact(record_length(kind));
    if !records.remainder().is_empty() {
        return Err(PackingError::Garbled);
    }
    entries.extend(records.map(|record| (kind, read(kind, record))));
    Ok(())
}

/// Reads one record of the length of its kind.
fn read(kind: Kind, record: &[u8]) -> Entry {
    let (digest, times) = record.split_at(DIGEST);
    let mut entry = Entry { digest: Digest([0; DIGEST]), not_before: None, until: None };
    entry.digest.0.copy_from_slice(digest);
    let mut times = times.chunks_exact(TIME).map(unpacked);
    if has_until(kind) {
        entry.until = times.next().flatten();
    }
    if has_not_before(kind) {
        entry.not_before = times.next().flatten();
    }
    entry
}

fn record_length(kind: Kind) -> usize {
    DIGEST + TIME * (usize::from(has_until(kind)) + usize::from(has_not_before(kind)))
}

fn has_until(kind: Kind) -> bool {
    kind != Kind::Key
}

fn has_not_before(kind: Kind) -> bool {
    matches!(kind, Kind::Subject | Kind::Client | Kind::All)
}

/// A time in 5 bytes. One that has no place there lies so far away that it is as good as none.
fn packed(time: Option<i64>) -> [u8; TIME] {
    let seconds = time.map_or(NONE, |time| u64::try_from(time).unwrap_or(0).min(NONE));
    let [_, _, _, packed @ ..] = seconds.to_be_bytes();
    packed
}

fn unpacked(bytes: &[u8]) -> Option<i64> {
    let seconds = bytes.iter().fold(0_i64, |seconds, byte| seconds << 8 | i64::from(*byte));
    (seconds.unsigned_abs() != NONE).then_some(seconds)
}

const DIGEST: usize = 16;
const TIME: usize = 5;
/// The time that stands for none, in the year 36,812.
const NONE: u64 = (1 << 40) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: Kind, not_before: Option<i64>, until: Option<i64>) -> (Kind, Entry) {
        (kind, Entry { digest: kind.digest("x"), not_before, until })
    }

    #[test]
    fn entries_of_every_kind_come_back_as_they_were() {
        let entries = vec![
            entry(Kind::All, Some(1_800_000_000), Some(1_800_003_600)),
            entry(Kind::Client, Some(3), Some(4)),
            entry(Kind::Client, None, None),
            entry(Kind::Token, None, Some(5)),
            entry(Kind::Key, None, None),
            entry(Kind::Session, None, Some(1)),
            entry(Kind::Subject, Some(0), Some(2)),
        ];
        let mut read = PackedEntries::pack(entries.clone()).unpack().unwrap();
        for entry in entries {
            let place = read.iter().position(|other| *other == entry).unwrap();
            read.remove(place);
        }
        assert_eq!(read, []);
    }

    #[test]
    fn what_has_no_room_makes_an_entry_refuse_more() {
        let given = [entry(Kind::Token, Some(9), Some(8)), entry(Kind::Key, Some(9), Some(9))];
        let read = PackedEntries::pack(given).unpack().unwrap();
        assert_eq!(read, [entry(Kind::Token, None, Some(8)), entry(Kind::Key, None, None)]);
    }

    #[test]
    fn cut_records_and_unknown_kinds_are_errors() {
        let read = |text: &str| serde_json::from_str::<PackedEntries>(text).unwrap().unpack();
        assert_eq!(read(r#"{"later":""}"#), Err(PackingError::UnknownKind));
        assert_eq!(read(r#"{"kid":"AAAA"}"#), Err(PackingError::Garbled));
        assert_eq!(read(r#"{"kid":"!"}"#), Err(PackingError::Garbled));
    }
}
