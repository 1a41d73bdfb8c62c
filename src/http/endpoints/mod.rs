//! The endpoints. Each reads its request, calls one use case, and answers.

pub(super) mod account;
pub(super) mod admin;
pub(super) mod applied;
pub(super) mod assets;
pub(super) mod authorize;
pub(super) mod consent;
pub(super) mod health;
pub(super) mod introspect;
pub(super) mod jwks;
pub(super) mod login;
pub(super) mod logout;
pub(super) mod metadata;
pub(super) mod metrics;
pub(super) mod revocations;
pub(super) mod revoke;
pub(super) mod sessions;
pub(super) mod sign_out;
pub(super) mod signin;
pub(super) mod token;
pub(super) mod userinfo;
