//! Virtual users: what they ask, and how they know a right answer. They must not know how requests are
//! sent, nor what is measured.

mod client_credentials;
mod document;
mod introspect;
mod login;
mod message;
mod mixed;
mod refresh;
mod revoke;

pub(super) use client_credentials::ClientCredentials;
pub(super) use document::Document;
pub(super) use introspect::Introspect;
pub(super) use login::Login;
pub(super) use message::Caller;
pub(super) use mixed::{Mixed, Turn};
pub(super) use refresh::Refresh;
pub(super) use revoke::{Revoke, Unrevoked};

use super::answer::Answer;

/// Somebody who asks, again and again.
pub(super) trait VirtualUser {
    /// Writes his next request, and answers whether he has one.
    fn request(&mut self, out: &mut Vec<u8>) -> bool;

    /// Looks at the answer. What is wrong with it is the error.
    fn take(&mut self, answer: Answer<'_>) -> Result<(), String>;
}

/// The status says that the request did what it should.
fn ok(answer: Answer<'_>) -> Result<(), String> {
    if answer.status == 200 { Ok(()) } else { Err(answer.status.to_string()) }
}
