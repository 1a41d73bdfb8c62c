//! What the tests stand on: a world that they step, databases of their own, a server in-process.

mod api;
mod backend;
mod client;
mod command;
mod contract;
mod feed;
mod gate;
mod home;
mod load;
mod log;
mod look;
pub(crate) mod postgres;
mod program;
mod proxy;
mod raw;
mod server;
mod statements;
mod subscriber;
mod wire;
mod world;

pub(crate) use api::Api;
pub(crate) use backend::{Backend, Place};
pub(crate) use client::{PASSWORD, Reply, Tokens, basic, claims};
pub(crate) use command::{Installation, Ran};
pub(crate) use contract::{METHODS, contract};
pub(crate) use feed::{FeedReader, Follower, Told};
pub(crate) use gate::{GateProcess, ask, until};
pub(crate) use home::{Home, Serving};
pub(crate) use load::Load;
pub(crate) use program::{Program, block, node, node_package, python};
pub(crate) use proxy::{Proxy, ProxyProgram};
pub(crate) use raw::Raw;
pub(crate) use server::{MASTER_KEY, Options, TestServer, http_settings};
pub(crate) use statements::Statements;
pub(crate) use subscriber::applied_report;
pub(crate) use wire::{Wire, exchange};
