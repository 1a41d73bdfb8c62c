//! Measures Chancery on this machine and prints the figures. Never part of a test: what a machine
//! takes is nothing to fail for.
//!
//! `cargo run --release -p chancery-bench -- verify` and `-- reach`.

#![expect(
    clippy::disallowed_methods,
    reason = "what is measured is measured with the machine's own clock and randomness"
)]

mod figures;
mod reach;
mod verify;

use std::process::ExitCode;

use clap::Parser;

/// Measures Chancery on this machine.
#[derive(Parser)]
#[command(name = "chancery-bench", version)]
enum Command {
    /// How long it takes from a revocation until APIs refuse the token.
    Reach(reach::Arguments),
    /// What an API pays to check a token, against the bare signature check, with few and with many
    /// revocations; and what the set of revocations takes of memory.
    Verify(verify::Arguments),
}

fn main() -> ExitCode {
    let measured = match Command::parse() {
        Command::Reach(arguments) => reach::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chancery-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
