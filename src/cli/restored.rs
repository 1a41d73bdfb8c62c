//! `chancery restored`.

use super::Failure;
use super::context::{Context, Keys};
use crate::flows::admin::By;
use crate::flows::admin::revocations::restored;
use crate::flows::admin::views::Effective;

/// Say that an older state of the database was put back.
///
/// Stop every server, put the backup back, run this, and start them. What was revoked since the backup stays
/// revoked: every token issued and every session begun so far is refused, and readers of the feed begin anew.
/// Everybody logs in again.
#[derive(clap::Args)]
pub(super) struct Restored {}

pub(super) async fn run(context: &Context<'_>) -> Result<(), Failure> {
    let restored = context.with_server(Keys::Opened, async |server| {
        restored(server, &By::command_line()).await.map_err(Failure::about("database"))
    });
    let restored = restored.await?;
    context.output.note(REMAINS);
    context.output.record(&Effective::of(&restored))
}

const REMAINS: &str = "every token and every session of before is refused. What else was changed since \
                       the backup is as it was then: users, passwords, clients; and a key that was \
                       compromised since is back (`chancery key compromise`)";
