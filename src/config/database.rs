//! `[database]`: how the database is used. Must not import other sections.

use std::time::Duration;

use super::bounded::{millis, number};
use super::kind::Flag;
use super::section::section;
use super::span::{MINUTE, SECOND};

section! {
    /// `[database]`: how the database is used.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub struct Database, from input {
        /// How many connections there are to PostgreSQL, or readers of SQLite, of which there are at most two
        /// more than cores.
        connections: u32 = 8, takes number(1, 1000);
        /// How long an operation waits for a connection in all, before the answer is 503. A request has a few.
        acquire_timeout: Duration = 2 * SECOND, takes millis(SECOND / 100, MINUTE);
        /// Whether PostgreSQL is reached through PgBouncer in transaction mode: statements are not
        /// prepared by name then.
        pgbouncer: bool = false, takes Flag;
    }
}
