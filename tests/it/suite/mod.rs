//! The suite: every behaviour, the identical list on both databases.

use super::BACKEND;

mod login;
mod metrics;
mod refresh;
