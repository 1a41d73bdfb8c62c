//! `chancery client`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};

use super::client_settings::{Reset, SettingsArgs};
use super::context::{Context, Keys};
use super::{Failure, input, picture};
use crate::flows::admin::clients::{self, ClientPatch, NewClient, NewSecret, Rotation};
use crate::flows::admin::views::{self, ChangedClient, Effective, List};
use crate::flows::admin::{By, logos};
use crate::flows::server::Server;
use crate::protocol::client::{Client, ClientId, ClientSettings, ClientStatus, GrantType};
use crate::protocol::picture::Picture;
use crate::protocol::secret::ClientSecret;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a client. Its secret, unless it is given, is made here and shown once.
    ///
    /// Without --grant it may use authorization_code and refresh_token if it has a redirect URI,
    /// refresh_token if it is public or first-party, else client_credentials.
    Create(Box<Create>),
    /// Change a client: what is given takes the place of what was, a list that of the whole list.
    Update(Box<Update>),
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
    /// Give a client a picture, which people see where they are asked for their consent.
    Logo {
        #[command(flatten)]
        client: Which,
        /// A PNG, JPEG, WebP or GIF picture of at most 64 KiB.
        #[arg(value_name = "FILE", required_unless_present = "remove")]
        file: Option<PathBuf>,
        /// Take its picture away.
        #[arg(long, conflicts_with = "file")]
        remove: bool,
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
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Args)]
pub(super) struct Update {
    #[command(flatten)]
    client: Which,
    /// A setting that goes back to what it is where nothing is given; may be repeated.
    #[arg(long, value_name = "SETTING", value_enum)]
    reset: Vec<Reset>,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(super) async fn run(command: Command, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    match command {
        Command::Create(create) => {
            let new = create.read()?;
            let create = async |server: &Server| Ok(clients::create(server, &by(), new).await?);
            let (client, secret) = context.with_new_server(Keys::Opened, create).await?;
            output.record(&ChangedClient::created(&client, secret.as_ref()))
        }
        Command::Update(update) => {
            let Update { client, reset, settings } = *update;
            let change = async |server: &Server| {
                let client = client.find(server).await?;
                let mut before = client.settings.clone();
                for one in reset {
                    one.apply(&mut before);
                }
                let patch = ClientPatch { settings: Some(settings.over(before)), status: None };
                Ok(clients::change(server, &by(), client, patch).await?)
            };
            let changed = context.with_server(Keys::Opened, change).await?;
            output.record(&ChangedClient::of(&changed, None))
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
        Command::Logo { client, file, remove: _ } => {
            let logo = file.as_deref().map(read_logo).transpose()?;
            let set = async |server: &Server| {
                let client = client.find(server).await?;
                Ok(logos::set(server, &by(), client, logo).await?)
            };
            output.record(&views::Client::of(&context.with_server(Keys::Opened, set).await?))
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

fn read_logo(path: &Path) -> Result<Picture, Failure> {
    let bytes = picture::read(path, Picture::LARGEST as u64)?;
    Picture::parse(bytes).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
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
        let mut settings = self.settings.over(ClientSettings::named(""));
        if settings.grants.is_empty() {
            settings.grants = usual_grants(self.public, &settings);
        }
        Ok(NewClient { id: self.id, secret, settings })
    }
}

fn usual_grants(public: bool, settings: &ClientSettings) -> Vec<GrantType> {
    if !settings.sign_in.redirect_uris.is_empty() {
        vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
    } else if public || settings.first_party {
        vec![GrantType::RefreshToken]
    } else {
        vec![GrantType::ClientCredentials]
    }
}
