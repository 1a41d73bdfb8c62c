//! What is known, as bytes: one line of JSON that says what follows, then the records of the set,
//! 32 bytes each.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::known::{Known, Moment, Seen};
use crate::error::ImportError;
use crate::keys::KeySet;
use crate::revocation::{Digest, Entry, Record};
use crate::state::Position;

/// A state that was read back.
pub(super) struct Saved {
    pub(super) keys: Option<KeySet>,
    head: Head,
    entries: Vec<Entry>,
}

#[derive(Deserialize, Serialize)]
struct Head {
    format: String,
    version: u32,
    issuer: String,
    /// The key set, as it was published.
    jwks: Option<String>,
    position: Option<(i64, i64, String)>,
    /// The time of the newest document that left no gap, and how long ago it was seen, in
    /// milliseconds.
    fresh: Option<(i64, i64)>,
    /// The same of the latest time that the issuer has signed.
    signed: Option<(i64, i64)>,
    signers: Vec<String>,
    fed: bool,
    /// SHA-256 of this with none of it, and of the records.
    sha256: String,
}

pub(super) fn export(issuer: &str, known: &Known, moment: Moment) -> Vec<u8> {
    let mut records = Vec::with_capacity(known.set.len() * RECORD);
    for record in known.set.records() {
        records.extend_from_slice(&record.digest.0);
        records.extend_from_slice(&record.not_before.to_be_bytes());
        records.extend_from_slice(&record.until.to_be_bytes());
    }
    let seen = |seen: Seen| (seen.time, seen.passed(moment));
    let mut head = Head {
        format: FORMAT.to_owned(),
        version: VERSION,
        issuer: issuer.to_owned(),
        jwks: String::from_utf8(known.keys.text.clone()).ok().filter(|text| !text.is_empty()),
        position: known.position.clone().map(|known| (known.epoch, known.seq, known.cursor)),
        fresh: known.fresh.map(seen),
        signed: known.signed.map(seen),
        signers: known.signers.clone(),
        fed: known.fed,
        sha256: String::new(),
    };
    head.sha256 = hash(&head, &records);
    // Numbers and texts alone are always written.
    let mut state = serde_json::to_vec(&head).unwrap_or_default();
    state.push(b'\n');
    state.extend_from_slice(&records);
    state
}

pub(super) fn parse(state: &[u8], issuer: &str) -> Result<Saved, ImportError> {
    let end = state.iter().position(|byte| *byte == b'\n').ok_or(ImportError::Malformed)?;
    let (head, records) = (&state[..end], &state[end + 1..]);
    let mut head: Head = serde_json::from_slice(head).map_err(|_| ImportError::Malformed)?;
    let named = std::mem::take(&mut head.sha256);
    let (records, rest) = records.as_chunks::<RECORD>();
    let sound = rest.is_empty() && named == hash(&head, records.as_flattened());
    if head.format != FORMAT || head.version != VERSION || !sound {
        return Err(ImportError::Malformed);
    }
    if head.issuer != issuer {
        return Err(ImportError::Issuer);
    }
    let keys = head.jwks.as_ref().map(|text| KeySet::parse(text.as_bytes()));
    let keys = keys.transpose().map_err(|_| ImportError::Malformed)?;
    Ok(Saved { keys, head, entries: records.iter().map(entry).collect() })
}

impl Known {
    /// Adds what was saved.
    pub(super) fn restore(&mut self, saved: Saved, moment: Moment) {
        self.merge(saved.entries);
        let earlier = saved.head.position.as_ref().zip(self.position.as_ref());
        let earlier = earlier.is_some_and(|(saved, known)| saved.0 < known.epoch);
        let seen = |(time, carried)| Seen { time, carried, at: moment.monotonic };
        if let Some(keys) = saved.keys.filter(|_| self.keys.is_empty()) {
            self.install(keys);
        }
        if let Some((epoch, seq, cursor)) = saved.head.position.filter(|_| self.position.is_none())
        {
            self.position = Some(Position { epoch, seq, cursor });
            self.fresh = saved.head.fresh.map(seen);
        }
        if let Some(signed) = saved.head.signed.filter(|_| !earlier) {
            self.note_time(seen(signed));
        }
        if saved.head.fed {
            self.note_feed();
        }
        saved.head.signers.iter().for_each(|kid| self.note_signer(kid));
        self.distrust_revoked();
    }
}

fn entry(record: &[u8; RECORD]) -> Entry {
    let number = |from: usize| {
        let bytes = &record[from..from + 8];
        bytes.iter().fold(0_i64, |number, byte| number << 8 | i64::from(*byte))
    };
    let mut digest = Digest([0; 16]);
    digest.0.copy_from_slice(&record[..16]);
    Record { digest, not_before: number(16), until: number(24) }.into()
}

fn hash(head: &Head, records: &[u8]) -> String {
    let head = serde_json::to_vec(head).unwrap_or_default();
    let hash = Sha256::new_with_prefix(head).chain_update(records).finalize();
    BASE64_URL_SAFE_NO_PAD.encode(hash)
}

const FORMAT: &str = "chancery-verifier-state";
const VERSION: u32 = 1;
const RECORD: usize = 32;
