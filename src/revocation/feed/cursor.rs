//! Where a reader of the feed has read up to, as a text that only nodes of this issuer can make:
//! `epoch.seq.tip.tag`. Must not know where the log is.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::keys::master::MasterKey;
use crate::keys::tags::Tags;
use crate::protocol::ids::Tip;
use crate::protocol::uri::Issuer;

/// A place in the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cursor {
    /// The epoch.
    pub epoch: i64,
    /// The number of the last entry that was read.
    pub seq: i64,
    /// Its mark; none if that entry had left the log.
    pub tip: Option<Tip>,
}

/// What writes cursors, and tells genuine ones.
///
/// A genuine cursor proves what the log once held: if the database does not have it, writes were
/// lost. So nobody must be able to make one up, or to bring one from another issuer.
pub(super) struct Cursors(Tags);

impl Cursors {
    pub(super) fn new(master: &MasterKey, issuer: Issuer) -> Self {
        Self(Tags::new(master, "cursors of the feed", issuer))
    }

    /// The text of `cursor`.
    pub(super) fn write(&self, cursor: &Cursor) -> String {
        let tip = cursor.tip.map(|tip| BASE64_URL_SAFE_NO_PAD.encode(tip.as_bytes()));
        let place = format!("{}.{}.{}", cursor.epoch, cursor.seq, tip.unwrap_or_default());
        let tag = self.0.tag(&[place.as_bytes()]);
        format!("{place}.{tag}")
    }

    /// The cursor that `text` is, if it was written here or by another node of this issuer.
    pub(super) fn read(&self, text: &str) -> Option<Cursor> {
        let (place, tag) = text.rsplit_once('.')?;
        if !self.0.is_of(tag, &[place.as_bytes()]) {
            return None;
        }
        let mut parts = place.splitn(3, '.');
        let (epoch, seq) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let tip = BASE64_URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        Some(Cursor { epoch, seq, tip: Tip::try_from(tip.as_slice()).ok() })
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn cursors(current: u8, previous: Option<u8>, issuer: &str) -> Cursors {
        let key = |byte: u8| BASE64_STANDARD.encode([byte; 32]);
        let previous = previous.map(key);
        let master = MasterKey::parse(&key(current), previous.as_deref()).unwrap();
        Cursors::new(&master, Issuer::parse(issuer).unwrap())
    }

    const HERE: &str = "https://as.example";

    #[test]
    fn a_cursor_is_read_by_every_node_of_its_issuer_and_by_no_other() {
        let one = cursors(1, None, HERE);
        for tip in [None, Some(Tip::from_bytes([7; 16]))] {
            let cursor = Cursor { epoch: 1_800_000_000_000, seq: 42, tip };
            let text = one.write(&cursor);
            assert_eq!(cursors(1, None, HERE).read(&text), Some(cursor));
            assert_eq!(cursors(2, Some(1), HERE).read(&text), Some(cursor));
            assert_eq!(cursors(2, None, HERE).read(&text), None);
            assert_eq!(cursors(1, None, "https://other.example").read(&text), None);
            assert_eq!(one.read(&text.replacen("42", "43", 1)), None);
            assert_eq!(one.read(&text[..text.len() - 1]), None);
        }
    }

    proptest! {
        #[test]
        fn nothing_made_up_is_a_cursor(text in ".{0,80}") {
            prop_assert_eq!(cursors(1, None, HERE).read(&text), None);
        }
    }
}
