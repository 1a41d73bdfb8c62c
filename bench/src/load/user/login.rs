//! An application whose users log in with a password.

use std::rc::Rc;

use super::refresh::Tokens;
use super::{Caller, VirtualUser, ok};
use crate::load::answer::Answer;

/// Logs in one user after the other, and then begins anew.
pub(crate) struct Login {
    caller: Rc<Caller>,
    /// What each of them sends.
    bodies: Rc<[String]>,
    next: usize,
    /// The refresh token of the last session.
    pub(super) begun: Option<String>,
}

impl Login {
    /// Begins with the user of that number.
    pub(crate) fn new(caller: &Rc<Caller>, bodies: &Rc<[String]>, first: usize) -> Self {
        Self { caller: caller.clone(), bodies: bodies.clone(), next: first, begun: None }
    }
}

impl VirtualUser for Login {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(body) = self.bodies.get(self.next % self.bodies.len().max(1)) else {
            return false;
        };
        self.next += 1;
        self.caller.post_json(out, "/login", body);
        true
    }

    fn take(&mut self, answer: Answer<'_>) -> Result<(), String> {
        ok(answer)?;
        self.begun = Some(Tokens::read(answer)?.refresh_token.to_owned());
        Ok(())
    }
}
