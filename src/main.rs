//! The `chancery` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    chancery::cli::run()
}
