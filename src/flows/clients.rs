//! What a node remembers of clients: all of them where they are few, else those that were asked for last.
//! Must not know for how long it may be relied on.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::error::FlowError;
use crate::generations::Generations;
use crate::protocol::client::{Client, ClientId, ClientStatus};
use crate::protocol::uri::WebOrigin;
use crate::storage::Store;
use crate::storage::ops::clients::{
    FindClient, FindClients, HasMoreClients, HasOrigin, ListClients,
};

/// How many clients are all remembered, and how many of more are in a generation. One takes some kilobytes
/// at most.
pub const REMEMBERED: u32 = 2_048;

/// The clients as of one change, or later. They are never brought up to date: after a change others
/// take their place, so that nothing is found in them that was read before it.
pub struct Clients(Remembered);

enum Remembered {
    All(All),
    Recent(Recent),
}

/// Every client: nothing is asked of the database, not even about one that there is not.
struct All {
    by_id: HashMap<ClientId, Arc<Client>>,
    /// The origins of those that are not disabled.
    origins: HashSet<Box<str>>,
    has_listeners: bool,
}

/// Clients that were asked for; any other is read. One that there is not leaves no trace, or whoever makes up
/// names would push out the others.
struct Recent {
    store: Store,
    by_id: Generations<ClientId, Arc<Client>>,
    /// Whether a client that is not disabled has this one.
    origins: Generations<WebOrigin, bool>,
}

impl Clients {
    /// Reads the clients, in the place of those `before`. They are all remembered if they are no more than
    /// `limit`. Once they were more, they are not counted again at each change.
    pub(super) async fn load(
        store: &Store,
        before: Option<&Self>,
        limit: u32,
    ) -> Result<Self, FlowError> {
        if before.is_some_and(|before| matches!(before.0, Remembered::Recent(_))) {
            return Ok(Self::none_yet(store, limit));
        }
        if store.read(HasMoreClients(limit)).await? {
            tracing::info!(limit, "there are more clients than are remembered");
            return Ok(Self::none_yet(store, limit));
        }
        // Those that were made just now are read as well.
        let all = ListClients { after: None, limit: u32::MAX };
        Ok(Self(Remembered::All(All::of(store.read(all).await?))))
    }

    fn none_yet(store: &Store, limit: u32) -> Self {
        let size = limit as usize;
        let (by_id, origins) = (Generations::new(size), Generations::new(size));
        Self(Remembered::Recent(Recent { store: store.clone(), by_id, origins }))
    }

    /// The client with this id.
    pub(super) async fn find(&self, id: &ClientId) -> Result<Option<Arc<Client>>, FlowError> {
        match &self.0 {
            Remembered::All(all) => Ok(all.by_id.get(id).cloned()),
            Remembered::Recent(recent) => match recent.by_id.find(id) {
                Some(found) => Ok(Some(found)),
                // Boxed, so that those who remember it do not carry what a statement needs.
                None => Box::pin(recent.ask(id)).await,
            },
        }
    }

    /// Those of these clients that there are.
    pub(super) async fn find_all<'a>(
        &self,
        ids: impl Iterator<Item = &'a ClientId>,
    ) -> Result<HashMap<ClientId, Arc<Client>>, FlowError> {
        match &self.0 {
            Remembered::All(all) => {
                Ok(ids.filter_map(|id| Some((id.clone(), all.by_id.get(id)?.clone()))).collect())
            }
            Remembered::Recent(recent) => recent.find_all(ids.collect()).await,
        }
    }

    /// Whether a client that is not disabled has registered the origin of this text.
    pub(super) async fn has_origin(&self, text: &str) -> Result<bool, FlowError> {
        match &self.0 {
            Remembered::All(all) => Ok(all.origins.contains(text)),
            Remembered::Recent(recent) => match WebOrigin::parse(text) {
                Some(origin) => Box::pin(recent.has_origin(origin)).await,
                None => Ok(false),
            },
        }
    }

    /// Whether some client may want to be told of the ends of sessions.
    pub(super) fn may_listen(&self) -> bool {
        match &self.0 {
            Remembered::All(all) => all.has_listeners,
            Remembered::Recent(_) => true,
        }
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        match &self.0 {
            Remembered::All(all) => all.by_id.len(),
            Remembered::Recent(recent) => recent.by_id.len(),
        }
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl All {
    fn of(clients: Vec<Client>) -> Self {
        let enabled = clients.iter().filter(|client| client.status != ClientStatus::Disabled);
        let origins = enabled.flat_map(|client| &client.settings.origins);
        let listens = |client: &Client| client.settings.sign_in.backchannel_logout_uri.is_some();
        Self {
            origins: origins.map(|origin| origin.as_str().into()).collect(),
            has_listeners: clients.iter().any(listens),
            by_id: clients.into_iter().map(|one| (one.id.clone(), Arc::new(one))).collect(),
        }
    }
}

impl Recent {
    async fn ask(&self, id: &ClientId) -> Result<Option<Arc<Client>>, FlowError> {
        let found = self.store.read(FindClient::Named(id.clone())).await?.map(Arc::new);
        if let Some(client) = &found {
            self.by_id.keep(id.clone(), client.clone());
        }
        Ok(found)
    }

    async fn find_all(
        &self,
        ids: BTreeSet<&ClientId>,
    ) -> Result<HashMap<ClientId, Arc<Client>>, FlowError> {
        let (mut found, mut others) = (HashMap::new(), Vec::new());
        for id in ids {
            match self.by_id.find(id) {
                Some(client) => drop(found.insert(id.clone(), client)),
                None => others.push(id.clone()),
            }
        }
        if others.is_empty() {
            return Ok(found);
        }
        for client in self.store.read(FindClients(others)).await? {
            let client = Arc::new(client);
            self.by_id.keep(client.id.clone(), client.clone());
            found.insert(client.id.clone(), client);
        }
        Ok(found)
    }

    async fn has_origin(&self, origin: WebOrigin) -> Result<bool, FlowError> {
        if let Some(verdict) = self.origins.find(&origin) {
            return Ok(verdict);
        }
        let verdict = self.store.read(HasOrigin(origin.clone())).await?;
        self.origins.keep(origin, verdict);
        Ok(verdict)
    }
}
