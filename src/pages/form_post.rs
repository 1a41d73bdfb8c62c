//! Owns the page that carries an answer to a client by POST
//! (OAuth 2.0 Form Post Response Mode §2).
//! Must not import another view.

use askama::Template;

use super::frame::{self, Frame};
use super::texts::Texts;
use super::{Application, Brand, words};

/// The answer to a request with `response_mode=form_post`. The only page with a script, which
/// presses its button; without script the person does.
#[derive(Clone, Copy, Debug)]
pub struct FormPost<'a> {
    /// The redirect URI. Of another kind than `http` or `https` it is not used.
    pub action: &'a str,
    /// The client.
    pub application: Application<'a>,
    /// The parameters of the answer.
    pub fields: &'a [(&'a str, &'a str)],
}

#[derive(Template)]
#[template(path = "form_post.html", whitespace = "minimize")]
struct Page<'a> {
    frame: Frame<'a>,
    t: &'a Texts,
    view: &'a FormPost<'a>,
    action: Option<&'a str>,
}

impl FormPost<'_> {
    /// The HTML document.
    pub fn render(&self, brand: &Brand, texts: &Texts) -> String {
        let action = words::target(self.action);
        let frame = Frame::new(brand, texts, texts.form_post.title, action.is_none());
        let frame = Frame { script: action.is_some(), ..frame };
        frame::text(&Page { frame, t: texts, view: self, action })
    }
}
