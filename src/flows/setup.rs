//! Putting a server together, and what an empty database is given.

use std::time::Duration;

use zeroize::Zeroizing;

use super::clock::ClockWatch;
use super::credentials::Source;
use super::error::FlowError;
use super::memory::Memory;
use super::server::{Credentials, Server, Settings};
use crate::keys::Keeper;
use crate::protocol::audit::{Actor, AuditKind};
use crate::protocol::client::{
    Client, ClientCredentials, ClientId, ClientSettings, ClientStatus, GrantType,
};
use crate::protocol::ids::{ClientKey, ResourceId, UserId};
use crate::protocol::key::Algorithm;
use crate::protocol::password::{Password, UserName};
use crate::protocol::resource::{ADMIN_SCOPES, Resource, ResourceSettings};
use crate::protocol::scope::{Scope, ScopeSet};
use crate::protocol::secret::ClientSecret;
use crate::protocol::uri::ResourceUri;
use crate::protocol::user::{ADMIN_ROLE, Roles, StoredHash, User, UserStatus};
use crate::storage::ops::Swap;
use crate::storage::ops::clients::CreateClient;
use crate::storage::ops::feed::NoteTokenLife;
use crate::storage::ops::resources::CreateResource;
use crate::storage::ops::users::{CreateUser, ListUsers};

impl Server {
    /// A server on the keeper's database. It answers nothing until [`Server::start`].
    pub fn assemble(settings: Settings, keeper: Keeper, credentials: Credentials) -> Self {
        let (world, store) = (keeper.world.clone(), keeper.store.clone());
        let memory = {
            let (revocation, max_life) = (settings.revocation, settings.tokens.max_life);
            Memory::new(settings.issuer.clone(), keeper, revocation, max_life)
        };
        let clock = ClockWatch::new(settings.clock_offset_limit);
        Self { settings, world, store, memory, credentials, clock }
    }

    /// Makes the server ready: the master key is the right one, every key that is needed is there,
    /// and the memory is filled.
    pub async fn start(&self) -> Result<(), FlowError> {
        self.memory.keeper().check_master_key().await?;
        self.clock.look(&self.store, &self.world).await?;
        self.note_token_life().await?;
        self.maintain_keys().await?;
        self.memory.refresh().await?;
        Ok(())
    }

    /// Writes down for how long tokens of this node may live from now on.
    pub async fn note_token_life(&self) -> Result<(), FlowError> {
        let life = self.settings.tokens.max_life;
        // Ahead of time, since the next note comes only after a while.
        let at = self.now() + NOTE_AHEAD;
        Ok(self.store.write(NoteTokenLife { life, at }).await?)
    }

    /// Takes every step that is due for the keys.
    pub async fn maintain_keys(&self) -> Result<(), FlowError> {
        let known = self.memory.current().await.ok();
        let algorithms: Vec<Algorithm> = known
            .iter()
            .flat_map(|known| known.resources())
            .map(|resource| resource.settings.algorithm)
            .collect();
        if self.memory.keeper().maintain(&algorithms).await? {
            self.memory.refresh().await?;
        }
        Ok(())
    }
}

/// What the first run made, with the secrets that are shown once.
pub struct FirstRun {
    /// The administrator's name.
    pub username: &'static str,
    /// His password.
    pub password: Zeroizing<String>,
    /// The demo client's id.
    pub client_id: &'static str,
    /// Its secret.
    pub client_secret: ClientSecret,
    /// The demo resource.
    pub resource: &'static str,
}

/// The client that the administrator logs in through.
pub const ADMIN_CLIENT: &str = "chancery-admin";

/// The administrator that was made.
pub struct Administrator {
    /// His name.
    pub name: UserName,
    /// His password, if it was made here.
    pub password: Option<Zeroizing<String>>,
}

/// Gives a database without users an administrator and the client that he logs in through. Without
/// a `password` he gets a random one, which is answered, this once. `None` where there are users.
pub async fn initialize(
    server: &Server,
    name: UserName,
    password: Option<Password>,
) -> Result<Option<Administrator>, FlowError> {
    if has_users(server).await? {
        return Ok(None);
    }
    // The client first: what was interrupted between the two can be done again.
    create_admin_client(server).await?;
    let (password, shown) = if let Some(password) = password {
        (password, None)
    } else {
        let shown = random_password(server);
        (parse_password(server, &shown)?, Some(shown))
    };
    if !create_administrator(server, name.clone(), password).await? {
        return Ok(None);
    }
    server.memory.refresh().await?;
    Ok(Some(Administrator { name, password: shown }))
}

