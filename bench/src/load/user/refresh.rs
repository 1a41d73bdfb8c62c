//! An application that refreshes: a chain of tokens, each of which is used once.

use std::rc::Rc;

use serde::Deserialize;

use super::{Caller, VirtualUser, ok};
use crate::load::answer::Answer;

/// One session, from its login on.
pub(crate) struct Refresh {
    caller: Rc<Caller>,
    token: String,
}

/// What a refresh and a login give.
#[derive(Deserialize)]
pub(super) struct Tokens<'a> {
    access_token: &'a str,
    pub(super) refresh_token: &'a str,
}

impl Refresh {
    pub(crate) fn new(caller: &Rc<Caller>, token: String) -> Self {
        Self { caller: caller.clone(), token }
    }
}

impl<'a> Tokens<'a> {
    pub(super) fn read(answer: Answer<'a>) -> Result<Self, String> {
        let tokens = serde_json::from_slice(answer.body).ok();
        let tokens = tokens.filter(|tokens: &Self| !tokens.access_token.is_empty());
        tokens.ok_or_else(|| "the answer has no two tokens".to_owned())
    }
}

impl VirtualUser for Refresh {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let form = ["grant_type=refresh_token&refresh_token=", &self.token];
        self.caller.post(out, "/oauth/token", form);
        true
    }

    fn take(&mut self, answer: Answer<'_>) -> Result<(), String> {
        ok(answer)?;
        let tokens = Tokens::read(answer)?;
        if tokens.refresh_token == self.token {
            return Err("the token is not new".to_owned());
        }
        tokens.refresh_token.clone_into(&mut self.token);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(user: &mut Refresh, (status, body): (u16, &str)) -> Result<(), String> {
        user.take(Answer { status, body: body.as_bytes() })
    }

    #[test]
    fn the_next_request_has_the_token_of_the_last_right_answer() {
        let caller = Rc::new(Caller::new("localhost:1", ("me", "secret")));
        let mut user = Refresh::new(&caller, "first".to_owned());
        let next = r#"{"access_token":"a","refresh_token":"second","expires_in":300}"#;
        take(&mut user, (200, next)).unwrap();
        assert_eq!(take(&mut user, (200, next)), Err("the token is not new".to_owned()));
        assert_eq!(take(&mut user, (503, "{}")), Err("503".to_owned()));
        assert!(take(&mut user, (200, r#"{"access_token":"a"}"#)).is_err());
        let mut request = Vec::new();
        assert!(user.request(&mut request));
        assert!(request.ends_with(b"&refresh_token=second"));
    }
}
