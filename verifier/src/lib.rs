//! Verifies OAuth 2 access tokens (RFC 9068) offline, and obeys the revocations of the issuer.
//!
//! The server signs exactly the [`claims::AccessTokenClaims`] that a resource server parses, and
//! answers from exactly the [`revocation::RevocationSet`] that a resource server answers from. What
//! is here knows no database and no network, and takes the time from a [`Clock`].

#[cfg(feature = "axum")]
pub mod axum;
pub mod claims;
#[cfg(feature = "client")]
pub mod client;
pub mod feed;
pub mod revocation;
#[cfg(feature = "tower")]
pub mod tower;

mod cache;
mod clock;
mod error;
mod jose;
mod keys;
mod prometheus;
mod settings;
mod state;
mod token;
mod verifier;

pub use clock::{Clock, SystemClock};
pub use error::{FeedError, ImportError, KeySetError, Reason, Rejection};
pub use keys::Algorithm;
pub use settings::{Freshness, Requirement, Settings};
pub use state::{Absorbed, Counters, Feed, Installed, KeyDemand, Position, State};
pub use token::VerifiedToken;
pub use verifier::Verifier;
