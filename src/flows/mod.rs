//! The use cases: the only place that sequences rules, storage, keys and revocations. Must not know
//! of HTTP.

pub mod account;
pub mod admin;
pub mod administration;
pub mod authorize;
pub mod backchannel;
pub mod background;
pub mod client_credentials;
pub mod clients;
pub mod clock;
pub mod copy;
pub mod credentials;
mod ending;
pub mod error;
pub mod failures;
pub mod feed;
pub mod first_run;
pub mod gate;
mod gauges;
pub mod id_token;
pub mod introspect;
pub mod issue;
pub mod janitor;
pub mod known;
pub mod login;
pub mod logout;
pub mod memory;
mod places;
pub mod reconcile;
pub mod refresh;
pub mod revoke;
pub mod server;
pub mod sessions;
pub mod setup;
pub mod sign_out;
pub mod subscribers;
pub mod userinfo;
