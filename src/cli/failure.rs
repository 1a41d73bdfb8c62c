//! How a command fails. Must not know any command.

use std::process::ExitCode;

use crate::flows::error::FlowError;
use crate::keys::KeyError;
use crate::protocol::error::ErrorCode;
use crate::protocol::reason::Reason;
use crate::storage::StorageError;

/// A failure, for people and for programs.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    code: &'static str,
    text: String,
    exit: u8,
}

/// The exit codes. Whoever starts the server again and again leaves off at the last two
/// (`packaging/chancery.service`).
const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
const USAGE: u8 = 2;
/// What is configured and what is there do not fit: the same again fails again (`EX_CONFIG` of sysexits).
const UNFIT: u8 = 78;

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::of("failed", message)
    }

    /// A failure that has a code of its own, as the answers of the admin API have.
    pub(super) fn of(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, text: message.into(), exit: FAILED }
    }

    /// Wrong usage, of the command line or of the configuration.
    pub(super) fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self { exit: USAGE, ..Self::of(code, message) }
    }

    /// What does not go away by waiting, nor by what is done elsewhere.
    pub(super) fn unfit(message: impl Into<String>) -> Self {
        Self { exit: UNFIT, ..Self::new(message) }
    }

    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    pub(super) fn exit(&self) -> ExitCode {
        self.exit.into()
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

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::ForeignSchema(_) => Self::unfit(error.to_string()),
            error => Self::new(error.to_string()),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Storage(error) => error.into(),
            KeyError::WrongMasterKey(_) => Self::unfit(error.to_string()),
            error => Self::new(error.to_string()),
        }
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
    crate::storage::InvalidDatabaseUrl,
    crate::keys::master::InvalidMasterKey,
    crate::http::serve::BindError,
    crate::protocol::password::HashRejected,
    crate::protocol::password::PasswordRejected,
    crate::protocol::profile::BadProfile,
    crate::protocol::scope::MalformedScope,
    crate::protocol::secret::WeakClientSecret
);
