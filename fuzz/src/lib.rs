//! The parsers that the targets feed, mounted from where they are: a build of the whole server, with its
//! databases and its TLS, would take longer than a run of the targets.

#[path = "../checks/mod.rs"]
pub mod checks;
#[path = "../../src/config/mod.rs"]
pub mod config;
#[path = "../../src/pages/mod.rs"]
pub mod pages;
#[path = "../../src/protocol/mod.rs"]
pub mod protocol;
