//! The suite on SQLite, and what only the file of a database can do to its server.

use crate::support::Backend;

mod absent;
mod backup;
mod busy;
mod full;
mod room;
mod slow;

pub(crate) const BACKEND: Backend = Backend::Sqlite;

#[path = "suite/mod.rs"]
mod suite;
