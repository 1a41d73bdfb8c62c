//! The suite: every behaviour, the identical list on both databases.

use super::BACKEND;

mod janitor;
mod keys;
mod everything;
mod login;
mod lost_writes;
mod metrics;
mod reconcile;
mod refresh;
mod sessions;
