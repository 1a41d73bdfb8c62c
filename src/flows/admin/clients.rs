//! Administering clients.

use std::time::Duration;

use super::keys::obey_with_keys;
use super::{By, authority, changed_meanwhile};
use crate::audit;
use crate::flows::ending::count_revocations;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::audit::{Actor, AuditKind};
use crate::protocol::client::{Client, ClientCredentials, ClientId, ClientSettings, ClientStatus};
use crate::protocol::error::Refusal;
use crate::protocol::ids::ClientKey;
use crate::protocol::revocation::{EffectiveBy, Kind};
use crate::protocol::secret::{ClientSecret, SecretHash};
use crate::protocol::session::EndReason;
use crate::protocol::text::{MAX_NAME, is_plain};
use crate::storage::ops::Swap;
use crate::storage::ops::clients::{
    ChangeClient, CreateClient, DeleteClient, FindClient, ListClients,
};
use crate::storage::ops::sessions::Sessions;

/// A client to be.
pub struct NewClient {
    /// Its id.
    pub id: ClientId,
    /// How it proves who it is.
    pub secret: NewSecret,
    /// What it may do.
    pub settings: ClientSettings,
}

/// How a new client proves who it is.
pub enum NewSecret {
    /// It cannot.
    Public,
    /// By a secret that was made elsewhere.
    Given(ClientSecret),
    /// By the secret of this hash.
    Hashed(SecretHash),
    /// By a secret that is made here, and shown once.
    Generate,
}

/// What changes of a client; `None` stays as it is.
#[derive(Default)]
pub struct ClientPatch {
    /// What it may do.
    pub settings: Option<ClientSettings>,
    /// Whether it may do anything.
    pub status: Option<ClientStatus>,
}

/// How a secret is replaced.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// How long the old secret is still accepted.
    pub overlap: Duration,
    /// Whether somebody else has the old one: it is refused at once, with the tokens that it got.
    pub compromised: bool,
}

/// The longest that a replaced secret may still be accepted.
pub const MAX_OVERLAP: Duration = Duration::from_hours(30 * 24);

/// A client after a change.
pub struct Changed {
    /// The client.
    pub client: Client,
    /// By when what it held is refused, where; none if it stays good.
    pub effective_by: Option<EffectiveBy>,
}

