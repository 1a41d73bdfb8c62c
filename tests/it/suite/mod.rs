//! The suite: every behaviour, the identical list on both databases.

use super::BACKEND;

mod login;
mod lost_writes;
mod model;
mod races;
mod refresh;
mod storage;
