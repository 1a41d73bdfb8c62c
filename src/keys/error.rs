//! How keys fail.

use super::generate::GenerationFailed;
use super::master::WrongMasterKey;
use crate::storage::StorageError;

/// Why there are no usable keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The master key is not the one that the keys are sealed under.
    #[error(transparent)]
    WrongMasterKey(#[from] WrongMasterKey),
    /// A stored key is not what its record says.
    #[error(
        "the stored key {0} cannot be used: it is not what its record says, or was not made here"
    )]
    Unusable(String),
    /// A key could not be made.
    #[error(transparent)]
    Generation(#[from] GenerationFailed),
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
