//! Putting a server together, and what an empty database is given.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::admin;
use super::authorize::interaction::Interactions;
use super::backchannel::Backchannel;
use super::clock::ClockWatch;
use super::error::FlowError;
use super::feed::Places;
use super::memory::{Bounds, Memory};
use super::server::{Credentials, Server, Settings};
use crate::keys::Keeper;
use crate::protocol::client::{ClientSettings, GrantType};
use crate::protocol::ids::UserId;
use crate::protocol::key::{Algorithm, KeyUse};
use crate::protocol::password::{Password, UserName};
use crate::protocol::profile::Profile;
use crate::protocol::reason::Reason;
use crate::protocol::scope::{Scope, ScopeSet};
use crate::protocol::user::{Roles, StoredHash, User, UserStatus};
use crate::storage::ops::clients::ClientAlgorithms;
use crate::storage::ops::feed::{BeginLog, NoteTokenLife};
use crate::storage::ops::users::ListUsers;

impl Server {
    /// A server on the keeper's database. It answers nothing until [`Server::start`].
    pub fn assemble(settings: Settings, keeper: Keeper, credentials: Credentials) -> Self {
        let (world, store) = (keeper.world.clone(), keeper.store.clone());
        let clock = Arc::new(ClockWatch::new(settings.clock_offset_limit));
        let interactions = Interactions::new(&keeper.master, &settings.issuer);
        let memory = {
            let bounds = Bounds {
                policy: settings.revocation,
                max_life: settings.tokens.max_life,
                clients: settings.remembered_clients,
            };
            Memory::new(settings.issuer.clone(), keeper, clock.clone(), bounds)
        };
        let places = Places::new(settings.streams);
        let backchannel = Backchannel::new(&settings.backchannel);
        Self {
            settings,
            world,
            store,
            memory,
            credentials,
            clock,
            places,
            backchannel,
            interactions,
        }
    }

    /// Makes the server ready: the master key is the right one, every key that is needed is there,
    /// and the memory is filled.
    pub async fn start(&self) -> Result<(), FlowError> {
        self.memory.keeper().check_master_key().await?;
        self.clock.look(&self.store, &self.world).await?;
        self.store.write(BeginLog { at: self.now() }).await?;
        self.note_token_life().await?;
        self.maintain_keys().await?;
        self.memory.refresh().await?;
        Ok(())
    }

    /// Looks at the database, and sees to what can only be found by looking.
    pub async fn look(&self) -> Result<(), FlowError> {
        let known = self.memory.refresh().await?;
        admin::keys::remove_again(self, &known).await
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
        // What is due is done even where it cannot be found out what else is needed.
        let in_use = self.key_places().await;
        if self.memory.keeper().maintain(in_use.as_deref().unwrap_or_default()).await? {
            self.memory.refresh().await?;
        }
        in_use.map(drop)
    }

    /// What keys sign by what is registered: the tokens of each resource, and what clients are told of
    /// their users.
    async fn key_places(&self) -> Result<Vec<(KeyUse, Algorithm)>, FlowError> {
        // A node that knows nothing now, since its clock is wrong, keeps the keys that there are.
        let Ok(known) = self.memory.current().await else {
            return Ok(Vec::new());
        };
        let resources = known.resources().map(|resource| resource.settings.algorithm);
        let clients = self.store.read(ClientAlgorithms).await?.into_iter();
        let resources = resources.map(|algorithm| (KeyUse::AccessToken, algorithm));
        Ok(resources.chain(clients.map(|algorithm| (KeyUse::IdToken, algorithm))).collect())
    }
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
        profile: Profile::default(),
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
    let mut settings = ClientSettings::named("");
    settings.set_first_party(true);
    ClientSettings { grants: vec![GrantType::RefreshToken], ..settings }
}

pub(super) fn scopes(names: &[&str]) -> ScopeSet {
    names.iter().filter_map(|name| Scope::parse(name).ok()).collect()
}

const NOTE_AHEAD: Duration = Duration::from_mins(10);
