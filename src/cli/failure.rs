//! How a command fails. Must not know any command.

use crate::flows::error::FlowError;
use crate::protocol::reason::Reason;

/// A failure, for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Makes failures that say what it is that does not exist.
    pub(super) fn about(what: &str) -> impl Fn(FlowError) -> Self {
        move |error| match error {
            FlowError::Refused(refusal) if refusal.reason == Reason::NotFound => {
                Self(format!("there is no such {what}"))
            }
            error => error.into(),
        }
    }
}

impl From<FlowError> for Failure {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Refused(refusal) => Self::new(refusal.description),
            error => Self(error.to_string()),
        }
    }
}

macro_rules! failure_from {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self(error.to_string())
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
    crate::protocol::scope::MalformedScope,
    crate::protocol::secret::WeakClientSecret
);
