//! `chancery revoke`.

use clap::Args;

use super::context::{Context, Keys};
use super::{Failure, parsers};
use crate::flows::admin::revocations::revoke;
use crate::flows::admin::views::Effective;
use crate::flows::admin::{By, users};
use crate::flows::server::Server;
use crate::protocol::audit::Note;
use crate::protocol::ids::SessionId;
use crate::protocol::revocation::Kind;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    what: What,
    /// Why, for whoever reads the audit log.
    #[arg(long, value_name = "TEXT", value_parser = Note::parse)]
    reason: Option<Note>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct What {
    /// One access token, by its `jti`.
    #[arg(long)]
    jti: Option<String>,
    /// A session, by its `sid`.
    #[arg(long, value_name = "SID", value_parser = parsers::session)]
    session: Option<SessionId>,
    /// The tokens of a user, by his name or id.
    #[arg(long)]
    user: Option<String>,
    /// The tokens that a client holds, by its id.
    #[arg(long)]
    client: Option<String>,
    /// Everything that a key has signed.
    #[arg(long, value_name = "KID")]
    key: Option<String>,
    /// Every token and every session.
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(arguments: Arguments, context: &Context<'_>) -> Result<(), Failure> {
    let revoke = async |server: &Server| {
        let (kind, value) = arguments.what.name(server).await?;
        let by = By { note: arguments.reason.clone(), ..By::command_line() };
        let revoked = revoke(server, &by, kind, &value).await;
        revoked.map_err(Failure::about(what(kind)))
    };
    let revoked = context.with_server(Keys::Opened, revoke).await?;
    context.output.record(&Effective::of(&revoked))
}

impl What {
    /// What is revoked, by its kind and name. That one was given has been made sure of.
    async fn name(&self, server: &Server) -> Result<(Kind, String), Failure> {
        if let Some(user) = &self.user {
            let found = users::find_named(server, user).await;
            let found = found.map_err(Failure::about("user"))?;
            return Ok((Kind::Subject, found.id.to_string()));
        }
        let session = self.session.map(|id| (Kind::Session, id.to_string()));
        let named = |kind, name: &Option<String>| name.clone().map(|name| (kind, name));
        let one = session
            .or_else(|| named(Kind::Token, &self.jti))
            .or_else(|| named(Kind::Client, &self.client))
            .or_else(|| named(Kind::Key, &self.key))
            .or_else(|| self.all.then(|| (Kind::All, String::new())));
        one.ok_or_else(|| Failure::new("nothing to revoke was named"))
    }
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Token => "token",
        Kind::Session => "session",
        Kind::Subject => "user",
        Kind::Client => "client",
        Kind::Key => "key",
        Kind::All => "thing",
    }
}
