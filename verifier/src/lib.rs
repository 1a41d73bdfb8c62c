//! What Chancery and the resource servers behind it both read: the claims of an access token and
//! the revocations that refuse it.
//!
//! The server signs exactly the [`claims::AccessTokenClaims`] that a resource server parses, and
//! answers from exactly the [`revocation::RevocationSet`] that a resource server would answer from.
//! This crate knows no database, no network and no clock.

pub mod claims;
#[cfg(feature = "client")]
pub mod client;
pub mod feed;
pub mod revocation;
