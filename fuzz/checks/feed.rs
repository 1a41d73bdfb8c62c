//! The feed of revocations: its stream as bytes, and documents, one in each line. A line that begins
//! with a brace is a payload, which is signed by the issuer's feed key.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use chancery_verifier::feed::{FEED_TYPE, FeedDocument};
use chancery_verifier::revocation::{Entry, Kind};
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
    let mut latest = NOW;
    for line in text.lines().take(MOST_DOCUMENTS) {
        if line.starts_with('{') {
            let claims = serde_json::from_str::<FeedDocument>(line);
            latest = claims.map_or(latest, |claims| latest.max(claims.time.div_euclid(1000)));
            absorb(&verifier, &FEED_KEY.sign_as(FEED_TYPE, line), latest);
        } else {
            absorb(&verifier, line, latest);
        }
    }
    let restarted = unready();
    restarted.import(&verifier.export()).expect("what was exported");
    assert_eq!(restarted.position(), verifier.position());
    let [there, here] = [&restarted, &verifier].map(|one| one.state().entries);
    assert!(there == here || latest > NOW, "{there} of {here} entries");
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

/// Whatever a document says, nothing goes back, and it says nothing new when it comes again. `latest`
/// is the latest second that was signed, which is what entries expire by.
fn absorb(verifier: &Verifier, document: &str, latest: i64) {
    let before = verifier.state();
    let absorbed = verifier.absorb(document);
    let after = verifier.state();
    if let (Some(then), Some(now)) = (&before.position, &after.position) {
        assert!((now.epoch, now.seq) >= (then.epoch, then.seq), "{then:?}, {now:?}");
    }
    assert!(before.position.is_none() || after.position.is_some());
    if absorbed.is_ok() {
        let read = signed(document);
        let (entries, error) = read.entries.readable();
        // A key that revokes itself is believed that, whatever else the document says.
        let own = |entry: &Entry| entry.digest == Kind::Key.digest("feed-key");
        let disowned = entries.iter().any(|(kind, entry)| *kind == Kind::Key && own(entry));
        assert!(disowned || error.is_none(), "{error:?}");
        let session = Kind::Session.digest("s-1");
        let refuses = |entry: &Entry| {
            entry.digest == session && entry.until.is_none_or(|until| until > latest)
        };
        if entries.iter().any(|(kind, entry)| *kind == Kind::Session && refuses(entry)) {
            assert!(verifier.verify(&token()).is_err(), "a session that has ended");
        }
        // Only time takes entries away.
        assert!(after.entries >= before.entries || latest > NOW, "entries are gone");
    }
    let again = verifier.absorb(document);
    assert!(
        !matches!(again, Ok(Absorbed::Advanced | Absorbed::NewEpoch)),
        "{absorbed:?}, {again:?}"
    );
    // A document may revoke the key that signed it.
    let same = again.is_ok() == absorbed.is_ok() || again == Err(FeedError::RevokedKey);
    assert!(same, "{absorbed:?}, {again:?}");
    assert_eq!(verifier.position(), after.position);
    let entries = verifier.state().entries;
    assert!(entries == after.entries || latest > NOW, "{entries}");
}

/// What a document that was accepted says, read plainly.
fn signed(document: &str) -> FeedDocument {
    let (message, signature) = document.rsplit_once('.').expect("three parts");
    let (_, payload) = message.split_once('.').expect("three parts");
    let key = UnparsedPublicKey::new(&ED25519, FEED_KEY.public());
    let signature = unb64(signature).expect("base64url");
    key.verify(message.as_bytes(), &signature).expect("signed by the feed key");
    serde_json::from_slice(&unb64(payload).expect("base64url")).expect("claims")
}

const LONGEST: usize = 64;
const MOST_DOCUMENTS: usize = 8;
