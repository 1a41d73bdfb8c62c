//! Verifies OAuth 2 access tokens (RFC 9068) offline, and obeys the revocations of the issuer.
//!
//! A [`Verifier`] is given the issuer's keys and, if the issuer has one, its feed of revocations. It
//! judges tokens by them without waiting for anybody:
//!
//! ```
//! # use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
//! # use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
//! # use serde_json::{Value, json};
//! use chancery_verifier::{Clock, Reason, Rejection, Requirement, Settings, SystemClock, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let now = SystemClock::start().now() / 1000;
//! # let [token_key, feed_key] = [1, 2].map(|n| Ed25519KeyPair::from_seed_unchecked(&[n; 32]).unwrap());
//! # let public = |key: &Ed25519KeyPair| BASE64.encode(key.public_key());
//! # let sign = |key: &Ed25519KeyPair, typ: &str, kid: &str, claims: Value| {
//! #     let header = json!({ "alg": "EdDSA", "typ": typ, "kid": kid });
//! #     let message =
//! #         [header, claims].map(|part| BASE64.encode(part.to_string())).join(".");
//! #     format!("{message}.{}", BASE64.encode(key.sign(message.as_bytes())))
//! # };
//! # let jwks = json!({ "keys": [
//! #     { "kty": "OKP", "crv": "Ed25519", "kid": "t", "x": public(&token_key) },
//! #     { "kty": "OKP", "crv": "Ed25519", "kid": "f", "x": public(&feed_key), "purpose": "revocations" },
//! # ]}).to_string().into_bytes();
//! # let document = |seq: i64, entries: Value| sign(&feed_key, "revocations+jwt", "f", json!({
//! #     "iss": "https://as.example", "iat": now, "exp": now + 60, "epoch": 1, "prev_seq": 0,
//! #     "seq": seq, "cursor": "c", "time": now * 1000, "jwks_hash": "h", "entries": entries,
//! # }));
//! # let session = chancery_verifier::revocation::Kind::Session.digest("s-1").0;
//! # let revoked = json!({ "sid": BASE64.encode([&session[..], &[0xff; 5]].concat()) });
//! # let (snapshot, event) = (document(0, json!({})), document(1, revoked));
//! # let bearer = sign(&token_key, "at+jwt", "t", json!({
//! #     "iss": "https://as.example", "aud": "https://api.example", "sub": "u-1", "client_id": "c-1",
//! #     "jti": "t-1", "sid": "s-1", "iat": now, "exp": now + 300, "scope": "orders:read",
//! # }));
//! let verifier = Verifier::new(Settings::new("https://as.example", "https://api.example"));
//! verifier.install_keys(&jwks)?;
//! verifier.absorb(&snapshot)?;
//!
//! let wanted = Requirement::new().scope("orders:read");
//! let token = verifier.verify_for(&bearer, &wanted)?;
//! assert_eq!(token.claims().sub, "u-1");
//!
//! // The user logs out; the feed says so; the same token is refused at the next request.
//! verifier.absorb(&event)?;
//! let refused = verifier.verify_for(&bearer, &wanted).unwrap_err();
//! assert!(matches!(refused, Rejection::Invalid(Reason::Revoked(_))));
//! # Ok(())
//! # }
//! ```
//!
//! What a route wants is a [`Requirement`]: scopes, an audience, and a [`Freshness`], how old what is
//! known of the revocations may be. [`Verifier::state`] tells how everything stands.
//!
//! The server signs exactly the [`claims::AccessTokenClaims`] that are read here, and answers from
//! exactly the [`revocation::RevocationSet`]. The core knows no database and no network, and takes
//! the time from a [`Clock`]. A client that follows the feed is a carrier of [`Verifier::absorb`]
//! like any other. There is one in `client` (feature `client`); `tower` and `axum` (features of these
//! names) have a layer and an extractor for APIs.

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

/// The code of the README is compiled.
#[cfg(all(doctest, feature = "axum", feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;
