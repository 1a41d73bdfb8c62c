//! How a use case fails.

use std::time::Duration;

use super::credentials::{Busy, TooSoon};
use crate::keys::KeyError;
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::reason::Reason;
use crate::protocol::scope::ScopeSet;
use crate::storage::StorageError;

/// Why a use case has no result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FlowError {
    /// The request was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many attempts, or too much at once: come again later.
    #[error("too many requests")]
    TooMany {
        /// When.
        retry_after: Duration,
        /// Whether it is the account that has to wait, whoever asks.
        of_account: bool,
    },
    /// Every place is taken: come again later.
    #[error("no place is left")]
    Full {
        /// When.
        retry_after: Duration,
    },
    /// The access token does not carry these scopes, which the operation needs.
    #[error("a scope is missing")]
    ScopeNeeded(ScopeSet),
    /// The database does not answer. Nothing is known to have been changed; the same request may be
    /// sent again.
    #[error("temporarily unavailable")]
    Unavailable,
    /// This machine's clock is too far from the database's: what it issued would be of another time,
    /// and what it revoked not all that there is.
    #[error("this machine's clock is too far from the database's, and has to be set right first")]
    WrongClock,
    /// A fault of the server.
    #[error("internal error")]
    Internal,
}

impl FlowError {
    /// The machine reason.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.reason.as_str(),
            Self::TooMany { .. } => "throttled",
            Self::Full { .. } => "full",
            Self::ScopeNeeded(_) => Reason::ScopeTooSmall.as_str(),
            Self::Unavailable => "unavailable",
            Self::WrongClock => "wrong_clock",
            Self::Internal => "internal",
        }
    }

    /// Something named in the request does not exist.
    pub const fn not_found() -> Self {
        let text = "there is no such thing";
        Self::Refused(Refusal::new(ErrorCode::NotFound, text, Reason::NotFound))
    }

    /// The account has failed often.
    pub const fn too_soon_for_account(retry_after: Duration) -> Self {
        Self::TooMany { retry_after, of_account: true }
    }

    /// A name is taken, or the thing was changed meanwhile.
    pub const fn conflict(description: &'static str) -> Self {
        Self::Refused(Refusal::new(ErrorCode::Conflict, description, Reason::Conflict))
    }
}

impl From<StorageError> for FlowError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable(_) | StorageError::OutcomeUnknown(_) | StorageError::Late => {
                tracing::warn!(%error, "the database did not answer");
                Self::Unavailable
            }
            // The transaction gave itself up; the same again may work.
            StorageError::Conflict => Self::Unavailable,
            StorageError::Unstorable(_) => {
                tracing::error!(%error, "a value reached the database that should not have");
                Self::Internal
            }
            StorageError::Corrupt { .. }
            | StorageError::Schema(_)
            | StorageError::ForeignSchema(_) => {
                tracing::error!(%error, "the database holds what this version cannot read");
                Self::Internal
            }
        }
    }
}

impl From<KeyError> for FlowError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Storage(error) => error.into(),
            error => {
                tracing::error!(%error, "the keys cannot be used");
                Self::Internal
            }
        }
    }
}

impl From<Busy> for FlowError {
    fn from(busy: Busy) -> Self {
        Self::TooMany { retry_after: busy.retry_after, of_account: false }
    }
}

impl From<TooSoon> for FlowError {
    fn from(soon: TooSoon) -> Self {
        Self::TooMany { retry_after: soon.retry_after, of_account: false }
    }
}
