//! The suite on SQLite.

use crate::support::Backend;

pub(crate) const BACKEND: Backend = Backend::Sqlite;

#[path = "suite/mod.rs"]
mod suite;
