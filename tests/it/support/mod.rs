//! What the tests stand on: a world that they step, databases of their own, a server in-process.

mod backend;
mod client;
mod look;
pub(crate) mod postgres;
mod raw;
mod server;
mod world;

pub(crate) use backend::Backend;
pub(crate) use client::{Reply, Tokens, basic, claims};
pub(crate) use raw::Raw;
pub(crate) use server::{Options, TestServer};
