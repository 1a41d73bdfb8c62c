//! A service that asks for a token on its own behalf (RFC 6749 §4.4).

use std::rc::Rc;

use super::{Caller, VirtualUser, ok};
use crate::load::answer::Answer;

/// Always the same request.
pub(crate) struct ClientCredentials(Vec<u8>);

impl ClientCredentials {
    pub(crate) fn new(caller: &Rc<Caller>) -> Self {
        let mut request = Vec::new();
        caller.post(&mut request, "/oauth/token", ["grant_type=client_credentials", ""]);
        Self(request)
    }
}

impl VirtualUser for ClientCredentials {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.0);
        true
    }

    fn take(&mut self, answer: Answer<'_>) -> Result<(), String> {
        ok(answer)?;
        let has_token = answer.body.starts_with(b"{\"access_token\":\"eyJ");
        if has_token { Ok(()) } else { Err("no access token".to_owned()) }
    }
}
