//! The HTTP surface: statuses, headers and bodies of what is not administration.

use super::BACKEND;

mod assets;
mod bodies;
mod client_credentials;
mod cors;
mod documents;
mod guessing;
mod introspection;
mod listeners;
mod matrix;
mod outage;
mod paths;
mod protected;
mod revocation;
mod userinfo;
