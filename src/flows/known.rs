//! Everything that a node remembers of the database, as of one look. Must not know how it was read.

use std::collections::HashMap;
use std::sync::Arc;

use crate::keys::KeyRing;
use crate::protocol::client::{Client, ClientId, ClientStatus};
use crate::protocol::consent::Allowed;
use crate::protocol::key::{Algorithm, KeyUse};
use crate::protocol::resource::Resource;
use crate::protocol::revocation::FeedHead;
use crate::protocol::scope::Scope;
use crate::protocol::session::Grant;
use crate::protocol::uri::ResourceUri;

/// Everything remembered, as one value that is replaced whole.
#[derive(Clone)]
pub struct Known {
    /// The keys.
    pub ring: Arc<KeyRing>,
    /// Where the log of revocations ended when this was read.
    pub head: FeedHead,
    pub(super) clients: Arc<HashMap<ClientId, Arc<Client>>>,
    pub(super) resources: Arc<HashMap<ResourceUri, Resource>>,
}

impl Known {
    /// The client with this id.
    pub fn client(&self, id: &ClientId) -> Option<&Arc<Client>> {
        self.clients.get(id)
    }

    /// Every client.
    pub fn clients(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.clients.values()
    }

    /// The resource of this name, if tokens are issued for it.
    pub fn resource(&self, uri: &ResourceUri) -> Option<&Resource> {
        self.resources.get(uri).filter(|resource| resource.enabled)
    }

    /// What is allowed where `grant` is: a scope means something at the resources that know it, and those of
    /// the issuer itself do at each.
    pub fn allowed(&self, grant: &Grant) -> Allowed {
        Allowed::of(grant, |uri, scope| {
            let knows = |resource: &Resource| resource.settings.scope.contains(scope);
            Scope::is_built_in(scope) || self.resource(uri).is_some_and(knows)
        })
    }

    /// What keys sign by what is registered: the tokens of each resource, and what each client is told
    /// of its users. A disabled client is told nothing.
    pub(super) fn key_places(&self) -> Vec<(KeyUse, Algorithm)> {
        let resources = self.resources().map(|resource| resource.settings.algorithm);
        let clients = self.clients().filter(|client| client.status != ClientStatus::Disabled);
        let told = clients.flat_map(|client| {
            let sign_in = &client.settings.sign_in;
            [Some(sign_in.id_token_algorithm), sign_in.userinfo_algorithm].into_iter().flatten()
        });
        let resources = resources.map(|algorithm| (KeyUse::AccessToken, algorithm));
        resources.chain(told.map(|algorithm| (KeyUse::IdToken, algorithm))).collect()
    }

    /// Every resource, the built-in ones included.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }
}
