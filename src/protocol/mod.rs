//! The rules of the protocols and the types they speak of, as pure functions: input in, a result or
//! a [`error::Refusal`] out. Must not import any other part of the crate, nor do I/O, read a clock
//! or draw randomness.

pub mod access_token;
pub mod audit;
pub mod authorization;
pub mod authorization_code;
pub mod browser_session;
pub mod client;
pub mod client_auth;
pub mod consent;
pub mod end_reason;
pub mod error;
pub mod failed_attempts;
pub mod form;
pub mod grant;
pub mod id_token;
pub mod ids;
pub mod key;
pub mod logout_notice;
pub mod logout_request;
pub mod logout_token;
pub mod password;
pub mod picture;
pub mod pkce;
pub mod profile;
mod profile_rules;
pub mod reason;
pub mod redirect_uri;
pub mod refresh_token;
pub mod resource;
pub mod revocation;
pub mod rotation;
#[cfg(test)]
mod rotation_model;
pub mod scope;
pub mod secret;
pub mod session;
pub mod sign_in;
pub mod standing;
pub mod subscriber;
pub mod text;
pub mod time;
pub mod token_request;
pub mod uri;
pub mod user;
pub mod userinfo;
