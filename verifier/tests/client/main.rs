//! The client against a fake issuer on a real socket: what becomes of faults of the feed, of the keys
//! and of the issuer. Time stands still unless a test moves it.

#![expect(clippy::unwrap_used, reason = "in a test the panic is the report")]

mod documents;
mod down;
mod flood;
mod keys;
mod polling;
mod report;
mod streams;
mod support;
