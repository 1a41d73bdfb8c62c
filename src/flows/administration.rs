//! What it takes to administer a server: an administrator, and a client that he logs in through.

use zeroize::Zeroizing;

use super::admin::By;
use super::admin::clients::{self, ClientPatch, NewClient, NewSecret};
use super::admin::users::{self, NewPassword, NewUser};
use super::error::FlowError;
use super::server::Server;
use super::setup::{first_party_settings, parse_password, random_password, unless_there};
use crate::protocol::client::{Client, ClientId, ClientSettings, ClientStatus, GrantType};
use crate::protocol::password::{Password, UserName};
use crate::protocol::profile::Profile;
use crate::protocol::resource::ADMIN_SCOPES;
use crate::protocol::scope::Scope;
use crate::protocol::uri::Issuer;
use crate::protocol::user::{ADMIN_ROLE, Roles, User};
use crate::storage::ops::clients::ListClients;
use crate::storage::ops::users::HasAdministrator;
use crate::storage::{StorageError, Store};

/// The client that the administrator logs in through.
pub const ADMIN_CLIENT: &str = "chancery-admin";

/// The administrator that was made.
pub struct Administrator {
    /// His name.
    pub name: UserName,
    /// His password, if it was made here.
    pub password: Option<Zeroizing<String>>,
}

/// Gives a database what is missing of its [`Administration`]: an administrator, and the client that he
/// logs in through. Answers the administrator, if he was missing. Without a `password` he gets a
/// random one, which is answered, this once.
///
/// # Errors
/// If nothing is missing, somebody else has his name, or there is nobody to give the password to.
pub async fn initialize(
    server: &Server,
    name: UserName,
    password: Option<Password>,
) -> Result<Option<Administrator>, FlowError> {
    let there = Administration::look(&server.store, &server.settings.issuer).await?;
    if there.user && there.client {
        let text = "there is an administrator already: nothing was changed";
        return Err(FlowError::conflict(text));
    }
    if there.user && password.is_some() {
        let text = "there is an administrator already, whose password stays: only the client would be \
                    mended, without a password";
        return Err(FlowError::conflict(text));
    }
    // The client first: what was interrupted between the two can be done again.
    ensure_admin_client(server).await?;
    let made = if there.user { None } else { Some(make(server, name, password).await?) };
    server.memory.refresh().await?;
    Ok(made)
}

async fn make(
    server: &Server,
    name: UserName,
    password: Option<Password>,
) -> Result<Administrator, FlowError> {
    let (password, shown) = if let Some(password) = password {
        (password, None)
    } else {
        let shown = random_password(server);
        (parse_password(server, &shown)?, Some(shown))
    };
    create_administrator(server, name.clone(), password).await?;
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
            found.push(format!(
                "no client gets tokens for the admin API, {}: `chancery init` makes or mends \
                 {ADMIN_CLIENT}; another issuer, or another port without one, is another API",
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

pub(super) async fn create_administrator(
    server: &Server,
    name: UserName,
    password: Password,
) -> Result<User, FlowError> {
    let roles = Roles::parse(ADMIN_ROLE).map_err(|_| FlowError::Internal)?;
    let password = Some(NewPassword::Plain(password));
    let new = NewUser { name, password, roles, profile: Profile::default() };
    users::create(server, &By::system(), new).await
}

/// Sees to it that there is a client that administrators can log in through. One of its name that is of
/// no use, as after a change of the issuer, is mended.
pub(super) async fn ensure_admin_client(server: &Server) -> Result<(), FlowError> {
    let by = By::system();
    let issuer = &server.settings.issuer;
    let new = NewClient {
        id: ClientId::parse(ADMIN_CLIENT).map_err(|_| FlowError::Internal)?,
        secret: NewSecret::Public,
        settings: for_administration(first_party_settings(), issuer),
    };
    if unless_there(clients::create(server, &by, new).await)? {
        return Ok(());
    }
    let there = clients::find_named(server, ADMIN_CLIENT).await?;
    if !reaches_administration(&there, issuer) {
        let settings = for_administration(there.settings.clone(), issuer);
        let patch = ClientPatch { settings: Some(settings), status: Some(ClientStatus::Active) };
        clients::change(server, &by, there, patch).await?;
    }
    Ok(())
}

/// These settings, with what it takes to administer.
fn for_administration(settings: ClientSettings, issuer: &Issuer) -> ClientSettings {
    let admin = issuer.admin_resource();
    let others = settings.resources.into_iter().filter(|resource| *resource != admin);
    let scopes = settings.scope.iter().chain(ADMIN_SCOPES);
    ClientSettings {
        name: "Administration".to_owned(),
        first_party: true,
        scope: scopes.filter_map(|scope| Scope::parse(scope).ok()).collect(),
        resources: others.chain([admin.clone()]).collect(),
        ..settings
    }
}

/// How many clients are looked at together.
const PAGE: u32 = 200;
