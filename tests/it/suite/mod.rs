//! The suite: every behaviour, the identical list on both databases.

use super::BACKEND;

mod clock;
mod copy;
mod janitor;
mod keys;
mod login;
mod reconcile;
mod refresh;
mod reseal;
mod sessions;
