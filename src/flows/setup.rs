//! Putting a server together, and what an empty database is given.

use std::time::Duration;

use zeroize::Zeroizing;

use super::admin::By;
use super::admin::clients::{self, NewClient, NewSecret};
use super::admin::users::{self, NewPassword, NewUser};
use super::clock::ClockWatch;
use super::error::FlowError;
use super::memory::Memory;
use super::server::{Credentials, Server, Settings};
use crate::keys::Keeper;
use crate::protocol::client::{Client, ClientId, ClientSettings, ClientStatus, GrantType};
use crate::protocol::ids::UserId;
use crate::protocol::key::Algorithm;
use crate::protocol::password::{Password, UserName};
use crate::protocol::reason::Reason;
use crate::protocol::resource::ADMIN_SCOPES;
use crate::protocol::scope::{Scope, ScopeSet};
use crate::protocol::uri::Issuer;
use crate::protocol::user::{ADMIN_ROLE, Roles, StoredHash, User, UserStatus};
use crate::storage::ops::clients::ListClients;
use crate::storage::ops::feed::NoteTokenLife;
use crate::storage::ops::users::{HasAdministrator, ListUsers};
use crate::storage::{StorageError, Store};

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

/// The client that the administrator logs in through.
pub const ADMIN_CLIENT: &str = "chancery-admin";

/// The administrator that was made.
pub struct Administrator {
    /// His name.
    pub name: UserName,
    /// His password, if it was made here.
    pub password: Option<Zeroizing<String>>,
}

/// Gives a database without an administrator one, and the client that he logs in through. Without a
/// `password` he gets a random one, which is answered, this once.
///
/// # Errors
/// If there is an administrator already, or somebody else has his name.
pub async fn initialize(
    server: &Server,
    name: UserName,
    password: Option<Password>,
) -> Result<Administrator, FlowError> {
    if server.store.read(HasAdministrator).await? {
        let text = "there is an administrator already: nothing was changed";
        return Err(FlowError::conflict(text));
    }
    // The client first: what was interrupted between the two can be done again.
    create_admin_client(server).await?;
    let (password, shown) = if let Some(password) = password {
        (password, None)
    } else {
        let shown = random_password(server);
        (parse_password(server, &shown)?, Some(shown))
    };
    create_administrator(server, name.clone(), password).await?;
    server.memory.refresh().await?;
    Ok(Administrator { name, password: shown })
}

/// What there is to administer the server with.
#[derive(Clone, Copy, Debug)]
pub struct Administration {
    /// Whether an active user has the role `admin`.
    pub user: bool,
    /// Whether an active client gets tokens for the admin API.
    pub client: bool,
}

impl Administration {
    /// Looks what there is.
    pub async fn look(store: &Store, issuer: &Issuer) -> Result<Self, StorageError> {
        Ok(Self {
            user: store.read(HasAdministrator).await?,
            client: has_admin_client(store, issuer).await?,
        })
    }

    /// What is missing, and the commands that make it.
    pub fn complaints(self, issuer: &Issuer) -> Vec<String> {
        let mut found = Vec::new();
        if !self.user {
            found.push(
                "no active user has the role admin: `chancery init` makes one, and \
                 `chancery user roles NAME --role admin` lets one that there is be it"
                    .to_owned(),
            );
        }
        if !self.client {
            let scopes = ADMIN_SCOPES.map(|scope| format!(" --scope {scope}")).concat();
            found.push(format!(
                "no client gets tokens for the admin API: `chancery init` makes one with the first \
                 administrator, and `chancery client create {ADMIN_CLIENT} --public --first-party \
                 --resource {}{scopes}` alone",
                issuer.admin_resource()
            ));
        }
        found
    }
}

async fn has_admin_client(store: &Store, issuer: &Issuer) -> Result<bool, StorageError> {
    let mut after = None;
    loop {
        let clients = store.read(ListClients { after, limit: PAGE }).await?;
        if clients.iter().any(|client| reaches_administration(client, issuer)) {
            return Ok(true);
        }
        let Some(last) = clients.last() else {
            return Ok(false);
        };
        after = Some(last.key);
    }
}

fn reaches_administration(client: &Client, issuer: &Issuer) -> bool {
    let settings = &client.settings;
    client.status == ClientStatus::Active
        && (settings.first_party || settings.grants.contains(&GrantType::ClientCredentials))
        && settings.resources.contains(&issuer.admin_resource())
        && ADMIN_SCOPES.iter().any(|scope| settings.scope.contains(scope))
}

/// A random password, long enough for any policy.
pub fn random_password(server: &Server) -> Zeroizing<String> {
    use base64::Engine;
    let random = Zeroizing::new(server.world.entropy.bytes::<24>());
    Zeroizing::new(base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(random))
}

pub(super) async fn has_users(server: &Server) -> Result<bool, FlowError> {
    Ok(!server.store.read(ListUsers { after: None, limit: 1 }).await?.is_empty())
}

pub(super) fn parse_password(server: &Server, text: &str) -> Result<Password, FlowError> {
    Password::parse(text, &server.settings.passwords).map_err(|_| FlowError::Internal)
}

pub(super) async fn create_administrator(
    server: &Server,
    name: UserName,
    password: Password,
) -> Result<User, FlowError> {
    let roles = Roles::parse(ADMIN_ROLE).map_err(|_| FlowError::Internal)?;
    let password = Some(NewPassword::Plain(password));
    users::create(server, &By::system(), NewUser { name, password, roles }).await
}

/// Makes the client that administrators log in through, unless one of its name does as well.
pub(super) async fn create_admin_client(server: &Server) -> Result<(), FlowError> {
    let issuer = &server.settings.issuer;
    let new = NewClient {
        id: ClientId::parse(ADMIN_CLIENT).map_err(|_| FlowError::Internal)?,
        secret: NewSecret::Public,
        settings: ClientSettings {
            name: "Administration".to_owned(),
            scope: scopes(&ADMIN_SCOPES),
            resources: vec![issuer.admin_resource()],
            ..first_party_settings()
        },
    };
    if unless_there(clients::create(server, &By::system(), new).await)? {
        return Ok(());
    }
    let there = clients::find_named(server, ADMIN_CLIENT).await?;
    if reaches_administration(&there, issuer) {
        return Ok(());
    }
    let text = "a client chancery-admin exists, which gets no tokens for the admin API";
    Err(FlowError::conflict(text))
}

/// Answers whether it was made now; otherwise something of its name exists.
pub(super) fn unless_there<T>(made: Result<T, FlowError>) -> Result<bool, FlowError> {
    match made {
        Ok(_) => Ok(true),
        Err(FlowError::Refused(refusal)) if refusal.reason == Reason::Conflict => Ok(false),
        Err(error) => Err(error),
    }
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

pub(super) fn first_party_settings() -> ClientSettings {
    ClientSettings {
        first_party: true,
        grants: vec![GrantType::RefreshToken],
        ..ClientSettings::named("")
    }
}

pub(super) fn scopes(names: &[&str]) -> ScopeSet {
    names.iter().filter_map(|name| Scope::parse(name).ok()).collect()
}

/// How many clients are looked at at once.
const PAGE: u32 = 200;
const NOTE_AHEAD: Duration = Duration::from_mins(10);
