//! The suite: every behaviour, the identical list on both databases.

use super::BACKEND;

mod admin;
mod http;
mod login;
mod refresh;
