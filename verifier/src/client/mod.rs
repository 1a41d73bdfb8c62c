//! Follows an issuer.

mod backoff;
mod discovery;
mod link;
mod pause;
mod settings;
mod sse;
mod web;

pub use pause::{Pause, SystemPause, Waiting};
pub use settings::ClientSettings;
