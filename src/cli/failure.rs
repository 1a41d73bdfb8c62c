//! How a command fails. Must not know any command.

use crate::flows::error::FlowError;
use crate::protocol::error::ErrorCode;
use crate::protocol::reason::Reason;

/// A failure, for people and for programs.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    code: &'static str,
    text: String,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::of("failed", message)
    }

    /// A failure that has a code of its own, as the answers of the admin API have.
    pub(super) fn of(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, text: message.into() }
    }

    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    /// Makes failures that say what it is that does not exist.
    pub(super) fn about(what: &str) -> impl Fn(FlowError) -> Self {
        move |error| match error {
            FlowError::Refused(refusal) if refusal.reason == Reason::NotFound => {
                Self::of(refusal.code.as_str(), format!("there is no such {what}"))
            }
            error => error.into(),
        }
    }
}

impl From<FlowError> for Failure {
    fn from(error: FlowError) -> Self {
        let code = match &error {
            FlowError::Refused(refusal) => {
                return Self::of(refusal.code.as_str(), refusal.description);
            }
            FlowError::ScopeNeeded(_) => ErrorCode::InsufficientScope,
            FlowError::TooMany { .. } => ErrorCode::TooManyRequests,
            FlowError::Unavailable | FlowError::WrongClock | FlowError::Full { .. } => {
                ErrorCode::TemporarilyUnavailable
            }
            FlowError::Internal => ErrorCode::ServerError,
        };
        Self::of(code.as_str(), error.to_string())
    }
}

macro_rules! failure_from {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error.to_string())
            }
        })*
    };
}

failure_from!(
    std::io::Error,
    crate::storage::StorageError,
    crate::storage::InvalidDatabaseUrl,
    crate::keys::KeyError,
    crate::keys::master::InvalidMasterKey,
    crate::http::serve::BindError,
    crate::protocol::password::HashRejected,
    crate::protocol::password::PasswordRejected,
    crate::protocol::profile::BadProfile,
    crate::protocol::scope::MalformedScope,
    crate::protocol::secret::WeakClientSecret
);
