//! What the report needs beside itself, looked for before hours are spent.

use std::process::{Command, Stdio};

use crate::figures::Failure;

/// That every program is there.
pub(super) fn check() -> Result<(), Failure> {
    for (program, package) in PROGRAMS {
        let mut command = Command::new(program);
        let found = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if found.is_err() {
            return Err(
                format!("there is no {program} (on Debian of the package {package})").into()
            );
        }
    }
    crate::stage::postgres_version().map(drop)
}

/// Beside PostgreSQL's server, with its own.
const PROGRAMS: [(&str, &str); 4] =
    [("taskset", "util-linux"), ("setpriv", "util-linux"), ("sqlite3", "sqlite3"), ("git", "git")];
