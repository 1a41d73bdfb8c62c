//! `chancery backup`.

use std::path::PathBuf;

use serde::Serialize;

use super::Failure;
use super::context::Context;
use crate::env::World;
use crate::storage::{DatabaseUrl, back_up};

/// Copy the embedded database to a new file, while servers go on.
///
/// The file is whole, checked and durable when this succeeds. It needs as much room as the database. The
/// master key is not in it: keep that elsewhere, since whoever has both has every key of the server. After
/// a backup was put back, run `chancery restored` before any server starts.
#[derive(clap::Args)]
pub(super) struct Backup {
    /// The file to make.
    #[arg(value_name = "PATH")]
    to: PathBuf,
}

#[derive(Serialize)]
struct Made {
    backup: String,
    bytes: u64,
    epoch: i64,
    seq: i64,
}

pub(super) async fn run(arguments: &Backup, context: &Context<'_>) -> Result<(), Failure> {
    let from = match DatabaseUrl::parse(context.config.database_url.expose())? {
        DatabaseUrl::Sqlite(path) => path,
        DatabaseUrl::Postgres(_) => {
            return Err(Failure::new(
                "the database is PostgreSQL, which has its own ways: `pg_dump --format=custom`, or a \
                 base backup with the archive of its log. After it was put back, run `chancery \
                 restored` before any server starts",
            ));
        }
    };
    context.require_database()?;
    if arguments.to.try_exists().unwrap_or_default() {
        return Err(Failure::new(format!("{} exists already", arguments.to.display())));
    }
    let part = u64::from_be_bytes(World::system().entropy.bytes());
    let made = back_up(&from, &arguments.to, part).await?;
    context.output.record(&Made {
        backup: arguments.to.display().to_string(),
        bytes: made.bytes,
        epoch: made.position.epoch,
        seq: made.position.seq,
    })
}
