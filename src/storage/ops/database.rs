//! The database itself.

use super::{Operation, operation};
use crate::protocol::time::Timestamp;

/// Reads the clock of the database's machine.
pub struct ReadClock;
operation!(ReadClock => Timestamp, SINGLE_STATEMENT);

/// Reads the settings of the database that decide whether a commit outlasts a crash, by the names
/// that the database gives them.
pub struct ReadDurability;
operation!(ReadDurability => Vec<(&'static str, String)>);

/// Writes a row and takes it back, to find out whether the database takes writes. A row that stays as
/// it is would not do: SQLite leaves the file alone then.
pub struct TryWrite;
operation!(TryWrite => ());
