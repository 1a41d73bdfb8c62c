//! A token that was verified.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::de::DeserializeOwned;

use crate::cache::Name;
use crate::claims::AccessTokenClaims;
use crate::keys::Key;
use crate::revocation::Names;

/// A token whose signature, issuer, times and audience were good, and that was not revoked.
pub struct VerifiedToken {
    pub(crate) name: Name,
    pub(crate) claims: AccessTokenClaims,
    /// What a revocation of it would name.
    pub(crate) names: Names,
    pub(crate) not_before: Option<i64>,
    pub(crate) kid: Box<str>,
    pub(crate) key: Arc<Key>,
    pub(crate) payload: Box<[u8]>,
    /// The number of the keys and revocations by which it passed last; 0 for none.
    pub(crate) passed: AtomicU64,
}

impl VerifiedToken {
    /// The claims.
    pub fn claims(&self) -> &AccessTokenClaims {
        &self.claims
    }

    /// The scopes that were granted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.claims.scope.iter().flat_map(|scope| scope.split(' ')).filter(|one| !one.is_empty())
    }

    /// Whether this very scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|one| one == scope)
    }

    /// The key that signed the token.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// All claims, also those that [`AccessTokenClaims`] does not have, as a type of the caller's;
    /// [`serde_json::Map`] for instance. They are parsed at each call.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.payload)
    }
}

/// Without the claims: they are about a person.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("VerifiedToken").finish_non_exhaustive()
    }
}
