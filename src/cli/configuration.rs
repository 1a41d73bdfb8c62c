//! `chancery config`.

use clap::Subcommand;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Failure;
use super::context::Context;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show every key with its value in force, without secrets.
    Show,
    /// Make sure that the configuration would be accepted.
    Check,
}

/// Keys and values in their order.
struct Shown(Vec<(String, Value)>);

#[derive(Serialize)]
struct Checked {
    accepted: bool,
}

pub(super) fn run(command: &Command, context: &Context<'_>) -> Result<(), Failure> {
    match command {
        Command::Show => context.output.record(&Shown(context.config.values())),
        // One that is not has been refused before it came here.
        Command::Check => context.output.record(&Checked { accepted: true }),
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}
