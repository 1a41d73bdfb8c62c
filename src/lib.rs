//! Chancery: an OAuth 2 authorization server with short access tokens that APIs check offline,
//! refresh tokens that give a theft away, and revocations in one durable log.
//!
//! The folders are the architecture; ARCHITECTURE.md walks one request through them. Rules are pure
//! functions in [`protocol`], atomic effects live in [`storage`], and only [`flows`] sequences them.

pub mod audit;
pub mod cli;
pub mod config;
pub mod env;
pub mod flows;
pub mod gate;
pub mod generations;
pub mod http;
pub mod keys;
pub mod outbound;
pub mod pages;
pub mod protocol;
pub mod revocation;
pub mod storage;
pub mod telemetry;
pub mod worker;

/// Compiles what the page for APIs shows of the crate `chancery-verifier`. It stands here because that
/// crate's package has no page but its README.
#[cfg(doctest)]
#[doc = include_str!("../docs/validate-tokens.md")]
mod page {}

/// What the fuzz targets hold of every input, here of the seeds that are kept for them.
#[cfg(test)]
#[path = "../fuzz/checks/mod.rs"]
#[expect(unreachable_pub, reason = "the targets are other crates")]
mod fuzz_checks;
