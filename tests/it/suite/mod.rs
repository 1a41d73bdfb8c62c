//! The suite: every behaviour, the identical list on both databases.

use super::BACKEND;

mod everything;
mod login;
mod metrics;
mod refresh;
