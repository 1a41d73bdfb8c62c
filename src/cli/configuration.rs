//! `chancery config`.

use clap::Subcommand;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::blocklist::password_policy;
use super::context::Context;
use super::declared::refuse_known;
use super::{Failure, picture};

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
        Command::Check => {
            // What a key says was read before. What is in the files that it names, a start reads.
            picture::brand(context.config)?;
            let policy = password_policy(context.config)?;
            for user in &context.config.declared.users {
                refuse_known(user, &policy)?;
            }
            context.output.record(&Checked { accepted: true })
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}
