//! The verifier against an issuer of these tests: what it accepts, what it refuses, and why.

#![expect(clippy::unwrap_used, reason = "in a test the panic is the report")]

mod cache;
mod claims;
mod feed;
mod form;
mod freshness;
mod keys;
mod properties;
mod revocations;
mod saved;
mod support;
