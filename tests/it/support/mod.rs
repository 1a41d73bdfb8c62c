//! What the tests stand on: a world that they step, databases of their own, a server in-process.

mod backend;
mod client;
mod contract;
pub(crate) mod postgres;
mod server;
mod world;

pub(crate) use backend::Backend;
pub(crate) use client::{PASSWORD, Reply, Tokens, basic, claims};
pub(crate) use contract::{METHODS, contract};
pub(crate) use server::{Options, TestServer};
