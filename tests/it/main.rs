//! The integration tests: the house rules, and one suite that runs on both databases.

#![expect(clippy::unwrap_used, reason = "in a test the panic is the report")]

mod browser;
mod house;
mod openapi;
mod postgres;
mod proxies;
mod readme;
mod sqlite;
mod support;
