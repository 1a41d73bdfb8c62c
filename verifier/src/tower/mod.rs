//! A layer that lets a request through only with a good access token (RFC 6750). The feature `tower`.
//!
//! ```
//! use std::time::Duration;
//! use chancery_verifier::{Settings, Verifier, tower::Protect};
//!
//! let verifier = Verifier::new(Settings::new("https://as.example", "https://api.example"));
//! let anybody = Protect::new(&verifier);
//! let readers = Protect::new(&verifier).scope("orders:read");
//! // Answers 503 unless the revocations are known up to the last 15 seconds.
//! let payments = Protect::new(&verifier).scope("pay").strict(Duration::from_secs(15));
//! ```
//!
//! The token is read from the `Authorization` header alone. The inner service finds it, verified, as
//! an `Arc<VerifiedToken>` in the extensions of the request; everything else is answered here:
//!
//! | request | status | challenge |
//! | --- | --- | --- |
//! | no token, or another scheme | 401 | `Bearer` without an error |
//! | two `Authorization` headers, a malformed one, or a token in the query | 400 | `invalid_request` |
//! | a token that is not accepted | 401 | `invalid_token` |
//! | a token that lacks a scope | 403 | `insufficient_scope`, with `scope` |
//! | revocations not known, or not up to date enough | 503 with `Retry-After` | none |
//!
//! What exactly was wrong with a token is logged here, and not told.

mod bearer;
mod refusal;
mod service;

use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use crate::{Freshness, Requirement, Verifier};

pub use bearer::bearer;
pub use refusal::Refusal;
pub use service::{Protected, ProtectedFuture};

/// What a route wants of the token of each request.
#[derive(Clone)]
#[must_use]
pub struct Protect {
    verifier: Verifier,
    wanted: Arc<Requirement>,
    realm: Arc<str>,
}

impl Protect {
    /// Any good token of `verifier`.
    pub fn new(verifier: &Verifier) -> Self {
        Self { verifier: verifier.clone(), wanted: Arc::default(), realm: Arc::from("api") }
    }

    /// Also with this scope. May be called several times: all of them are needed.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.wanting(|wanted| wanted.scope(scope))
    }

    /// Only for this one of the verifier's audiences.
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.wanting(|wanted| wanted.audience(audience))
    }

    /// Only while the revocations are known up to this age.
    pub fn strict(self, age: Duration) -> Self {
        self.wanting(|wanted| wanted.freshness(Freshness::Strict(age)))
    }

    /// The `realm` of the challenges; "api" by default.
    pub fn realm(mut self, realm: impl Into<Arc<str>>) -> Self {
        self.realm = realm.into();
        self
    }

    fn wanting(mut self, change: impl FnOnce(Requirement) -> Requirement) -> Self {
        self.wanted = Arc::new(change(Arc::unwrap_or_clone(self.wanted)));
        self
    }
}

impl<S> Layer<S> for Protect {
    type Service = Protected<S>;

    fn layer(&self, inner: S) -> Protected<S> {
        Protected::new(inner, self.clone())
    }
}
