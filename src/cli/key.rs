//! `chancery key`.

use clap::Subcommand;

use super::Failure;
use super::context::{Context, Keys};
use crate::flows::admin::views::{Activated, Effective, Key, List};
use crate::flows::admin::{By, keys};
use crate::flows::server::Server;
use crate::protocol::key::Kid;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the signing keys.
    List,
    /// Let the announced keys sign from now on, once verifiers have had the time to fetch them.
    Rotate {
        /// Do not wait for the verifiers: tokens may be refused until they fetch the keys.
        #[arg(long)]
        now: bool,
    },
    /// Refuse everything that a key has signed: somebody else may have it.
    Compromise {
        /// The key's id.
        kid: String,
    },
}

pub(super) async fn run(command: Command, context: &Context<'_>) -> Result<(), Failure> {
    let by = By::command_line();
    match command {
        Command::List => {
            let list = async |server: &Server| Ok(keys::list(server).await?);
            let keys = context.with_server(Keys::Opened, list).await?;
            let columns = ["kid", "algorithm", "use", "state", "announced_at", "activated_at"];
            context.output.table(&List::of(&keys, Key::of, None), &columns)
        }
        Command::Rotate { now } => {
            let rotate = async |server: &Server| Ok(keys::rotate(server, &by, now).await?);
            let activated = context.with_server(Keys::Opened, rotate).await?;
            context.output.record(&Activated::of(&activated))
        }
        Command::Compromise { kid } => {
            let compromise = async |server: &Server| {
                let removed = keys::compromise(server, &by, &Kid::new(&kid)).await;
                removed.map_err(Failure::about("key"))
            };
            let removed = context.with_server(Keys::Opened, compromise).await?;
            context.output.record(&Effective::of(&removed))
        }
    }
}
