//! Who signs in to the applications of the guides, and what is seen then.

use super::issuer::Issuer;
use crate::support::{Shown, Visitor};

/// A user of whom something is known.
pub(super) fn add_ada(issuer: &Issuer) {
    let add = ["user", "create", "ada", "--password-stdin", "--claim", "name=Ada Lovelace"];
    let ran = issuer.home.run_with_input(&add, PASSWORD);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

pub(super) async fn sign_in(visitor: &mut Visitor, page: &Shown) -> Shown {
    visitor.submit(page, &[("username", "ada"), ("password", PASSWORD)]).await
}

#[track_caller]
pub(super) fn assert_shows(shown: &Shown, text: &str) {
    assert!(shown.reply.body.contains(text), "{text}: {shown:?}");
}

const PASSWORD: &str = "an analytical engine 1843";
