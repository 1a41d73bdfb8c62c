//! What the tests stand on: a world that they step, databases of their own, a server in-process.

mod backend;
mod client;
mod command;
pub(crate) mod postgres;
mod server;
mod world;

pub(crate) use backend::Backend;
pub(crate) use client::{Tokens, basic, claims};
pub(crate) use command::Installation;
pub(crate) use server::{Options, TestServer};
