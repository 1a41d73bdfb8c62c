//! The key set: which keys an issuer publishes.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::{Key, Purpose};
use crate::error::KeySetError;
use crate::feed::jwks_hash;
use crate::jose;
use crate::state::Installed;

/// The usable keys of an issuer, by their `kid`.
#[derive(Default)]
pub(crate) struct KeySet {
    keys: HashMap<String, Arc<Key>>,
    unusable: usize,
    /// Which keys are published, usable or not.
    pub(crate) hash: String,
    /// As it was published.
    pub(crate) text: Vec<u8>,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a key set (RFC 7517 §5). Keys that cannot be used are left out, and so is every key
    /// whose `kid` stands twice: which of them is meant cannot be told.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, KeySetError> {
        if text.len() > LONGEST {
            return Err(KeySetError::TooLong);
        }
        let jwks: Jwks = jose::from_slice(text).map_err(|_| KeySetError::Malformed)?;
        if jwks.keys.len() > MOST_KEYS {
            return Err(KeySetError::TooMany);
        }
        let mut set = Self::read(&jwks.keys);
        if set.count(Purpose::AccessTokens) == 0 {
            return Err(KeySetError::Empty);
        }
        set.text = text.to_vec();
        Ok(set)
    }

    fn read(jwks: &[Value]) -> Self {
        let kids = || jwks.iter().filter_map(kid);
        let signing: Vec<&Value> = jwks.iter().filter(|jwk| !is_for_encryption(jwk)).collect();
        let mut set = Self { hash: jwks_hash(kids()), ..Self::default() };
        for jwk in &signing {
            let alone =
                |kid: &&str| signing.iter().filter(|jwk| self::kid(jwk) == Some(kid)).count() == 1;
            match (kid(jwk).filter(alone), Key::read(jwk)) {
                (Some(kid), Some(key)) => {
                    set.keys.insert(kid.to_owned(), Arc::new(key));
                }
                _ => set.unusable += 1,
            }
        }
        set
    }

    /// The key that signs access tokens under this `kid`.
    pub(crate) fn of_tokens(&self, kid: &str) -> Option<&Arc<Key>> {
        self.keys.get(kid).filter(|key| key.purpose == Purpose::AccessTokens)
    }

    /// The key that signs the feed under this `kid`.
    pub(crate) fn of_feed(&self, kid: &str) -> Option<&Arc<Key>> {
        self.keys.get(kid).filter(|key| key.purpose == Purpose::Revocations)
    }

    /// Whether there are no keys yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn installed(&self) -> Installed {
        Installed {
            keys: self.count(Purpose::AccessTokens),
            feed_keys: self.count(Purpose::Revocations),
            unusable: self.unusable,
        }
    }

    fn count(&self, purpose: Purpose) -> usize {
        self.keys.values().filter(|key| key.purpose == purpose).count()
    }
}

fn kid(jwk: &Value) -> Option<&str> {
    jwk.get("kid")?.as_str()
}

/// Whether the key is for encryption alone, and so none of ours.
fn is_for_encryption(jwk: &Value) -> bool {
    jwk.get("use").and_then(Value::as_str) == Some("enc")
}

const LONGEST: usize = 256 << 10;
const MOST_KEYS: usize = 100;
