//! The suite: every behaviour, the identical list on both databases.

use super::BACKEND;

mod account;
mod admin;
mod authorize;
mod backchannel;
mod cli;
mod clients;
mod clock;
mod copy;
mod crash;
mod everything;
mod feed;
mod first_run;
mod gate;
mod http;
mod interop;
mod janitor;
mod keys;
mod login;
mod login_refused;
mod looks;
mod lost_writes;
mod managed_users;
mod metrics;
mod model;
mod plans;
mod races;
mod reconcile;
mod refresh;
mod reseal;
mod sessions;
mod sign_out;
mod stop;
mod storage;
mod subscribers;
