//! The suite: every behaviour, the identical list on both databases.

use super::BACKEND;

mod cli;
mod clock;
mod copy;
mod everything;
mod janitor;
mod keys;
mod login;
mod lost_writes;
mod metrics;
mod reconcile;
mod refresh;
mod reseal;
mod sessions;
