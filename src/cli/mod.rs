//! The command line. It puts the parts together from the configuration and calls the same use cases
//! as the admin API.

mod apply;
mod connect;
mod declared;
mod first_run;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Sources};

/// OAuth 2 authorization server whose revocations reach APIs that check tokens offline.
#[derive(Parser)]
#[command(name = "chancery", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    Apply(apply::Apply),
}

/// Runs the command that the process was started with. The exit code is 0 for success, 1 for a
/// failure and 2 for wrong usage.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are asked for, and come here too.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    let config = match Config::load(&Sources::of_process()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(USAGE);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let result = runtime.block_on(async {
        match arguments.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::serve(&config).await,
            Command::Apply(arguments) => apply::apply(&config, &arguments).await,
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// A failure, for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

macro_rules! failure_from {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        })*
    };
}

failure_from!(
    std::io::Error,
    crate::flows::error::FlowError,
    crate::storage::StorageError,
    crate::storage::InvalidDatabaseUrl,
    crate::keys::KeyError,
    crate::keys::master::InvalidMasterKey,
    crate::http::serve::BindError
);

fn failed(failure: &Failure) -> ExitCode {
    eprintln!("chancery: {failure}");
    ExitCode::FAILURE
}

const USAGE: u8 = 2;
