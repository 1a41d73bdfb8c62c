//! The account page: what is on it. Must not change anything.

use axum::response::Response;
use http::StatusCode;

use super::rows::{Words, allowed, consents};
use crate::flows::account::overview;
use crate::flows::authorize::browser::Present;
use crate::flows::authorize::interaction::Form;
use crate::http::exchange::Exchange;
use crate::http::pages::{Browser, Page};
use crate::pages::{Account, Notice, PasswordProblem};
use crate::protocol::form::Params;
use crate::protocol::uri::Issuer;

/// What the page says beside what there is.
pub(super) struct Shown {
    pub(super) status: StatusCode,
    pub(super) notice: Option<Notice>,
    pub(super) problem: Option<PasswordProblem>,
}

impl Shown {
    /// Nothing more.
    pub(super) fn page() -> Self {
        Self { status: StatusCode::OK, notice: None, problem: None }
    }
}

/// What a browser is told after it has been sent on, by the word for it in the URL.
const NOTICES: [(&str, Notice); 6] = [
    ("password", Notice::PasswordChanged),
    ("session", Notice::SessionEnded),
    ("others", Notice::OthersEnded),
    ("application", Notice::ApplicationEnded),
    ("consent", Notice::ConsentWithdrawn),
    ("gone", Notice::Gone),
];

/// Where the browser goes to be told of `word`. Nobody else can make it say so.
pub(super) fn note(browser: &Browser<'_>, issuer: &Issuer, word: &str) -> String {
    let tag = browser.tag(Form::Account, word.as_bytes());
    issuer.join(&format!("/account?done={word}&tag={tag}"))
}

/// What the URL says was done, if it is one that this browser was sent to.
pub(super) fn noted(browser: &Browser<'_>, params: &Params<'_>) -> Option<Notice> {
    let (word, tag) = (params.value("done")?, params.value("tag")?);
    let (_, notice) = NOTICES.into_iter().find(|(known, _)| *known == word)?;
    browser.is_tag(tag, Form::Account, word.as_bytes()).then_some(notice)
}

/// The page, as it is for `user`.
pub(super) async fn show(
    exchange: &Exchange,
    browser: &Browser<'_>,
    user: &Present,
    shown: Shown,
) -> Response {
    let server = exchange.server();
    let overview = match overview(&server, user).await {
        Ok(overview) => overview,
        Err(error) => return browser.failed(error, None, Some("/account")),
    };
    let (words, allowed) = (Words::of(user, &overview), allowed(&overview));
    let view = Account {
        csrf: &browser.tag(Form::Account, user.session.id.as_bytes()),
        now: server.now().seconds(),
        username: user.user.name.as_str(),
        details: &words.details(),
        managed: user.user.managed,
        shortest: server.settings.passwords.min_code_points,
        notice: shown.notice,
        problem: shown.problem,
        browsers: &words.browsers(user, &overview),
        more_browsers: overview.more_browsers,
        applications: &words.applications(&overview),
        more_applications: overview.more_applications,
        consents: &consents(&overview, &allowed),
    };
    let html = view.render(browser.brand(), browser.texts());
    browser.show(Page::new(shown.status, html))
}
