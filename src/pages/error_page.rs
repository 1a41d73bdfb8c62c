//! Owns the page that says why it does not go on.
//! Must not import another view.

use askama::Template;

use super::frame::{self, Frame};
use super::texts::{ErrorText, Texts};
use super::{Application, Brand, words};

/// An error that no client can be told.
#[derive(Clone, Copy, Debug)]
pub struct ErrorPage<'a> {
    /// What is wrong, in the words of the catalogue.
    pub problem: Problem,
    /// The application that is concerned, if it is a known one.
    pub application: Option<Application<'a>>,
    /// The code of the protocol, such as `invalid_request`, for whoever runs the application.
    pub code: Option<&'a str>,
    /// The same in a sentence, which is English in every language.
    pub detail: Option<&'a str>,
    /// What finds this in the log.
    pub reference: Option<&'a str>,
    /// The path, below the issuer's own, at which to try again.
    pub retry: Option<&'a str>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// The request of the application is not valid.
    Request,
    /// The application is not known, or disabled.
    Application,
    /// The redirect URI is not one of the application's.
    Redirect,
    /// The interaction is too old, or not one of ours.
    Expired,
    /// The request did not come from our own page, as far as can be told.
    Forgery,
    /// Something here failed.
    Unavailable,
    /// Too many attempts.
    Busy,
    /// There is no such page.
    NotFound,
}

/// A label, what stands beside it, and its language where that is not the page's.
type Fact = (&'static str, String, Option<&'static str>);

#[derive(Template)]
#[template(path = "error.html", whitespace = "minimize")]
struct Page<'a> {
    frame: Frame<'a>,
    t: &'a Texts,
    text: &'a ErrorText,
    facts: Vec<Fact>,
    retry: Option<String>,
}

impl ErrorPage<'_> {
    /// The HTML document.
    pub fn render(&self, brand: &Brand, texts: &Texts) -> String {
        let text = self.problem.text(texts);
        let frame = Frame::new(brand, texts, text.title, true);
        let retry = self.retry.and_then(|path| frame.own(path));
        frame::text(&Page { frame, t: texts, text, facts: self.facts(texts), retry })
    }

    /// What helps whoever is asked for help.
    fn facts(&self, texts: &Texts) -> Vec<Fact> {
        let (names, application) = (&texts.errors, self.application.map(|one| one.shown(texts)));
        let shown = |text: Option<&str>| text.map(words::shown);
        [
            (names.from, application, None),
            (names.code, shown(self.code), None),
            (names.detail, self.detail.map(words::told), Some("en")),
            (names.reference, shown(self.reference), None),
        ]
        .into_iter()
        .filter_map(|(name, value, language)| Some((name, value?, language)))
        .collect()
    }
}

impl Problem {
    fn text(self, texts: &Texts) -> &ErrorText {
        let texts = &texts.errors;
        match self {
            Self::Request => &texts.request,
            Self::Application => &texts.application,
            Self::Redirect => &texts.redirect,
            Self::Expired => &texts.expired,
            Self::Forgery => &texts.forgery,
            Self::Unavailable => &texts.unavailable,
            Self::Busy => &texts.busy,
            Self::NotFound => &texts.not_found,
        }
    }
}
