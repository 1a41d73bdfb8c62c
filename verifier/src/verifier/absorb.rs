//! Taking up a document of the feed.

use super::Inner;
use super::known::Seen;
use crate::error::FeedError;
use crate::feed::{FEED_TYPE, FeedDocument};
use crate::jose::{self, Compact, FormError};
use crate::keys::Algorithm;
use crate::revocation::Kind;
use crate::state::Absorbed;

impl Inner {
    /// Merges what a document says, and goes on to its end if it leaves no gap. Its entries count
    /// however old it is: the set only grows, so an old document undoes nothing. Says also whether it
    /// is as new as what is known.
    pub(super) fn absorb(&self, text: &str) -> Result<(Absorbed, bool), FeedError> {
        let moment = self.moment();
        let compact = Compact::parse(text, self.settings.max_document)?;
        if compact.header.typ.as_deref() != Some(FEED_TYPE) {
            return Err(FeedError::Form);
        }
        let (kid, document) = self.signed_document(&compact)?;
        check(&document, &self.settings.issuer)?;
        let (entries, unread) = document.entries.readable();
        let published = document.jwks_hash.clone();
        let (newest, absorbed) = self.replace(|known| {
            let seen = Seen { time: document.time, carried: 0, at: moment.monotonic };
            known.merge(entries.into_iter().map(|(_, entry)| entry));
            known.distrust_revoked();
            // A key that revokes itself is believed that, and nothing else.
            if known.set.refuses(Kind::Key.digest(kid), i64::MIN) {
                return (false, Ok((Absorbed::Gap, false)));
            }
            known.note_feed();
            // Its time may be the very one that was left behind with that life.
            if known.place(&document) == Absorbed::Older {
                let older = Ok((Absorbed::Older, false));
                return (false, unread.map_or(older, |error| Err(error.into())));
            }
            if unread.is_none() {
                known.leave_earlier_life(&document);
            }
            known.note_signer(kid);
            let newest = known.note_time(seen);
            let last = document.exp.saturating_add_unsigned(self.settings.leeway.as_secs());
            let expired = known.now(moment).div_euclid(1000) >= last;
            let current = !expired && !document.is_segment();
            if let Some(error) = unread {
                return (newest, Err(error.into()));
            }
            let absorbed = known.advance(document, current.then_some(seen));
            let as_new = known.fresh.is_some_and(|fresh| fresh.time == seen.time);
            (newest, Ok((absorbed, as_new)))
        });
        if newest {
            self.demand.published(&published, &self.known.load().keys.hash);
        }
        absorbed
    }

    /// The claims, if a feed key that is not revoked signed them. A key that signs tokens never
    /// signs the feed.
    fn signed_document<'a>(
        &self,
        compact: &'a Compact<'_>,
    ) -> Result<(&'a str, FeedDocument), FeedError> {
        let known = self.known.load();
        let kid = compact.header.kid.as_deref().ok_or(FeedError::Form)?;
        let key = known.keys.of_feed(kid).ok_or_else(|| {
            self.demand.unknown_feed_kid();
            FeedError::UnknownKey
        })?;
        if known.set.refuses(Kind::Key.digest(kid), i64::MIN) {
            return Err(FeedError::RevokedKey);
        }
        let algorithm = Algorithm::parse(&compact.header.alg);
        if algorithm != Some(key.algorithm) || !key.verifies(compact.message, compact.signature) {
            return Err(FeedError::Signature);
        }
        let payload = jose::base64url(compact.payload).ok_or(FeedError::Form)?;
        let document = jose::from_slice(&payload).map_err(|_| FeedError::Claims)?;
        Ok((kid, document))
    }
}

/// That a document is of this issuer and does not contradict itself.
fn check(document: &FeedDocument, issuer: &str) -> Result<(), FeedError> {
    if document.iss != issuer {
        return Err(FeedError::Issuer);
    }
    let FeedDocument { iat, exp, epoch, prev_seq, seq, time, .. } = document;
    let whole = [iat, exp, epoch, prev_seq, seq, time].into_iter().all(|number| *number >= 0);
    let in_range = *time <= LATEST && prev_seq <= seq;
    // It is sent back in a header of a request.
    let printable = document.cursor.bytes().all(|byte| byte.is_ascii_graphic());
    let sendable = printable && (1..=LONGEST_CURSOR).contains(&document.cursor.len());
    if whole && in_range && sendable { Ok(()) } else { Err(FeedError::Claims) }
}

impl From<FormError> for FeedError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLong => Self::TooLong,
            FormError::Parts | FormError::Header | FormError::Critical => Self::Form,
        }
    }
}

/// In milliseconds, far away, with room for what is added to it.
const LATEST: i64 = 1 << 53;
const LONGEST_CURSOR: usize = 256;
