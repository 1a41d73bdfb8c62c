//! The refresh token grant: rotation, retries, reuse, and what a refresh depends on.

use super::BACKEND;

mod cost;
mod dependence;
mod policy;
mod reuse;
mod scenarios;
mod windows;
