//! Owns the page by which a browser goes on to another site after a form of ours.
//! Must not import another view.

use askama::Template;

use super::frame::{self, Frame};
use super::texts::Texts;
use super::{Application, Brand, words};

/// Goes on by itself, with a link or a button for browsers that do not.
#[derive(Clone, Copy, Debug)]
pub struct GoOn<'a> {
    /// Where to. Of another kind than `http` or `https` it is not used.
    pub to: &'a str,
    /// Whose place that is, or whose request goes on.
    pub application: Option<Application<'a>>,
    /// What is sent there by POST: an answer to a request with `response_mode=form_post` (OAuth 2.0
    /// Form Post Response Mode §2). The only page with a script, which presses its button.
    pub fields: Option<&'a [(&'a str, &'a str)]>,
}

#[derive(Template)]
#[template(path = "go_on.html", whitespace = "minimize")]
struct Page<'a> {
    frame: Frame<'a>,
    t: &'a Texts,
    view: &'a GoOn<'a>,
    to: Option<&'a str>,
}

impl GoOn<'_> {
    /// The HTML document.
    pub fn render(&self, brand: &Brand, texts: &Texts) -> String {
        let to = words::target(self.to);
        let frame = Frame::new(brand, texts, texts.go_on.title, to.is_none());
        let frame = Frame { script: to.and(self.fields).is_some(), ..frame };
        frame::text(&Page { frame, t: texts, view: self, to })
    }
}
