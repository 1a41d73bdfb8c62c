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
    #[error("a stored key cannot be used")]
    Unusable,
    /// A key could not be made.
    #[error(transparent)]
    Generation(#[from] GenerationFailed),
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
