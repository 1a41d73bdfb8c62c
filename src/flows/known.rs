//! Everything that a node remembers of the database, as of one look. Must not know how that is done.

use std::collections::HashMap;
use std::sync::Arc;

use super::clients::Clients;
use super::error::FlowError;
use crate::keys::KeyRing;
use crate::protocol::client::{Client, ClientId};
use crate::protocol::consent::Allowed;
use crate::protocol::resource::Resource;
use crate::protocol::revocation::FeedHead;
use crate::protocol::scope::Scope;
use crate::protocol::session::Grant;
use crate::protocol::standing::check_client;
use crate::protocol::uri::ResourceUri;

/// Everything remembered, as one value that is replaced whole.
#[derive(Clone)]
pub struct Known {
    /// The keys.
    pub ring: Arc<KeyRing>,
    /// Where the log of revocations ended when this was read.
    pub head: FeedHead,
    /// The clients.
    pub clients: Arc<Clients>,
    pub(super) resources: Arc<HashMap<ResourceUri, Resource>>,
}

impl Known {
    /// The client with this id. Where it is not remembered it is read, and may be newer than the rest.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, FlowError> {
        self.clients.find(id).await
    }

    /// The same, if it is active.
    pub async fn active_client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, FlowError> {
        let client = self.client(id).await?;
        Ok(client.filter(|client| check_client(Some(client)).is_ok()))
    }

    /// Those of these clients that there are.
    pub async fn all_clients<'a>(
        &self,
        ids: impl Iterator<Item = &'a ClientId>,
    ) -> Result<HashMap<ClientId, Arc<Client>>, FlowError> {
        self.clients.find_all(ids).await
    }

    /// Whether scripts of the origin of this text may call, for some client.
    pub async fn has_origin(&self, text: &str) -> Result<bool, FlowError> {
        self.clients.has_origin(text).await
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

    /// Every resource, the built-in ones included.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }
}
