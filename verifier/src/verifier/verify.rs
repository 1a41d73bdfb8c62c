//! The judgement of a token, in the order of `docs/requirements.md`: form, key, signature, claims,
//! revocations, scope. Nothing is looked up or believed before the signature that follows from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::Inner;
use super::known::{Known, Moment};
use crate::cache::Name;
use crate::claims::{ACCESS_TOKEN_TYPE, AccessTokenClaims};
use crate::error::{Reason, Rejection};
use crate::jose::{self, Compact, FormError};
use crate::keys::{Algorithm, Key};
use crate::revocation::Names;
use crate::settings::{Freshness, Requirement};
use crate::state::Feed;
use crate::token::VerifiedToken;

impl Inner {
    /// Judges `token` by what is known now. Of a token that was seen before only what can have
    /// changed is judged again.
    pub(super) fn judge(
        &self,
        token: &str,
        wanted: &Requirement,
    ) -> Result<Arc<VerifiedToken>, Rejection> {
        let known = self.known.load();
        let name = self.cache.name(token);
        if let Some(seen) = name.and_then(|name| self.cache.find(&name)) {
            self.tally.count_hit();
            self.check(&seen, wanted, &known)?;
            return Ok(seen);
        }
        let new = Arc::new(self.authenticate(token, name, &known)?);
        self.check(&new, wanted, &known)?;
        if name.is_some() {
            self.cache.keep(&new);
        }
        Ok(new)
    }

    /// What no time changes: that this issuer made this token, and made it an access token.
    fn authenticate(
        &self,
        token: &str,
        name: Option<Name>,
        known: &Known,
    ) -> Result<VerifiedToken, Rejection> {
        let compact = Compact::parse(token, LONGEST_TOKEN).map_err(Reason::from)?;
        check_type(compact.header.typ.as_deref())?;
        let (kid, key) = self.key(&compact, known)?;
        let payload = self.signed_payload(&compact, key)?;
        let (claims, further) = self.read(&payload)?;
        Ok(VerifiedToken {
            name: name.unwrap_or_default(),
            names: Names::of(&claims, kid),
            claims,
            not_before: further.nbf,
            kid: kid.into(),
            key: Arc::clone(key),
            payload: payload.into(),
            passed: AtomicU64::new(0),
        })
    }

    /// The key that the header names, by its `kid` alone (RFC 8725 §3.8).
    fn key<'a>(
        &self,
        compact: &'a Compact<'_>,
        known: &'a Known,
    ) -> Result<(&'a str, &'a Arc<Key>), Rejection> {
        if known.keys.is_empty() {
            return Err(Rejection::NotReady { retry_after: SOON });
        }
        let kid = compact.header.kid.as_deref().ok_or(Reason::UnknownKey)?;
        let key = known.keys.of_tokens(kid).ok_or_else(|| {
            self.demand.unknown_kid();
            Reason::UnknownKey
        })?;
        Ok((kid, key))
    }

    /// The payload, if `key` signed it by its own algorithm (RFC 8725 §3.1).
    fn signed_payload(&self, compact: &Compact<'_>, key: &Key) -> Result<Vec<u8>, Reason> {
        let algorithm = Algorithm::parse(&compact.header.alg);
        if algorithm != Some(key.algorithm) || !self.settings.algorithms.contains(&key.algorithm) {
            return Err(Reason::Algorithm);
        }
        if !key.verifies(compact.message, compact.signature) {
            return Err(Reason::Signature);
        }
        jose::base64url(compact.payload).ok_or(Reason::Form)
    }

    /// Reads the claims, and checks those that stay as they are (RFC 9068 §4).
    fn read(&self, payload: &[u8]) -> Result<(AccessTokenClaims, Further), Reason> {
        let claims: AccessTokenClaims = jose::from_slice(payload).map_err(|_| Reason::Claims)?;
        let further: Further = serde_json::from_slice(payload).map_err(|_| Reason::Claims)?;
        let times = [Some(claims.iat), Some(claims.exp), further.nbf];
        if times.into_iter().flatten().any(|time| !(0..=LATEST).contains(&time)) {
            return Err(Reason::Claims);
        }
        if claims.iss != self.settings.issuer {
            return Err(Reason::Issuer);
        }
        if claims.exp - claims.iat > seconds(self.settings.max_token_life.saturating_add(MARGIN)) {
            return Err(Reason::TooLongLived);
        }
        // RFC 7800 §3.1: whoever presents it would have to prove a key, and a bearer proves none.
        if further.cnf {
            return Err(Reason::Bound);
        }
        Ok((claims, further))
    }

    /// What changes with the route, with time, and with what is known.
    fn check(
        &self,
        token: &VerifiedToken,
        wanted: &Requirement,
        known: &Known,
    ) -> Result<(), Rejection> {
        let moment = self.moment();
        self.check_audience(token, wanted)?;
        self.check_times(token, known.now(moment).div_euclid(1000))?;
        check_revocations(token, known)?;
        self.check_freshness(wanted.freshness, known, moment)?;
        check_scopes(token, wanted)
    }

    fn check_audience(&self, token: &VerifiedToken, wanted: &Requirement) -> Result<(), Reason> {
        let audience = &token.claims.aud;
        let mut ours = self.settings.audiences.iter();
        let wanted = |one: &String| wanted.audience.as_ref().is_none_or(|wanted| wanted == one);
        let ours = ours.any(|one| wanted(one) && audience.contains(one));
        if ours { Ok(()) } else { Err(Reason::Audience) }
    }

    /// RFC 7519 §4.1.4 and §4.1.5. The second of `exp` is late.
    fn check_times(&self, token: &VerifiedToken, now: i64) -> Result<(), Reason> {
        let leeway = seconds(self.settings.leeway);
        if token.claims.exp <= now - leeway {
            return Err(Reason::Expired);
        }
        let begins = token.not_before.is_none_or(|begin| begin <= now + leeway);
        if !begins || token.claims.iat > now + FARTHEST_AHEAD {
            return Err(Reason::NotYet);
        }
        Ok(())
    }

    fn check_freshness(
        &self,
        wanted: Freshness,
        known: &Known,
        moment: Moment,
    ) -> Result<(), Rejection> {
        let longest = match wanted {
            Freshness::Standard => self.settings.max_stale,
            Freshness::Strict(age) => age.min(self.settings.max_stale),
        };
        match (known.feed(), wanted) {
            (Feed::None, Freshness::Standard) => Ok(()),
            (Feed::None, Freshness::Strict(_)) => Err(Rejection::NoFeed),
            (Feed::NotYet, _) => Err(Rejection::NotReady { retry_after: SOON }),
            (Feed::Following, _) if known.age(moment).is_some_and(|age| age <= longest) => Ok(()),
            (Feed::Following, _) => Err(Rejection::Stale { retry_after: SOON }),
        }
    }
}

