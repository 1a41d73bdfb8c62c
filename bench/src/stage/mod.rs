//! What measurements act on: the server's own binary, a database, and its administrator's way in.
//! Must not know what is measured.

mod cluster;
pub(crate) mod http;
mod node;

pub(crate) use cluster::{Cluster, postgres_version};
pub(crate) use node::{Launch, Node, build, free_url, on, target_folder};
