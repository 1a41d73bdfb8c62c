//! How the operations are done, once for both databases: this text is compiled with the driver
//! types of each, which the mounting module supplies (`Db`, `Engine`, `Tx` and the dialect macros).

// What ends with a browser session is over when that is: found by its primary key, where it still is.
macro_rules! browser_alive {
    ($now:literal) => {
        concat!(
            "(offline = 1 OR browser_session_id IS NULL OR EXISTS (SELECT 1 FROM browser_session \
             AS browser WHERE browser.id = session.browser_session_id \
             AND browser.ended_reason IS NULL AND browser.idle_expires_at > ",
            $now,
            " AND browser.max_expires_at > ",
            $now,
            "))"
        )
    };
}

mod audit;
mod browser_rows;
mod browser_sessions;
mod client_logos;
mod client_origins;
mod client_rows;
mod clients;
mod code_rows;
mod codes;
mod consents;
mod copy;
mod database;
mod failed_logins;
pub(super) mod feed;
mod janitor;
mod keys;
pub(super) mod notices;
mod resources;
mod rotation;
pub(super) mod session_ends;
pub(super) mod session_rows;
mod sessions;
mod settings;
mod subscribers;
mod user_beside;
mod users;

use super::{Db, Engine, Tx};
use crate::protocol::session::Authentication;
use crate::protocol::time::Timestamp;
use crate::storage::error::DbError;
use crate::storage::operation::Execute;
use crate::storage::ops::Swap;

/// A stored value that the server never writes.
fn corrupt(table: &'static str, column: &'static str) -> DbError {
    DbError::Corrupt { table, column }
}

/// Whether a conditional statement found its row.
fn swapped(rows: u64) -> Swap {
    if rows > 0 { Swap::Won } else { Swap::Lost }
}

/// A span of time as it is stored, in milliseconds.
fn millis(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A stored number that is never negative.
fn unsigned<N: TryFrom<i64>>(
    number: i64,
    table: &'static str,
    column: &'static str,
) -> Result<N, DbError> {
    N::try_from(number).map_err(|_| corrupt(table, column))
}

/// A list of words as it is stored, separated by spaces, which none of them contains.
fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// The words of a stored list, each parsed.
fn parse_words<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(' ').filter(|word| !word.is_empty()).map(parse).collect()
}

/// An act of authentication, from its columns.
fn authentication(auth_time: i64, acr: Option<String>, amr: &str) -> Authentication {
    Authentication {
        at: Timestamp::from_millis(auth_time),
        acr,
        amr: amr.split(' ').filter(|method| !method.is_empty()).map(str::to_owned).collect(),
    }
}
