//! Attacks that arrive at more than one endpoint, or at what is not offered: each is named by its id.

use super::BACKEND;

mod administrators;
mod bodies;
mod hashes;
mod headers;
mod injection;
mod issuers;
mod names;
mod not_offered;
mod refresh_tokens;
mod revocations;
