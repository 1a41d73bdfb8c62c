//! An application whose users log out (RFC 7009).

use std::cell::RefCell;
use std::rc::Rc;

use super::{Caller, VirtualUser, ok};
use crate::load::answer::Answer;

/// Refresh tokens that nobody has revoked yet.
pub(crate) type Unrevoked = Rc<RefCell<Vec<String>>>;

/// Revokes another token each time, until there is none left.
pub(crate) struct Revoke {
    caller: Rc<Caller>,
    tokens: Unrevoked,
}

impl Revoke {
    pub(crate) fn new(caller: &Rc<Caller>, tokens: &Unrevoked) -> Self {
        Self { caller: caller.clone(), tokens: tokens.clone() }
    }
}

impl VirtualUser for Revoke {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(token) = self.tokens.borrow_mut().pop() else { return false };
        self.caller.post(out, "/oauth/revoke", ["token=", &token]);
        true
    }

    fn take(&mut self, answer: Answer<'_>) -> Result<(), String> {
        ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_is_revoked_twice() {
        let caller = Rc::new(Caller::new("localhost:1", ("me", "secret")));
        let tokens = Rc::new(RefCell::new(vec!["one".to_owned()]));
        let mut users = [Revoke::new(&caller, &tokens), Revoke::new(&caller, &tokens)];
        let mut request = Vec::new();
        assert!(users[0].request(&mut request));
        assert!(request.ends_with(b"token=one"));
        assert!(!users[1].request(&mut request));
    }
}
