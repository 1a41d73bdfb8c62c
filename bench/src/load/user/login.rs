//! An application whose users log in with a password.

use super::refresh::Tokens;
use super::{Caller, VirtualUser, ok};
use crate::load::answer::Answer;
use crate::load::people::Visitor;

/// Logs in one user after the other, and then begins anew.
pub(crate) struct Login {
    requests: Vec<Vec<u8>>,
    next: usize,
    /// The refresh token of the last session.
    pub(super) begun: Option<String>,
}

impl Login {
    pub(crate) fn new<'a>(
        caller: &Caller,
        visitors: impl IntoIterator<Item = &'a Visitor>,
    ) -> Self {
        let request = |visitor: &Visitor| {
            let mut request = Vec::new();
            let body = visitor.body.to_string();
            caller.post_json(&mut request, "/login", (&visitor.address, &body));
            request
        };
        let requests = visitors.into_iter().map(request).collect();
        Self { requests, next: 0, begun: None }
    }
}

impl VirtualUser for Login {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(request) = self.requests.get(self.next % self.requests.len().max(1)) else {
            return false;
        };
        self.next += 1;
        out.extend_from_slice(request);
        true
    }

    fn take(&mut self, answer: Answer<'_>) -> Result<(), String> {
        ok(answer)?;
        self.begun = Some(Tokens::read(answer)?.refresh_token.to_owned());
        Ok(())
    }
}