/// Fills an empty database with an administrator, his client, a demo client and a demo resource,
/// all with random secrets. `None` where there are users already.
pub async fn first_run(server: &Server) -> Result<Option<FirstRun>, FlowError> {
    if has_users(server).await? {
        return Ok(None);
    }
    let entropy = server.world.entropy.as_ref();
    let secret = ClientSecret::generate(&entropy.bytes());
    let run = FirstRun {
        username: "admin",
        password: random_password(server),
        client_id: "demo",
        client_secret: secret,
        resource: "https://demo-api.example",
    };
    let name = UserName::parse(run.username).map_err(|_| FlowError::Internal)?;
    let password = parse_password(server, &run.password)?;
    create_administrator(server, name, password).await?;
    create_demo_resource(server, &run).await?;
    let demo_resource = ResourceUri::parse(run.resource).map_err(|_| FlowError::Internal)?;
    create_admin_client(server).await?;
    let demo = ClientSettings {
        grants: vec![GrantType::RefreshToken, GrantType::ClientCredentials],
        scope: scopes(&["read", "write", Scope::OPENID]),
        resources: vec![demo_resource.clone()],
        serves: Some(demo_resource),
        ..first_party("Demo")
    };
    let current = run.client_secret.hash();
    let credentials = ClientCredentials::Secret { current, previous: None };
    create_client(server, run.client_id, credentials, demo).await?;
    server.memory.refresh().await?;
    Ok(Some(run))
}

/// A random password, long enough for any policy.
pub fn random_password(server: &Server) -> Zeroizing<String> {
    use base64::Engine;
    let random = Zeroizing::new(server.world.entropy.bytes::<24>());
    Zeroizing::new(base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(random))
}

async fn has_users(server: &Server) -> Result<bool, FlowError> {
    Ok(!server.store.read(ListUsers { after: None, limit: 1 }).await?.is_empty())
}

fn parse_password(server: &Server, text: &str) -> Result<Password, FlowError> {
    Password::parse(text, &server.settings.passwords).map_err(|_| FlowError::Internal)
}

/// Answers whether the name was free.
async fn create_administrator(
    server: &Server,
    name: UserName,
    password: Password,
) -> Result<bool, FlowError> {
    let source = Source::new(name.canonical(), None);
    let hash = server.credentials.pool.hash(&source, password).await?;
    let roles = Roles::parse(ADMIN_ROLE).map_err(|_| FlowError::Internal)?;
    let user = new_user(server, name, Some(hash), roles);
    let audit = server.event(AuditKind::UserCreated, Actor::System).about(user.id);
    Ok(server.store.write(CreateUser { user, audit }).await? == Swap::Won)
}

async fn create_admin_client(server: &Server) -> Result<(), FlowError> {
    let settings = ClientSettings {
        scope: scopes(&ADMIN_SCOPES),
        resources: vec![server.settings.issuer.admin_resource()],
        ..first_party("Administration")
    };
    create_client(server, ADMIN_CLIENT, ClientCredentials::Public, settings).await
}

/// A user that is stored next.
pub fn new_user(
    server: &Server,
    name: UserName,
    password_hash: Option<StoredHash>,
    roles: Roles,
) -> User {
    let now = server.now();
    User {
        id: UserId::at(now, server.world.entropy.bytes()),
        name,
        password_hash,
        roles,
        status: UserStatus::Active,
        disabled_by_file: false,
        managed: false,
        version: 1,
        not_before: None,
        created_at: now,
        updated_at: now,
    }
}

async fn create_demo_resource(server: &Server, run: &FirstRun) -> Result<(), FlowError> {
    let now = server.now();
    let resource = Resource {
        id: ResourceId::at(now, server.world.entropy.bytes()),
        uri: ResourceUri::parse(run.resource).map_err(|_| FlowError::Internal)?,
        settings: ResourceSettings {
            scope: scopes(&["read", "write"]),
            ..ResourceSettings::named("Demo API")
        },
        enabled: true,
        managed: false,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let audit = server.event(AuditKind::ResourceCreated, Actor::System).about(&resource.uri);
    server.store.write(CreateResource { resource, audit }).await?;
    Ok(())
}

async fn create_client(
    server: &Server,
    id: &str,
    credentials: ClientCredentials,
    settings: ClientSettings,
) -> Result<(), FlowError> {
    let now = server.now();
    let client = Client {
        key: ClientKey::at(now, server.world.entropy.bytes()),
        id: ClientId::parse(id).map_err(|_| FlowError::Internal)?,
        credentials,
        settings,
        status: ClientStatus::Active,
        managed: false,
        not_before: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let audit = server.event(AuditKind::ClientCreated, Actor::System).about(&client.id);
    server.store.write(CreateClient { client, audit }).await?;
    Ok(())
}

fn first_party(name: &str) -> ClientSettings {
    ClientSettings {
        first_party: true,
        grants: vec![GrantType::RefreshToken],
        ..ClientSettings::named(name)
    }
}

fn scopes(names: &[&str]) -> ScopeSet {
    names.iter().filter_map(|name| Scope::parse(name).ok()).collect()
}

const NOTE_AHEAD: Duration = Duration::from_mins(10);
