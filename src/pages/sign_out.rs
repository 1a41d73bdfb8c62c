//! Owns the page that asks before somebody is signed out, and the one that says it is done.
//! Must not import another view.

use askama::Template;

use super::frame::{self, Frame};
use super::texts::Texts;
use super::{Application, Brand, words};

/// The question at `/oauth/logout`, where no hint proves that the user's own application asks.
#[derive(Clone, Copy, Debug)]
pub struct SignOut<'a> {
    /// The hidden field `csrf`.
    pub csrf: &'a str,
    /// The hidden field `i`: the request, where there is more to it than signing out.
    pub i: Option<&'a str>,
    /// Who asks.
    pub application: Option<Application<'a>>,
    /// Its page, to which whoever stays signed in goes back; linked if it is `https`.
    pub back: Option<&'a str>,
    /// The name of the user who is signed in.
    pub username: Option<&'a str>,
}

/// The page at `/signed-out`.
#[derive(Clone, Copy, Debug)]
pub struct SignedOut<'a> {
    /// The application that the user came from.
    pub application: Option<Application<'a>>,
    /// Its page; linked if it is `https`.
    pub back: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "sign_out.html", whitespace = "minimize")]
struct Question<'a> {
    frame: Frame<'a>,
    t: &'a Texts,
    view: &'a SignOut<'a>,
    /// Where whoever stays signed in goes.
    stay: String,
}

#[derive(Template)]
#[template(path = "signed_out.html", whitespace = "minimize")]
struct Done<'a> {
    frame: Frame<'a>,
    t: &'a Texts,
    /// The name of the application and where it is.
    back: Option<(String, &'a str)>,
}

impl SignOut<'_> {
    /// The HTML document.
    pub fn render(&self, brand: &Brand, texts: &Texts) -> String {
        let frame = Frame::new(brand, texts, texts.sign_out.title, false);
        let back = words::link(self.back).map(str::to_owned);
        let stay = back.unwrap_or_else(|| frame.path("/account"));
        frame::text(&Question { frame, t: texts, view: self, stay })
    }

    fn user(&self) -> Option<String> {
        self.username.map(words::shown)
    }
}

impl SignedOut<'_> {
    /// The HTML document.
    pub fn render(&self, brand: &Brand, texts: &Texts) -> String {
        let frame = Frame::new(brand, texts, texts.sign_out.done_title, false);
        let back = self.application.zip(words::link(self.back));
        let back = back.map(|(application, uri)| (application.shown(texts), uri));
        frame::text(&Done { frame, t: texts, back })
    }
}
