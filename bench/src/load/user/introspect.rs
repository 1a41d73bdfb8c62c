//! An API that asks about access tokens (RFC 7662).

use std::rc::Rc;

use super::{Caller, VirtualUser, ok};
use crate::load::answer::Answer;

/// Asks about one token after the other, all of which are good, and then begins anew.
pub(crate) struct Introspect {
    caller: Rc<Caller>,
    tokens: Rc<[String]>,
    next: usize,
}

impl Introspect {
    /// Begins with the token of that number.
    pub(crate) fn new(caller: &Rc<Caller>, tokens: &Rc<[String]>, first: usize) -> Self {
        Self { caller: caller.clone(), tokens: tokens.clone(), next: first }
    }
}

impl VirtualUser for Introspect {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(token) = self.tokens.get(self.next % self.tokens.len().max(1)) else {
            return false;
        };
        self.next += 1;
        self.caller.post(out, "/oauth/introspect", ["token=", token]);
        true
    }

    fn take(&mut self, answer: Answer<'_>) -> Result<(), String> {
        ok(answer)?;
        let active = answer.body.starts_with(b"{\"active\":true");
        if active { Ok(()) } else { Err("a good token is not active".to_owned()) }
    }
}
