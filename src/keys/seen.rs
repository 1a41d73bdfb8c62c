//! Access tokens whose signature was checked, by the hash of their whole text. An API asks about the
//! same token again and again, and a signature that was good stays good; everything else about a token
//! is checked each time. Belongs to a key ring, and goes with it when anything that a node remembers changes.

use std::sync::Arc;

use chancery_verifier::claims::AccessTokenClaims;

use crate::generations::Generations;
use crate::protocol::key::Kid;
use crate::protocol::secret::SecretHash;

/// What a token says, and the key that signed it.
pub(super) type Signed = (AccessTokenClaims, Kid);

/// The tokens that were asked about last.
pub(super) struct Seen(Generations<[u8; 32], Arc<Signed>>);

impl Default for Seen {
    fn default() -> Self {
        Self(Generations::new(GENERATION))
    }
}

impl Seen {
    pub(super) fn find(&self, name: &SecretHash) -> Option<Arc<Signed>> {
        self.0.find(name.as_bytes())
    }

    pub(super) fn keep(&self, name: &SecretHash, signed: Arc<Signed>) {
        self.0.keep(*name.as_bytes(), signed);
    }
}

/// Of about a kilobyte each.
const GENERATION: usize = 2048;
