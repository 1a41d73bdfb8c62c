//! `chancery session`.

use clap::Subcommand;

use super::context::{Context, Keys, every};
use super::{Failure, parsers};
use crate::flows::admin::views::{Effective, List, OwnedSession};
use crate::flows::admin::{By, sessions, users};
use crate::flows::server::Server;
use crate::protocol::ids::SessionId;
use crate::protocol::session::Session;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the active sessions of a user, or of everybody.
    List {
        /// His name or id.
        #[arg(long)]
        user: Option<String>,
    },
    /// End a session.
    End {
        /// The session's id, the `sid` of its tokens.
        #[arg(value_parser = parsers::session)]
        sid: SessionId,
    },
}

pub(super) async fn run(command: Command, context: &Context<'_>) -> Result<(), Failure> {
    match command {
        Command::List { user } => {
            let list = async |server: &Server| list(server, user.as_deref()).await;
            let sessions = context.with_server(Keys::Sealed, list).await?;
            let columns = ["sid", "user_id", "client_id", "created_at", "last_seen", "address"];
            context.output.table(&List::of(&sessions, OwnedSession::of, None), &columns)
        }
        Command::End { sid } => {
            let end = async |server: &Server| {
                let ended = sessions::end(server, &By::command_line(), sid).await;
                ended.map_err(Failure::about("session"))
            };
            let ended = context.with_server(Keys::Opened, end).await?;
            context.output.record(&Effective::of(&ended))
        }
    }
}

async fn list(server: &Server, user: Option<&str>) -> Result<Vec<Session>, Failure> {
    let user = match user {
        None => None,
        Some(user) => {
            let found = users::find_named(server, user).await;
            Some(found.map_err(Failure::about("user"))?.id)
        }
    };
    let page = async |after, limit| sessions::list(server, user, (after, limit)).await;
    every(page, |session: &Session| session.id).await
}
