//! Measures Chancery on this machine and prints the figures. Never part of a test: what a machine
//! takes is nothing to fail for.
//!
//! `cargo run --release -p chancery-bench -- verify`, `-- reach`, `-- load`, `-- grow` and `-- report`.

#![expect(
    clippy::disallowed_methods,
    reason = "what is measured is measured with the machine's own clock and randomness"
)]

mod figures;
mod floor;
mod load;
mod reach;
mod report;
mod stage;
mod verify;

use std::process::ExitCode;

use clap::Parser;

/// Measures Chancery on this machine.
#[derive(Parser)]
#[command(name = "chancery-bench", version)]
enum Command {
    /// What a request costs the server while many are made: time of the processor, latency, statements,
    /// memory; and against a bare program that does only what cannot be left out.
    Load(load::Arguments),
    /// What a request costs while the tables grow: the same load on a small database and on a large one,
    /// which this fills, and beside the janitor. Takes room, time, `sqlite3` and `psql`.
    Grow(load::grow::Arguments),
    /// Be that program, until killed.
    #[command(hide = true)]
    Floor(floor::Arguments),
    /// How long it takes from a revocation until APIs refuse the token.
    Reach(reach::Arguments),
    /// The components, all loads and growth on both databases, and the tables of docs/performance.md that come
    /// of it.
    Report(report::Arguments),
    /// What an API pays to check a token, against the bare signature check, with few and with many
    /// revocations; and what the set of revocations takes of memory.
    Verify(verify::Arguments),
}

fn main() -> ExitCode {
    let measured = match Command::parse() {
        Command::Load(arguments) => load::run(&arguments),
        Command::Grow(arguments) => load::grow::run(&arguments),
        Command::Floor(arguments) => floor::run(&arguments),
        Command::Reach(arguments) => reach::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
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
