//! `jose` on Node, as docs/validate-tokens.md shows it.

use std::process::Command;

use crate::support::{block, node_package};

/// For how long it keeps a key set without asking again, in seconds.
const KEEPS_KEYS: i64 = 600;

/// The interpreter, and the files that it runs.
fn program() -> Option<(Command, [(&'static str, String); 2])> {
    let mut command = node_package()?;
    command.args(["--import", "./clock.mjs", "api.mjs"]);
    let clock = include_str!("../../../interop/clock.mjs").to_owned();
    Some((command, [("clock.mjs", clock), ("api.mjs", block(PAGE, "js api.mjs"))]))
}

const PAGE: &str = "docs/validate-tokens.md";

#[path = "api.rs"]
mod api;

#[path = "forged.rs"]
mod forged;
