//! The admin API.

use super::BACKEND;

mod audit;
mod authority;
mod clients;
mod export;
mod keys;
mod lists;
mod matrix;
mod resources;
mod revocations;
mod sessions;
mod sign_in;
mod users;
