//! The suite: every behaviour, the identical list on both databases.

use super::BACKEND;

mod cli;
mod janitor;
mod keys;
mod login;
mod refresh;
mod sessions;
