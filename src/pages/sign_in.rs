//! Owns the page on which people sign in.
//! Must not import another view.

use askama::Template;

use super::frame::{self, Frame};
use super::texts::{Around, Texts};
use super::{Application, Brand};

/// The page at `/signin`.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// The hidden field `csrf`.
    pub csrf: &'a str,
    /// The hidden field `i`, the interaction; without one, sign-in leads to the account.
    pub i: Option<&'a str>,
    /// Who the person goes on to.
    pub application: Option<Application<'a>>,
    /// What stands in the field `username`: a hint, or what was typed before.
    pub username: &'a str,
    /// Whether somebody who is signed in has to say his password again.
    pub again: bool,
    /// Why the attempt before this one failed.
    pub problem: Option<SignInProblem>,
}

/// Why somebody is not signed in. None of them tells whether the user exists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignInProblem {
    /// User name and password do not belong together, or this user may not sign in.
    Wrong,
    /// A field was empty.
    Missing,
    /// Too many attempts for this account or from this address.
    Wait,
    /// The CSRF token or its cookie was missing or too old.
    Expired,
    /// Something here failed; nothing was kept.
    Unavailable,
}

#[derive(Template)]
#[template(path = "sign_in.html", whitespace = "minimize")]
struct Page<'a> {
    frame: Frame<'a>,
    t: &'a Texts,
    view: &'a SignIn<'a>,
}

impl SignIn<'_> {
    /// The HTML document.
    pub fn render(&self, brand: &Brand, texts: &Texts) -> String {
        let frame = Frame::new(brand, texts, self.title(texts), self.problem.is_some());
        frame::text(&Page { frame, t: texts, view: self })
    }

    fn title(&self, texts: &Texts) -> &'static str {
        if self.again { texts.sign_in.again_title } else { texts.sign_in.title }
    }

    fn leads_to(&self, texts: &Texts) -> Around {
        if self.again { texts.sign_in.again_to } else { texts.sign_in.to }
    }

    fn error(&self, texts: &Texts) -> Option<&'static str> {
        let texts = &texts.sign_in;
        self.problem.map(|problem| match problem {
            SignInProblem::Wrong => texts.wrong,
            SignInProblem::Missing => texts.missing,
            SignInProblem::Wait => texts.wait,
            SignInProblem::Expired => texts.expired,
            SignInProblem::Unavailable => texts.unavailable,
        })
    }

    /// Whether what was typed is to be corrected, rather than sent again.
    fn invalid(&self) -> bool {
        matches!(self.problem, Some(SignInProblem::Wrong | SignInProblem::Missing))
    }

    /// After an error the cursor stands where work goes on, so that a screen reader, which reads
    /// a field's description, says what is wrong. A first visit leaves it alone.
    fn focus(&self) -> Option<&'static str> {
        self.problem.map(|_| if self.username.is_empty() { "username" } else { "password" })
    }
}
