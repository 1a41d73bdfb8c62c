//! The command line, by the real binary and on both databases.

mod apply;
mod copy;
mod doctor;
mod init;
mod reseal;

use crate::support::Backend;
use crate::support::command::Home;

/// Does the same with an installation on each database.
fn on_both(test: impl Fn(Home)) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        if let Some(home) = Home::new(backend) {
            test(home);
        }
    }
}

/// A master key, and another one.
const KEYS: [&str; 2] = [
    "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
    "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",
];
