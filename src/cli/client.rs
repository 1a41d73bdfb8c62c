//! `chancery client`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::context::{Context, Keys};
use super::{Failure, input, parsers};
use crate::flows::admin::By;
use crate::flows::admin::clients::{self, ClientPatch, NewClient, NewSecret, Rotation};
use crate::flows::admin::views::{self, ChangedClient, Effective, List};
use crate::flows::server::Server;
use crate::protocol::client::{Client, ClientId, ClientSettings, ClientStatus, GrantType};
use crate::protocol::scope::{Scope, ScopeSet};
use crate::protocol::secret::ClientSecret;
use crate::protocol::uri::{ResourceUri, WebOrigin};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a client. Its secret, unless it is given, is made here and shown once.
    Create(Box<Create>),
    /// List the clients.
    List,
    /// Show a client.
    Show(Which),
    /// Give a client nothing any more, and end everything it has.
    Disable(Which),
    /// Let a disabled or paused client go on.
    Enable(Which),
    /// Give a client nothing for the time being; its sessions wait.
    Pause(Which),
    /// Replace a client's secret by a new one, which is shown once.
    RotateSecret {
        #[command(flatten)]
        client: Which,
        /// For how long the old secret is still accepted.
        #[arg(long, value_name = "SECONDS", default_value_t = 0,
            value_parser = clap::value_parser!(u64).range(..=clients::MAX_OVERLAP.as_secs()))]
        overlap: u64,
        /// Somebody else has the old secret: refuse it at once, with the tokens that it got.
        #[arg(long, conflicts_with = "overlap")]
        compromised: bool,
    },
    /// Delete a client with its sessions.
    Delete(Which),
}

#[derive(Args)]
pub(super) struct Which {
    /// The client's id.
    #[arg(value_name = "ID")]
    client: String,
}

#[derive(Args)]
pub(super) struct Create {
    /// The client's id.
    #[arg(value_parser = ClientId::parse)]
    id: ClientId,
    /// It cannot keep a secret, as an application on its users' devices.
    #[arg(long, conflicts_with = "secret_stdin")]
    public: bool,
    /// Read its secret from standard input, one line.
    #[arg(long)]
    secret_stdin: bool,
    /// It is the operator's own and may handle passwords.
    #[arg(long)]
    first_party: bool,
    /// A grant it may use; may be repeated. By default refresh_token for a public or first-party
    /// client, else client_credentials.
    #[arg(long = "grant", value_name = "GRANT", value_parser = parsers::grant())]
    grants: Vec<GrantType>,
    /// A scope it may ask for; may be repeated.
    #[arg(long = "scope", value_name = "SCOPE", value_parser = Scope::parse)]
    scopes: Vec<Scope>,
    /// A resource it may ask tokens for; may be repeated, the first is the default.
    #[arg(long = "resource", value_name = "URI", value_parser = ResourceUri::parse)]
    resources: Vec<ResourceUri>,
    /// The resource that it is: it may introspect the tokens for it.
    #[arg(long, value_name = "URI", value_parser = ResourceUri::parse)]
    serves: Option<ResourceUri>,
    /// A browser origin from which scripts may call; may be repeated.
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = parsers::origin)]
    origins: Vec<WebOrigin>,
    /// Whether its refresh tokens rotate.
    #[arg(long, value_enum, default_value_t = RotationArg::Always)]
    rotation: RotationArg,
    /// A refresh token younger than this is not rotated yet.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    rotate_after: u64,
    /// A name for people; the id where none is given.
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
}

#[derive(Clone, Copy, Eq, PartialEq, ValueEnum)]
enum RotationArg {
    Always,
    Never,
}

pub(super) async fn run(command: Command, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    match command {
        Command::Create(create) => {
            let new = create.read()?;
            let create = async |server: &Server| Ok(clients::create(server, &by(), new).await?);
            let (client, secret) = context.with_server(Keys::Opened, create).await?;
            output.record(&ChangedClient::created(&client, secret.as_ref()))
        }
        Command::List => {
            let list = async |server: &Server| Ok(clients::list(server, None, u32::MAX).await?);
            let clients = context.with_server(Keys::Sealed, list).await?;
            let columns = ["client_id", "status", "public", "first_party", "grants", "name"];
            output.table(&List::of(&clients, views::Client::of, None), &columns)
        }
        Command::Show(client) => {
            let find = async |server: &Server| client.find(server).await;
            output.record(&views::Client::of(&context.with_server(Keys::Sealed, find).await?))
        }
        Command::Disable(client) => set_status(client, ClientStatus::Disabled, context).await,
        Command::Enable(client) => set_status(client, ClientStatus::Active, context).await,
        Command::Pause(client) => set_status(client, ClientStatus::Paused, context).await,
        Command::RotateSecret { client, overlap, compromised } => {
            let rotation = Rotation { overlap: Duration::from_secs(overlap), compromised };
            let rotate = async |server: &Server| {
                let client = client.find(server).await?;
                Ok(clients::rotate_secret(server, &by(), client, (rotation, None)).await?)
            };
            let (changed, secret) = context.with_server(Keys::Opened, rotate).await?;
            output.record(&ChangedClient::of(&changed, Some(&secret)))
        }
        Command::Delete(client) => {
            let delete = async |server: &Server| {
                let client = client.find(server).await?;
                Ok(clients::delete(server, &by(), client).await?)
            };
            output.record(&Effective::of(&context.with_server(Keys::Opened, delete).await?))
        }
    }
}

async fn set_status(
    client: Which,
    status: ClientStatus,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let change = async |server: &Server| {
        let client = client.find(server).await?;
        let patch = ClientPatch { settings: None, status: Some(status) };
        Ok(clients::change(server, &by(), client, patch).await?)
    };
    let changed = context.with_server(Keys::Opened, change).await?;
    context.output.record(&ChangedClient::of(&changed, None))
}

fn by() -> By {
    By::command_line()
}

impl Which {
    async fn find(&self, server: &Server) -> Result<Client, Failure> {
        clients::find_named(server, &self.client).await.map_err(Failure::about("client"))
    }
}

impl Create {
    fn read(self) -> Result<NewClient, Failure> {
        let secret = match (self.public, self.secret_stdin) {
            (true, _) => NewSecret::Public,
            (false, true) => NewSecret::Given(ClientSecret::chosen(&input::line("the secret")?)?),
            (false, false) => NewSecret::Generate,
        };
        let usual = if self.public || self.first_party {
            GrantType::RefreshToken
        } else {
            GrantType::ClientCredentials
        };
        let grants = if self.grants.is_empty() { vec![usual] } else { self.grants };
        let settings = ClientSettings {
            name: self.name,
            first_party: self.first_party,
            grants,
            scope: ScopeSet::from_iter(self.scopes),
            resources: self.resources,
            serves: self.serves,
            origins: self.origins,
            rotates: self.rotation == RotationArg::Always,
            rotate_after: Duration::from_secs(self.rotate_after),
        };
        Ok(NewClient { id: self.id, secret, settings })
    }
}
