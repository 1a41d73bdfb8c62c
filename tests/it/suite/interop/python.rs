//! `PyJWT` on Python, as docs/validate-tokens.md shows it.

use std::process::Command;

use crate::support::{block, python};

/// For how long it keeps a key set without asking again, in seconds.
const KEEPS_KEYS: i64 = 300;

/// The interpreter, and the files that it runs.
fn program() -> Option<(Command, [(&'static str, String); 2])> {
    let mut command = python()?;
    command.args(["clock.py", "api.py"]);
    let clock = include_str!("../../../interop/clock.py").to_owned();
    Some((command, [("clock.py", clock), ("api.py", block(PAGE, "python api.py"))]))
}

const PAGE: &str = "docs/validate-tokens.md";

#[path = "api.rs"]
mod api;

#[path = "forged.rs"]
mod forged;
