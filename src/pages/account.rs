//! Owns the page on which people look after their account.
//! Must not import another view.

use askama::Template;

use super::account_rows::{ApplicationSession, BrowserSession, Detail, Granted};
use super::frame::{self, Frame};
use super::texts::Texts;
use super::{Brand, words};

/// The page at `/account`.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// The hidden field `csrf` of every form.
    pub csrf: &'a str,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// The name of the user.
    pub username: &'a str,
    /// What is known about him.
    pub details: &'a [Detail<'a>],
    /// Whether the operator decides what his password is: then it is not changed here.
    pub managed: bool,
    /// The fewest characters of a new password.
    pub shortest: usize,
    /// What was done just now.
    pub notice: Option<Notice>,
    /// Why the password was not changed.
    pub problem: Option<PasswordProblem>,
    /// Where the user is signed in.
    pub browsers: &'a [BrowserSession<'a>],
    /// Whether there are more of those.
    pub more_browsers: bool,
    /// The sessions of applications.
    pub applications: &'a [ApplicationSession<'a>],
    /// Whether there are more of those.
    pub more_applications: bool,
    /// What the user has allowed.
    pub consents: &'a [Granted<'a>],
}

/// What came of the form that was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notice {
    /// The password is changed.
    PasswordChanged,
    /// One browser session has ended.
    SessionEnded,
    /// All others have ended.
    OthersEnded,
    /// One session of an application has ended.
    ApplicationEnded,
    /// A consent is withdrawn.
    ConsentWithdrawn,
    /// There was nothing left to end.
    Gone,
    /// The CSRF token was missing or too old: nothing was done.
    Expired,
    /// Something here failed: nothing was done.
    Unavailable,
}

/// Why a password was not changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PasswordProblem {
    /// The current one is wrong.
    Wrong,
    /// Too many wrong ones.
    Wait,
    /// The two new ones differ.
    Differ,
    /// The new one is too short.
    Short,
    /// It is too long.
    Long,
    /// It has a character that cannot be kept stable.
    Characters,
    /// It is a common one.
    Common,
    /// It is the current one.
    Same,
    /// The operator decides what it is.
    Managed,
}

#[derive(Template)]
#[template(path = "account.html", whitespace = "minimize")]
struct Page<'a> {
    frame: Frame<'a>,
    t: &'a Texts,
    view: &'a Account<'a>,
}

impl Account<'_> {
    /// The HTML document.
    pub fn render(&self, brand: &Brand, texts: &Texts) -> String {
        let failed = self.problem.is_some() || self.notice.is_some_and(Notice::failed);
        // A page that was just loaded is read from its title on: what was done is said there too.
        let done = self.notice.filter(|notice| !notice.failed()).map(|notice| notice.text(texts));
        let title = done.into_iter().chain([texts.account.title]).collect::<Vec<_>>().join(" – ");
        let frame = Frame::new(brand, texts, &title, failed);
        frame::text(&Page { frame: Frame { wide: true, ..frame }, t: texts, view: self })
    }

    fn user(&self) -> String {
        words::shown(self.username)
    }

    fn now(&self) -> i64 {
        self.now
    }

    fn others(&self) -> bool {
        self.browsers.iter().any(|one| !one.current)
    }

    fn error(&self, texts: &Texts) -> Option<String> {
        let shortest = self.shortest.to_string();
        self.problem.map(|problem| match problem {
            PasswordProblem::Wrong => texts.password.wrong.to_owned(),
            PasswordProblem::Wait => texts.sign_in.wait.to_owned(),
            PasswordProblem::Differ => texts.password.differ.to_owned(),
            PasswordProblem::Short => texts.password.short.fill(&shortest),
            PasswordProblem::Long => texts.password.long.to_owned(),
            PasswordProblem::Characters => texts.password.characters.to_owned(),
            PasswordProblem::Common => texts.password.common.to_owned(),
            PasswordProblem::Same => texts.password.same.to_owned(),
            PasswordProblem::Managed => texts.password.managed.to_owned(),
        })
    }

    /// The field that the error is about: it takes the cursor.
    fn culprit(&self) -> &'static str {
        match self.problem {
            None => "",
            Some(PasswordProblem::Wrong | PasswordProblem::Wait) => "current_password",
            Some(PasswordProblem::Differ) => "repeat",
            Some(_) => "new_password",
        }
    }
}

impl Notice {
    fn text(self, texts: &Texts) -> &'static str {
        let texts = &texts.notices;
        match self {
            Self::PasswordChanged => texts.password,
            Self::SessionEnded => texts.session,
            Self::OthersEnded => texts.others,
            Self::ApplicationEnded => texts.application,
            Self::ConsentWithdrawn => texts.consent,
            Self::Gone => texts.gone,
            Self::Expired => texts.expired,
            Self::Unavailable => texts.unavailable,
        }
    }

    /// Whether nothing was done that should have been.
    pub(super) fn failed(self) -> bool {
        matches!(self, Self::Expired | Self::Unavailable)
    }
}
