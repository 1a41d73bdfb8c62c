//! The suite on PostgreSQL.

use crate::support::Backend;

pub(crate) const BACKEND: Backend = Backend::Postgres;

#[path = "suite/mod.rs"]
mod suite;
