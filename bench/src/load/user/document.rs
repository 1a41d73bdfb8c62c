//! A reader of a public document.

use std::rc::Rc;

use super::{Caller, VirtualUser, ok};
use crate::load::answer::Answer;

/// Always the same document.
pub(crate) struct Document(Vec<u8>);

impl Document {
    pub(crate) fn new(caller: &Rc<Caller>, path: &str) -> Self {
        let mut request = Vec::new();
        caller.get(&mut request, path);
        Self(request)
    }
}

impl VirtualUser for Document {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.0);
        true
    }

    fn take(&mut self, answer: Answer<'_>) -> Result<(), String> {
        ok(answer)?;
        if answer.body.starts_with(b"{") { Ok(()) } else { Err("no document".to_owned()) }
    }
}
