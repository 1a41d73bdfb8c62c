//! The suite on PostgreSQL, and what only a database server can do to its client.

use crate::support::Backend;

mod backup;
mod between;
mod clocks;
mod contention;
mod faketime;
mod outage;
mod pool;
mod pooler;
mod room;
mod slow;
mod together;
mod unknown;
mod unsure;
mod wakes;

pub(crate) const BACKEND: Backend = Backend::Postgres;

#[path = "suite/mod.rs"]
mod suite;
