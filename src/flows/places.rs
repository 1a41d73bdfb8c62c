//! The places on the stream of the feed, and who may have how many of them. Must not know what is
//! told there.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::credentials::Network;
use super::error::FlowError;
use crate::env::Entropy;
use crate::protocol::client::{Client, ClientId};

/// How many streams there may be at once.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// Of clients that serve a resource; half of them of one client.
    pub reserved: usize,
    /// Of everybody else; a tenth of them from one address, or IPv6 network of 64 bits.
    pub anonymous: usize,
}

/// Who reads the feed.
pub enum Reader {
    /// An authenticated client, which serves a resource.
    Api(Arc<Client>),
    /// Somebody at this address.
    Anybody(Option<IpAddr>),
}

/// The places on the stream.
pub struct Places {
    reserved: Arc<Pool>,
    anonymous: Arc<Pool>,
}

impl Places {
    /// So many places.
    pub fn new(limits: StreamLimits) -> Self {
        let pool = |kind, room: usize, sharers| {
            // Whoever has the only place shares it with nobody.
            let share = room.div_ceil(sharers);
            Arc::new(Pool { kind, room, share, held: Mutex::default() })
        };
        Self {
            reserved: pool("reserved", limits.reserved, 2),
            anonymous: pool("anonymous", limits.anonymous, 10),
        }
    }

    /// Takes a place, or tells when to come again: not everybody at once.
    pub(super) fn take(&self, reader: &Reader, entropy: &dyn Entropy) -> Result<Place, FlowError> {
        let (pool, holder) = match reader {
            Reader::Api(client) => (&self.reserved, Holder::Client(client.id.clone())),
            Reader::Anybody(address) => (&self.anonymous, Holder::Network(Network::of(*address))),
        };
        pool.take(holder).ok_or_else(|| {
            metrics::counter!("chancery_feed_refused_total", "kind" => pool.kind).increment(1);
            let [random] = entropy.bytes::<1>();
            let retry_after = COME_AGAIN + Duration::from_secs(u64::from(random % 11));
            FlowError::Full { retry_after }
        })
    }
}

/// A place on the stream. Dropping it gives it back.
pub(super) struct Place {
    pool: Arc<Pool>,
    holder: Holder,
}

/// Whom a place is counted against.
#[derive(Clone, Eq, Hash, PartialEq)]
enum Holder {
    Client(ClientId),
    Network(Network),
}

/// The places of one kind.
struct Pool {
    kind: &'static str,
    room: usize,
    /// How many of them one holder may have.
    share: usize,
    held: Mutex<Held>,
}

/// The places that are taken.
#[derive(Default)]
struct Held {
    all: usize,
    /// Only of those who have one, so it is no larger than there are places.
    by: HashMap<Holder, usize>,
}

impl Pool {
    fn take(self: &Arc<Self>, holder: Holder) -> Option<Place> {
        let mut held = self.held();
        let own = held.by.get(&holder).copied().unwrap_or_default();
        if held.all >= self.room || own >= self.share {
            return None;
        }
        held.all += 1;
        held.by.insert(holder.clone(), own + 1);
        metrics::gauge!("chancery_feed_streams", "kind" => self.kind).increment(1);
        Some(Place { pool: self.clone(), holder })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!("chancery_feed_streams", "kind" => self.pool.kind).decrement(1);
        let mut held = self.pool.held();
        held.all -= 1;
        match held.by.get_mut(&self.holder) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(held.by.remove(&self.holder)),
        }
    }
}

/// The least time after which to come again.
const COME_AGAIN: Duration = Duration::from_secs(5);
