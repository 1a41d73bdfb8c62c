//! `chancery session`.

use clap::Subcommand;

use super::context::{Context, Keys, every};
use super::{Failure, parsers};
use crate::flows::admin::views::{self, Effective, List, OwnedSession};
use crate::flows::admin::{By, browser_sessions, sessions, users};
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::browser_session::BrowserSession;
use crate::protocol::ids::{BrowserSessionId, SessionId, UserId};
use crate::protocol::reason::Reason;
use crate::protocol::revocation::EffectiveBy;
use crate::protocol::session::Session;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the active sessions of a user, or of everybody.
    List {
        /// His name or id.
        #[arg(long)]
        user: Option<String>,
        /// List the browsers in which he is signed in instead.
        #[arg(long, requires = "user")]
        browser: bool,
    },
    /// End a session, or a browser session with the sessions under it.
    End {
        /// The session's id, the `sid` of its tokens, or the browser session's.
        #[arg(value_parser = parsers::session)]
        sid: SessionId,
    },
}

pub(super) async fn run(command: Command, context: &Context<'_>) -> Result<(), Failure> {
    match command {
        Command::List { user, browser: true } => {
            let list = async |server: &Server| list_browsers(server, user.as_deref()).await;
            let sessions = context.with_server(Keys::Sealed, list).await?;
            let columns = ["id", "signed_in_at", "last_seen", "address", "user_agent"];
            context.output.table(&List::of(&sessions, views::BrowserSession::of, None), &columns)
        }
        Command::List { user, browser: false } => {
            let list = async |server: &Server| list(server, user.as_deref()).await;
            let sessions = context.with_server(Keys::Sealed, list).await?;
            let columns = ["sid", "user_id", "client_id", "created_at", "last_seen", "address"];
            context.output.table(&List::of(&sessions, OwnedSession::of, None), &columns)
        }
        Command::End { sid } => {
            let end = async |server: &Server| {
                let ended = end(server, sid).await;
                ended.map_err(Failure::about("session"))
            };
            let ended = context.with_server(Keys::Opened, end).await?;
            context.output.record(&Effective::of(&ended))
        }
    }
}

/// The id is 16 random bytes, so it is that of one thing alone.
async fn end(server: &Server, id: SessionId) -> Result<EffectiveBy, FlowError> {
    let by = By::command_line();
    match sessions::end(server, &by, id).await {
        Err(FlowError::Refused(refusal)) if refusal.reason == Reason::NotFound => {
            let id = BrowserSessionId::from_bytes(*id.as_bytes());
            browser_sessions::end(server, &by, id).await
        }
        ended => ended,
    }
}

async fn list_browsers(
    server: &Server,
    user: Option<&str>,
) -> Result<Vec<BrowserSession>, Failure> {
    let Some(user) = find_user(server, user).await? else {
        return Ok(Vec::new());
    };
    let page = async |after, limit| browser_sessions::list(server, user, (after, limit)).await;
    every(page, |session: &BrowserSession| session.id).await
}

async fn find_user(server: &Server, user: Option<&str>) -> Result<Option<UserId>, Failure> {
    let Some(user) = user else {
        return Ok(None);
    };
    let found = users::find_named(server, user).await;
    Ok(Some(found.map_err(Failure::about("user"))?.id))
}

async fn list(server: &Server, user: Option<&str>) -> Result<Vec<Session>, Failure> {
    let user = find_user(server, user).await?;
    let page = async |after, limit| sessions::list(server, user, (after, limit)).await;
    every(page, |session: &Session| session.id).await
}