/// RFC 9068 §4: without this anything else that the issuer signs would pass for an access token.
fn check_type(typ: Option<&str>) -> Result<(), Reason> {
    let typ = typ.ok_or(Reason::Type)?.to_ascii_lowercase();
    let short = typ.strip_prefix("application/").unwrap_or(&typ);
    if short == ACCESS_TOKEN_TYPE { Ok(()) } else { Err(Reason::Type) }
}

/// That the key is still published and nothing that the token names is revoked. What passed by the
/// same keys and revocations passes again.
fn check_revocations(token: &VerifiedToken, known: &Known) -> Result<(), Reason> {
    if token.passed.load(Ordering::Relaxed) == known.number {
        return Ok(());
    }
    let key = known.keys.of_tokens(&token.kid);
    if key.is_none_or(|key| key.fingerprint != token.key.fingerprint) {
        return Err(Reason::UnknownKey);
    }
    if let Some(kind) = known.set.refusal_of(&token.names, token.claims.iat) {
        return Err(Reason::Revoked(kind));
    }
    token.passed.store(known.number, Ordering::Relaxed);
    Ok(())
}

fn check_scopes(token: &VerifiedToken, wanted: &Requirement) -> Result<(), Rejection> {
    if wanted.scopes.iter().all(|scope| token.has_scope(scope)) {
        return Ok(());
    }
    Err(Rejection::InsufficientScope { needed: wanted.scopes.join(" ") })
}

/// Claims that decide something, and that no token of ours has.
#[derive(Deserialize)]
struct Further {
    #[serde(default, deserialize_with = "number")]
    nbf: Option<i64>,
    #[serde(default, deserialize_with = "present")]
    cnf: bool,
}

/// A number: what is there and is none, `null` too, is an error.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    i64::deserialize(deserializer).map(Some)
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl From<FormError> for Reason {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLong => Self::TooLong,
            FormError::Parts => Self::Form,
            FormError::Header => Self::Header,
            FormError::Critical => Self::Critical,
        }
    }
}

fn seconds(span: Duration) -> i64 {
    i64::try_from(span.as_secs()).unwrap_or(LATEST)
}

const LONGEST_TOKEN: usize = 8 * 1024;
/// The largest whole number that every reader of JSON agrees on (RFC 7493 §2.2).
const LATEST: i64 = 1 << 53;
/// Of the longest life of a token.
const MARGIN: Duration = Duration::from_mins(1);
/// How many seconds `iat` may lie ahead.
const FARTHEST_AHEAD: i64 = 60;
/// The feed gives a sign of life that often.
const SOON: Duration = Duration::from_secs(5);
