//! The feed of revocations: its stream as bytes, and documents, one in each line. A line that begins
//! with a brace is a payload, which is signed by the issuer's feed key.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use chancery_verifier::feed::{FEED_TYPE, FeedDocument};
use chancery_verifier::revocation::{Digest, Entry, Kind};
use chancery_verifier::{Absorbed, FeedError, Verifier};

use super::issuer::{FEED_KEY, NOW, token, unb64, unready, verifier};
use super::text;

#[path = "../../verifier/src/client/sse.rs"]
mod sse;

use sse::Events;

/// See the functions it calls.
pub fn check(input: &[u8]) {
    events_are_the_same_wherever_they_are_cut(input);
    let Some(text) = text(input) else { return };
    let verifier = verifier();
    let mut told = Told { latest: NOW, ends: BTreeMap::new() };
    for line in text.lines().take(MOST_DOCUMENTS) {
        let signed = line.starts_with('{').then(|| FEED_KEY.sign_as(FEED_TYPE, line));
        absorb(&verifier, signed.as_deref().unwrap_or(line), &mut told);
    }
    let restarted = unready();
    restarted.import(&verifier.export()).expect("what was exported");
    assert_eq!(restarted.position(), verifier.position());
    told.assert_kept(&restarted);
}

/// What the verifier was told, and must not forget.
struct Told {
    /// The latest second that was signed.
    latest: i64,
    /// What is refused until when, in seconds, from documents that were accepted.
    ends: BTreeMap<Digest, i64>,
}

impl Told {
    fn accept(&mut self, document: &FeedDocument) {
        for (_, entry) in document.entries.readable().0 {
            let until = entry.until.unwrap_or(i64::MAX);
            let known = self.ends.entry(entry.digest).or_insert(until);
            *known = until.max(*known);
        }
    }

    /// Only the time that was signed takes entries away.
    fn assert_kept(&self, verifier: &Verifier) {
        let lasting = self.ends.values().filter(|until| **until > self.latest).count();
        let kept = verifier.state().entries;
        assert!(kept >= lasting, "{kept} of {lasting} entries");
    }

    /// Whether there are entries that may leave. They do so when the time that was signed has gone on by
    /// a minute, and one that has left is there again for a while where its document comes again.
    fn some_may_leave(&self) -> bool {
        self.ends.values().any(|until| *until <= self.latest)
    }
}

fn events_are_the_same_wherever_they_are_cut(input: &[u8]) {
    let whole = Events::new(LONGEST).read(input);
    for size in [1, 2, 3, usize::from(input.first().copied().unwrap_or(0)) + 1] {
        let mut events = Events::new(LONGEST);
        let cut: Result<Vec<_>, _> = input.chunks(size).map(|part| events.read(part)).collect();
        assert_eq!(cut.map(|parts| parts.concat()), whole, "in pieces of {size}");
    }
    for event in whole.iter().flatten() {
        assert!(!event.data.is_empty() && event.data.len() + event.name.len() <= LONGEST);
        assert!(!event.name.contains(['\r', '\n']) && !event.data.contains('\r'));
    }
}

/// Whatever a document says, nothing goes back, and it says nothing new when it comes again.
fn absorb(verifier: &Verifier, document: &str, told: &mut Told) {
    let before = verifier.state();
    let absorbed = verifier.absorb(document);
    let after = verifier.state();
    if let (Some(then), Some(now)) = (&before.position, &after.position) {
        assert!((now.epoch, now.seq) >= (then.epoch, then.seq), "{then:?}, {now:?}");
    }
    assert!(before.position.is_none() || after.position.is_some());
    let read = signed(document);
    if let Some(read) = &read {
        told.latest = told.latest.max(read.time.div_euclid(1000));
    }
    if absorbed.is_ok() {
        let read = read.expect("what was accepted is signed");
        told.accept(&read);
        let (entries, error) = read.entries.readable();
        // A key that revokes itself is believed that, whatever else the document says.
        let own = |entry: &Entry| entry.digest == Kind::Key.digest("feed-key");
        let disowned = entries.iter().any(|(kind, entry)| *kind == Kind::Key && own(entry));
        assert!(disowned || error.is_none(), "{error:?}");
        let session = Kind::Session.digest("s-1");
        let refuses = |entry: &Entry| {
            entry.digest == session && entry.until.is_none_or(|until| until > told.latest)
        };
        if entries.iter().any(|(kind, entry)| *kind == Kind::Session && refuses(entry)) {
            assert!(verifier.verify(&token()).is_err(), "a session that has ended");
        }
    }
    told.assert_kept(verifier);
    let again = verifier.absorb(document);
    assert!(
        !matches!(again, Ok(Absorbed::Advanced | Absorbed::NewEpoch)),
        "{absorbed:?}, {again:?}"
    );
    // A document may revoke the key that signed it.
    let same = again.is_ok() == absorbed.is_ok() || again == Err(FeedError::RevokedKey);
    assert!(same, "{absorbed:?}, {again:?}");
    assert_eq!(verifier.position(), after.position);
    told.assert_kept(verifier);
    let entries = verifier.state().entries;
    assert!(absorbed.is_err() || entries == after.entries || told.some_may_leave(), "{entries}");
}

/// What a document says, read plainly; `None` where the feed key has not signed it.
fn signed(document: &str) -> Option<FeedDocument> {
    let (message, signature) = document.rsplit_once('.')?;
    let (_, payload) = message.split_once('.')?;
    let key = UnparsedPublicKey::new(&ED25519, FEED_KEY.public());
    key.verify(message.as_bytes(), &unb64(signature)?).ok()?;
    serde_json::from_slice(&unb64(payload)?).ok()
}

const LONGEST: usize = 64;
const MOST_DOCUMENTS: usize = 8;
