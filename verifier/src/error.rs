//! Why something is refused. Nothing here repeats what was sent.

use std::time::Duration;

use crate::feed::PackingError;
use crate::revocation::Kind;

/// Why a token is not accepted.
///
/// What a caller may be told is the kind of the rejection; the [`Reason`] is for the API's own log.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The token is no good: 401 `invalid_token` (RFC 6750 §3.1).
    #[error("invalid token: {0}")]
    Invalid(Reason),
    /// The token is good, but does not reach so far: 403 `insufficient_scope`.
    #[error("the token lacks a scope")]
    InsufficientScope {
        /// The scopes that are needed, separated by spaces.
        needed: String,
    },
    /// What is known of the revocations is too old for this route: 503.
    #[error("the state of the revocations is too old")]
    Stale {
        /// When to try again.
        retry_after: Duration,
    },
    /// No keys are known yet, or nothing of the revocations: 503.
    #[error("not ready yet")]
    NotReady {
        /// When to try again.
        retry_after: Duration,
    },
    /// The route is [`Freshness::Strict`](crate::Freshness::Strict), and this issuer has no feed of
    /// revocations: 503. Waiting does not help.
    #[error("a route that needs a feed of revocations, of an issuer that has none")]
    NoFeed,
}

impl Rejection {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) => 401,
            Self::InsufficientScope { .. } => 403,
            Self::Stale { .. } | Self::NotReady { .. } | Self::NoFeed => 503,
        }
    }

    /// The value of `Retry-After`, rounded up to whole seconds.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Stale { retry_after } | Self::NotReady { retry_after } => {
                Some(retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0))
            }
            _ => None,
        }
    }

    /// A name for logs and metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Invalid(reason) => reason.as_str(),
            Self::InsufficientScope { .. } => "insufficient_scope",
            Self::Stale { .. } => "stale",
            Self::NotReady { .. } => "not_ready",
            Self::NoFeed => "no_feed",
        }
    }
}

/// What is wrong with an invalid token, in the order in which it is looked for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Longer than 8 KiB.
    #[error("too long")]
    TooLong,
    /// Not three parts of strict base64url.
    #[error("not the form of a signed token")]
    Form,
    /// A header that is no JSON object, has a member twice, or is longer than 1 KiB.
    #[error("a bad header")]
    Header,
    /// The header demands an extension.
    #[error("an extension in the header")]
    Critical,
    /// Another kind of token.
    #[error("not an access token")]
    Type,
    /// No key is named, or none that is known.
    #[error("an unknown key")]
    UnknownKey,
    /// Not the algorithm of the key, or one that is not accepted.
    #[error("not the key's algorithm")]
    Algorithm,
    /// Not signed by that key.
    #[error("a bad signature")]
    Signature,
    /// Claims that are no JSON object, have a member twice, miss one or mistype it.
    #[error("bad claims")]
    Claims,
    /// Another issuer.
    #[error("another issuer")]
    Issuer,
    /// For another audience.
    #[error("another audience")]
    Audience,
    /// `exp` has come.
    #[error("expired")]
    Expired,
    /// `nbf` or `iat` lie ahead.
    #[error("not valid yet")]
    NotYet,
    /// `exp − iat` is above the longest life.
    #[error("too long a life")]
    TooLongLived,
    /// Bound to a key that its sender has to prove, and sent as a bearer token.
    #[error("bound to a sender")]
    Bound,
    /// Revoked, by what.
    #[error("revoked by {}", .0.as_str())]
    Revoked(Kind),
}

impl Reason {
    /// A name for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Form => "form",
            Self::Header => "header",
            Self::Critical => "critical",
            Self::Type => "type",
            Self::UnknownKey => "unknown_key",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::TooLongLived => "too_long_lived",
            Self::Bound => "bound",
            Self::Revoked(_) => "revoked",
        }
    }
}

impl From<Reason> for Rejection {
    fn from(reason: Reason) -> Self {
        Self::Invalid(reason)
    }
}

/// Why a key set is not installed. The last good one stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// Longer than 256 KiB.
    #[error("a key set of more than 256 KiB")]
    TooLong,
    /// No JSON object with an array `keys`, or one with a member twice.
    #[error("not a key set")]
    Malformed,
    /// More than 100 keys.
    #[error("more than 100 keys")]
    TooMany,
    /// No key in it can verify an access token.
    #[error("no usable key")]
    Empty,
}

/// Why a document of the feed is refused. Unless said otherwise nothing of it is merged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// Longer than [`Settings::max_document`](crate::Settings::max_document).
    #[error("too long a document")]
    TooLong,
    /// No strict compact JWS, or another `typ`.
    #[error("not a document of the feed")]
    Form,
    /// The keys in hand have no such feed key. Keys are wanted now
    /// ([`Verifier::wants_keys`](crate::Verifier::wants_keys)).
    #[error("an unknown feed key")]
    UnknownKey,
    /// The feed key has been revoked.
    #[error("a revoked feed key")]
    RevokedKey,
    /// Not signed by that key with its algorithm.
    #[error("a bad signature")]
    Signature,
    /// Claims that miss something, mistype it, or contradict themselves.
    #[error("bad claims")]
    Claims,
    /// The log of another issuer.
    #[error("another issuer")]
    Issuer,
    /// Entries that cannot be read. What could be read was merged, and the cursor stays.
    #[error(transparent)]
    Entries(#[from] PackingError),
}

/// Why a saved state is not taken up. Nothing has changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Not a state that this version saves, or one that is cut or garbled.
    #[error("not a saved state, or a damaged one")]
    Malformed,
    /// The state of another issuer.
    #[error("the state of another issuer")]
    Issuer,
}