/// Creates a client. A secret that was made here is answered, this once.
pub async fn create(
    server: &Server,
    by: &By,
    new: NewClient,
) -> Result<(Client, Option<ClientSecret>), FlowError> {
    let public = matches!(new.secret, NewSecret::Public);
    check_settings(&new.settings, public)?;
    by.check_confers(authority::of_client(&new.settings))?;
    let (credentials, shown) = match new.secret {
        NewSecret::Public => (ClientCredentials::Public, None),
        NewSecret::Given(secret) => (secret_credentials(secret.hash()), None),
        NewSecret::Hashed(hash) => (secret_credentials(hash), None),
        NewSecret::Generate => {
            let secret = ClientSecret::generate(&server.world.entropy.bytes());
            (secret_credentials(secret.hash()), Some(secret))
        }
    };
    let mut settings = new.settings;
    if settings.name.is_empty() {
        settings.name = new.id.to_string();
    }
    let now = server.now();
    let client = Client {
        key: ClientKey::at(now, server.world.entropy.bytes()),
        id: new.id,
        credentials,
        settings,
        logo: None,
        status: ClientStatus::Active,
        managed: by.actor == Actor::Configuration,
        not_before: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let event = by.event(server, AuditKind::ClientCreated).about(&client.id);
    let create = CreateClient { client: client.clone(), audit: event.clone() };
    if server.store.write(create).await? == Swap::Lost {
        return Err(FlowError::conflict("a client of this id exists"));
    }
    audit::log(&event);
    obey_with_keys(server).await;
    Ok((client, shown))
}

/// Lists the clients in the order of their keys, from the database.
pub async fn list(
    server: &Server,
    after: Option<ClientKey>,
    limit: u32,
) -> Result<Vec<Client>, FlowError> {
    Ok(server.store.read(ListClients { after, limit }).await?)
}

/// Finds a client by its key.
pub async fn find(server: &Server, key: ClientKey) -> Result<Client, FlowError> {
    server.store.read(FindClient::Key(key)).await?.ok_or_else(FlowError::not_found)
}

/// Finds a client by its id.
pub async fn find_named(server: &Server, id: &str) -> Result<Client, FlowError> {
    let id = ClientId::parse(id).map_err(|_| FlowError::not_found())?;
    server.store.read(FindClient::Named(id)).await?.ok_or_else(FlowError::not_found)
}

/// Changes a client. One that may do nothing any more holds nothing any more either; a paused one
/// keeps its sessions.
pub async fn change(
    server: &Server,
    by: &By,
    client: Client,
    patch: ClientPatch,
) -> Result<Changed, FlowError> {
    by.check_managed(client.managed)?;
    let public = client.is_public();
    let stopped = patch.status.is_some_and(|status| status != ClientStatus::Active);
    let disabled = patch.status == Some(ClientStatus::Disabled);
    let settings = patch.settings.unwrap_or_else(|| client.settings.clone());
    check_settings(&settings, public)?;
    let status = patch.status.unwrap_or(client.status);
    let wakes = status == ClientStatus::Active && client.status != status;
    if wakes || settings != client.settings {
        by.check_confers(authority::of_client(&settings))?;
    }
    let managed = client.managed || by.actor == Actor::Configuration;
    let changed = Client { settings, status, managed, ..client };
    let changed = store(server, by, (AuditKind::ClientChanged, changed), stopped).await?;
    if disabled {
        end_sessions(server, &changed.client, EndReason::ClientDisabled).await?;
    }
    Ok(changed)
}

/// Makes a client what the configuration file declares, and lets it work.
pub async fn declare(
    server: &Server,
    by: &By,
    client: Client,
    (credentials, settings): (ClientCredentials, ClientSettings),
) -> Result<Changed, FlowError> {
    check_settings(&settings, matches!(credentials, ClientCredentials::Public))?;
    let status = ClientStatus::Active;
    let declared = Client { credentials, settings, status, managed: true, ..client };
    store(server, by, (AuditKind::ClientChanged, declared), false).await
}

/// Disables a client that the configuration file declares no longer, and lets go of it.
pub async fn release(server: &Server, by: &By, client: Client) -> Result<(), FlowError> {
    let patch = ClientPatch { settings: None, status: Some(ClientStatus::Disabled) };
    let disabled = change(server, by, client, patch).await?.client;
    // Last, so that what was interrupted before is found again.
    let released = Client { managed: false, ..disabled };
    store(server, by, (AuditKind::ClientChanged, released), false).await?;
    Ok(())
}

/// Replaces a client's secret by a new one, which is answered, this once.
pub async fn rotate_secret(
    server: &Server,
    by: &By,
    client: Client,
    (rotation, given): (Rotation, Option<ClientSecret>),
) -> Result<(Changed, ClientSecret), FlowError> {
    by.check_managed(client.managed)?;
    by.check_confers(authority::of_client(&client.settings))?;
    let ClientCredentials::Secret { current, .. } = &client.credentials else {
        return Err(FlowError::conflict("the client is public: it has no secret"));
    };
    let secret = given.unwrap_or_else(|| ClientSecret::generate(&server.world.entropy.bytes()));
    let keeps = !rotation.compromised && !rotation.overlap.is_zero();
    let previous = keeps.then(|| (current.clone(), server.now() + rotation.overlap));
    let credentials = ClientCredentials::Secret { current: secret.hash(), previous };
    let changed = Client { credentials, ..client };
    let kind = AuditKind::ClientSecret;
    let changed = store(server, by, (kind, changed), rotation.compromised).await?;
    Ok((changed, secret))
}

/// Refuses the tokens that a client holds; it may ask for new ones.
pub async fn revoke_tokens(server: &Server, by: &By, client: Client) -> Result<Changed, FlowError> {
    store(server, by, (AuditKind::Revoked, client), true).await
}

/// Deletes a client, with its sessions and tokens.
pub async fn delete(server: &Server, by: &By, client: Client) -> Result<EffectiveBy, FlowError> {
    by.check_managed(client.managed)?;
    // First nothing new is given to it; then what it has is ended; then it goes.
    let disabled = Client { status: ClientStatus::Disabled, ..client };
    let disabled = store(server, by, (AuditKind::ClientChanged, disabled), true).await?.client;
    end_sessions(server, &disabled, EndReason::ClientDeleted).await?;
    let known = server.memory.current().await?;
    let event = by.event(server, AuditKind::ClientDeleted).about(&disabled.id);
    let delete = DeleteClient {
        key: disabled.key,
        version: disabled.version,
        revoking: server.revoking_client(&known),
        audit: event.clone(),
    };
    server.store.write(delete).await?.ok_or_else(changed_meanwhile)?;
    count_revocations(Kind::Client, 1);
    audit::log(&event);
    server.obey_now().await;
    Ok(server.effective_by(&known))
}

async fn store(
    server: &Server,
    by: &By,
    (kind, client): (AuditKind, Client),
    revoke: bool,
) -> Result<Changed, FlowError> {
    let known = server.memory.current().await?;
    let event = by.event(server, kind).about(&client.id);
    let change = ChangeClient {
        client,
        revoke: revoke.then(|| server.revoking_client(&known)),
        audit: event.clone(),
    };
    let changed = server.store.write(change).await?.ok_or_else(changed_meanwhile)?;
    audit::log(&event);
    if revoke {
        count_revocations(Kind::Client, 1);
    }
    obey_with_keys(server).await;
    let effective_by = revoke.then(|| server.effective_by(&known));
    Ok(Changed { client: changed.client, effective_by })
}

async fn end_sessions(
    server: &Server,
    client: &Client,
    reason: EndReason,
) -> Result<(), FlowError> {
    let known = server.memory.current().await?;
    let which = Sessions::OfClient(client.id.clone(), None);
    server.end_sessions(which, reason, None, &known).await?;
    server.obey_now().await;
    Ok(())
}

fn check_settings(settings: &ClientSettings, public: bool) -> Result<(), Refusal> {
    if !is_plain(&settings.name, MAX_NAME) {
        return Err(Refusal::invalid_request(NAME));
    }
    settings.check(public).map_err(|bad| Refusal::invalid_request(bad.text()))
}

/// What is wrong with a name.
pub(super) const NAME: &str =
    "name is at most 200 characters, and none of them a control character";

fn secret_credentials(current: SecretHash) -> ClientCredentials {
    ClientCredentials::Secret { current, previous: None }
}
