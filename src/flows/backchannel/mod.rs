//! Back-channel logout (OIDC Back-Channel Logout §2.5): telling clients that a session has ended, once it is
//! stored that they must be told, until they have heard it or it is too late. Must not know of HTTP.

mod delivery;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tokio::sync::Notify;
use tokio::task::{Id, JoinSet};

use super::server::Server;
use crate::outbound::Outbound;
use crate::protocol::client::ClientId;
use crate::protocol::logout_notice::LogoutNotice;
use crate::storage::StorageError;
use crate::storage::ops::notices::{NextNotice, TakeNotices};

/// How clients are told.
#[derive(Clone, Debug)]
pub struct BackchannelSettings {
    /// The networks that may be called beside the internet.
    pub allowed: Vec<IpNet>,
    /// How long a client may take to answer. Less than [`CLAIM`].
    pub patience: Duration,
}

/// What tells clients.
pub struct Backchannel {
    outbound: Outbound,
    due: Notify,
}

impl Backchannel {
    pub(super) fn new(settings: &BackchannelSettings) -> Self {
        let outbound = Outbound::new(settings.allowed.clone(), settings.patience);
        Self { outbound, due: Notify::new() }
    }

    /// Says that there may be something to tell.
    pub(super) fn wake(&self) {
        self.due.notify_one();
    }
}

/// Delivers notices, several at once. It takes one up only when there is a place for it, so that the others
/// stay for other nodes; and few of each client, so that one that is slow holds up nobody else.
pub struct Courier {
    server: Arc<Server>,
    tasks: JoinSet<()>,
    under_way: HashMap<Id, ClientId>,
}

impl Courier {
    /// A courier of `server`.
    pub fn new(server: Arc<Server>) -> Self {
        Self { server, tasks: JoinSet::new(), under_way: HashMap::new() }
    }

    /// Delivers what is due until `stop`, and then what is under way.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let server = self.server.clone();
        let mut stop = pin!(stop);
        loop {
            let wait = self.take_up_or_wait().await;
            tokio::select! {
                biased;
                () = &mut stop => break,
                true = self.settled() => {}
                () = server.backchannel.due.notified() => {}
                () = server.world.clock.sleep(wait) => {}
            }
        }
        while self.settled().await {}
    }

    /// Delivers what is due now.
    pub async fn deliver(&mut self) -> Result<(), StorageError> {
        loop {
            self.take_up().await?;
            if !self.settled().await {
                return Ok(());
            }
        }
    }

    async fn take_up_or_wait(&mut self) -> Duration {
        self.take_up().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "notices of ended sessions could not be read");
            POLL
        })
    }

    /// Takes up what is due, as far as there are places, and answers when to look again.
    async fn take_up(&mut self) -> Result<Duration, StorageError> {
        if !self.may_be_heard() {
            return Ok(POLL);
        }
        let now = self.server.now();
        let due = self.server.store.read(NextNotice).await?;
        match due {
            Some(due) if due <= now => {}
            Some(due) => return Ok(due.since(now).min(POLL)),
            None => return Ok(POLL),
        }
        while self.tasks.len() < PLACES {
            let take =
                TakeNotices { now, limit: 1, again_at: now + CLAIM, except: self.occupied() };
            let Some(notice) = self.server.store.write(take).await?.pop() else { break };
            self.send(notice);
        }
        Ok(POLL)
    }

    /// Whether any client may want to be told, as far as this node knows.
    fn may_be_heard(&self) -> bool {
        self.server.memory.last_known().is_some_and(|known| known.clients.may_listen())
    }

    /// The clients that have all the places that one may have.
    fn occupied(&self) -> Vec<ClientId> {
        let mut places = HashMap::<&ClientId, usize>::new();
        for client in self.under_way.values() {
            *places.entry(client).or_default() += 1;
        }
        let full = places.into_iter().filter(|(_, taken)| *taken >= PLACES_OF_ONE);
        full.map(|(client, _)| client.clone()).collect()
    }

    fn send(&mut self, notice: LogoutNotice) {
        let (server, client) = (self.server.clone(), notice.client_id.clone());
        let task = self.tasks.spawn(async move { delivery::deliver(&server, notice).await });
        self.under_way.insert(task.id(), client);
    }

    /// Waits until one of those under way has come to an end; `false` if there are none.
    async fn settled(&mut self) -> bool {
        let id = match self.tasks.join_next_with_id().await {
            None => return false,
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => {
                tracing::error!(%error, "a delivery ended abnormally");
                error.id()
            }
        };
        self.under_way.remove(&id);
        true
    }
}

/// How often notices are looked for that other nodes have left.
const POLL: Duration = Duration::from_secs(5);
/// For so long a notice that was taken up is nobody else's.
pub const CLAIM: Duration = Duration::from_mins(1);
const PLACES: usize = 16;
const PLACES_OF_ONE: usize = 2;
