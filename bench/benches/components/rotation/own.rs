//! By the server's storage.

use std::time::Duration;

use chancery::protocol::secret::SecretHash;
use chancery::protocol::time::Timestamp;
use chancery::storage::Store;
use chancery::storage::ops::Swap;
use chancery::storage::ops::sessions::RotateSession;

use super::Chain;
use super::bare::{HASH, SEALED};
use crate::stage::{ADDRESS, Leaf, Stage};

/// One session.
pub(super) struct Own {
    store: Store,
    leaf: Leaf,
    now: Timestamp,
}

impl Own {
    pub(super) fn several(stage: &Stage, number: u32) -> Vec<Self> {
        let (store, now) = (&stage.server.store, stage.server.now());
        let own = |leaf| Self { store: store.clone(), leaf, now };
        stage.leaves(number).into_iter().map(own).collect()
    }
}

impl Chain for Own {
    async fn rotate(&mut self) {
        let rotation = RotateSession {
            id: self.leaf.session,
            from: self.leaf.generation,
            parent: SecretHash::from_bytes(HASH),
            child: SecretHash::from_bytes(HASH),
            sealed: SEALED.to_vec(),
            at: self.now,
            idle_expires_at: self.now + Duration::from_hours(1),
            address: Some(ADDRESS),
        };
        assert!(self.store.write(rotation).await.unwrap() == Swap::Won);
        self.leaf.generation += 1;
    }
}
