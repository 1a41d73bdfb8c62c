//! The admin API.

use super::BACKEND;

mod audit;
mod authority;
mod browser_sessions;
mod clients;
mod export;
mod keys;
mod lists;
mod logos;
mod matrix;
mod resources;
mod revocations;
mod sessions;
mod sign_in;
mod users;
