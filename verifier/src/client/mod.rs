//! Follows an issuer in the background: discovery, its keys, and its feed of revocations, so that a
//! [`Verifier`] knows what it judges by. The feature `client`.
//!
//! ```no_run
//! # async fn example() -> Result<(), chancery_verifier::client::StartError> {
//! let verifier =
//!     chancery_verifier::client::connect("https://as.example", "https://api.example").await?;
//! match verifier.verify("eyJ…") {
//!     Ok(token) => println!("a request of {}", token.claims().sub),
//!     Err(rejection) => println!("refused: {rejection}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What it asks for is named by the configured issuer's metadata alone. Nothing in a token, neither a
//! URL nor a key in its header, ever causes a request, and no redirect is followed. It goes by TLS,
//! or within the machine.
//!
//! The feed comes as a stream; while none brings anything it is asked for every second. A stream
//! that brings nothing new for three heartbeats is given up. Keys are fetched again when they are
//! due, when the feed says that there are others, and, once per cool-down, when a token names an
//! unknown one; while they cannot be had the last good ones stay. Nothing of this decides about a
//! token: the verifier does, by how old its state is.

mod backoff;
mod counters;
mod discovery;
mod disk;
mod feed;
mod keys;
mod link;
mod pause;
mod report;
mod run;
mod settings;
mod sse;
mod start;
mod web;

pub use counters::ClientCounters;
pub use pause::{Pause, SystemPause, Waiting};
pub use settings::ClientSettings;
pub use start::{Client, StartError, connect};

#[expect(unused_imports, reason = "named by the page above")]
use crate::Verifier;
