//! Why an authorization request does not go on.

use std::sync::Arc;

use super::super::error::FlowError;
use super::Answered;
use crate::protocol::client::Client;

/// Why an authorization request does not go on.
pub enum Stop {
    /// The client is told, at its redirect URI.
    Answer(Answered),
    /// The person is told, and nobody else (CORE-01).
    Page {
        /// What is wrong.
        error: FlowError,
        /// The client, as far as it is known.
        client: Option<Arc<Client>>,
    },
    /// The request is too old, or was answered before.
    Over {
        /// The client.
        client: Option<Arc<Client>>,
    },
}

impl Stop {
    /// An error of a request that nothing is known of yet.
    pub(super) fn unknown(error: impl Into<FlowError>) -> Self {
        Self::page(error, None)
    }

    /// An error of a request of `client`.
    pub(super) fn page(error: impl Into<FlowError>, client: Option<&Arc<Client>>) -> Self {
        Self::Page { error: error.into(), client: client.cloned() }
    }
}
