//! Access tokens whose signature was checked, by the hash of their whole text. An API asks about the
//! same token again and again, and a signature that was good stays good; everything else about a token
//! is checked each time. Belongs to a key ring, and goes with it when a key changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chancery_verifier::claims::AccessTokenClaims;

use crate::protocol::key::Kid;
use crate::protocol::secret::SecretHash;

/// What a token says, and the key that signed it.
pub(super) type Signed = (AccessTokenClaims, Kid);

/// At most two generations of tokens: when the younger is full, the older is forgotten.
#[derive(Default)]
pub(super) struct Seen(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<[u8; 32], Arc<Signed>>,
    old: HashMap<[u8; 32], Arc<Signed>>,
}

impl Seen {
    pub(super) fn find(&self, name: &SecretHash) -> Option<Arc<Signed>> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = generations.young.get(name.as_bytes()) {
            return Some(found.clone());
        }
        let found = generations.old.remove(name.as_bytes())?;
        generations.keep(name, found.clone());
        Some(found)
    }

    pub(super) fn keep(&self, name: &SecretHash, signed: Arc<Signed>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(name, signed);
    }
}

impl Generations {
    fn keep(&mut self, name: &SecretHash, signed: Arc<Signed>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(*name.as_bytes(), signed);
    }
}

/// Of about a kilobyte each.
const GENERATION: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> Arc<Signed> {
        let claims = serde_json::json!({
            "iss": "https://as.example", "sub": "u", "aud": "https://api.example",
            "client_id": "c", "jti": "j", "iat": 1, "exp": 2,
        });
        Arc::new((serde_json::from_value(claims).unwrap(), Kid::new("k")))
    }

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_forgotten_in_time() {
        let seen = Seen::default();
        let name = |number: usize| SecretHash::of(&number.to_be_bytes());
        for number in 0..10 * GENERATION {
            seen.keep(&name(number), signed());
            assert!(seen.find(&name(0)).is_some(), "{number}");
        }
        let kept = (0..10 * GENERATION).filter(|number| seen.find(&name(*number)).is_some());
        assert!(kept.count() <= 2 * GENERATION);
        assert!(seen.find(&name(GENERATION)).is_none());
    }
}
