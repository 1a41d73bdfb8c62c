//! Pages as answers: who looks at them, and what their forms must carry.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::response::{Html, IntoResponse, Response};
use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::cookies::{self, Cookies};
use super::endpoints::authorize::send;
use super::error::HttpError;
use super::exchange::{Exchange, Form as SentForm};
use super::guard::{LeadsTo, guard, is_foreign};
use super::headers::RequestId;
use crate::flows::authorize::Stop;
use crate::flows::authorize::interaction::{Form, Interaction};
use crate::flows::error::FlowError;
use crate::pages::{Application, Brand, ErrorPage, GoOn, Problem, Texts};
use crate::protocol::client::Client;
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::form::{Collected, Params};
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::{Secret, SecretHash};

/// The browser that a request came from.
pub(super) struct Browser<'a> {
    exchange: &'a Exchange,
    /// The cookie of its browser session.
    pub(super) session: Option<SecretHash>,
    csrf: Secret,
    /// Whether it had none.
    is_new: bool,
    /// Whether the page has a form that is tied to it: only then is it given this one.
    is_used: AtomicBool,
    /// The languages that a client asks for.
    ui_locales: Option<String>,
}

/// A page on its way out.
pub(super) struct Page<'a> {
    /// The document.
    pub(super) html: String,
    /// The status.
    pub(super) status: StatusCode,
    /// Where its form may lead in the end.
    pub(super) leads_to: LeadsTo<'a>,
    /// Whether it has our own script.
    pub(super) script: bool,
}

impl Page<'_> {
    /// A page that leads nowhere else.
    pub(super) fn new(status: StatusCode, html: String) -> Self {
        Self { html, status, leads_to: LeadsTo::Here, script: false }
    }
}

impl<'a> Browser<'a> {
    /// The browser of this request.
    pub(super) fn of(exchange: &'a Exchange) -> Self {
        let server = &exchange.app.server;
        let Cookies { session, csrf } = Cookies::read(exchange.headers(), &server.settings.issuer);
        // Whoever only looks gets what a stranger gets: nothing is used up by it (C058).
        let session = session.filter(|_| exchange.parts.method != Method::HEAD);
        let is_new = csrf.is_none();
        let csrf = csrf.unwrap_or_else(|| Secret::from_bytes(server.world.entropy.bytes()));
        Self { exchange, session, csrf, is_new, is_used: AtomicBool::new(false), ui_locales: None }
    }

    /// This browser within an interaction: its pages are in the language that the request asks for
    /// (OIDC Core §3.1.2.1).
    #[must_use]
    pub(super) fn within(self, interaction: &Interaction) -> Self {
        let params = Collected::parse(interaction.query.as_bytes()).ok();
        let asked = params.and_then(|params| params.value("ui_locales").map(str::to_owned));
        Self { ui_locales: asked, ..self }
    }

    /// The texts in the language that the client asks for, or the browser.
    pub(super) fn texts(&self) -> &'static Texts {
        let accepted = self.exchange.headers().get(ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        self.brand().texts(self.ui_locales.as_deref(), accepted)
    }

    /// The parameters of a form that a page of ours has sent, or the page that says what is wrong.
    #[expect(clippy::result_large_err, reason = "the page is the answer, and goes out at once")]
    pub(super) fn own_form<'f>(
        &self,
        form: &'f Result<SentForm, HttpError>,
    ) -> Result<Params<'f>, Response> {
        if self.is_foreign() {
            return Err(self.fail(Problem::Forgery, None, None));
        }
        self.form(form)
    }

    /// The parameters of a form, whoever has sent it.
    #[expect(clippy::result_large_err, reason = "the page is the answer, and goes out at once")]
    pub(super) fn form<'f>(
        &self,
        form: &'f Result<SentForm, HttpError>,
    ) -> Result<Params<'f>, Response> {
        let params = match form {
            Ok(form) => form.params(),
            Err(error) => Err(error.clone()),
        };
        params.map_err(|error| self.failed(error, None, None))
    }

    /// An interaction as forms carry it on.
    pub(super) fn write(&self, interaction: &Interaction) -> String {
        self.exchange.app.server.interactions.write(interaction)
    }

    /// What `form` carries about something, to be sent back by this browser alone (CORE-15).
    pub(super) fn tag(&self, form: Form, about: &[u8]) -> String {
        self.is_used.store(true, Ordering::Relaxed);
        self.exchange.app.server.interactions.form_tag(&self.csrf, form, about)
    }

    /// Whether a form was sent from our own page, shown to this browser (C043, C044).
    pub(super) fn sent(&self, form: Form, about: &[u8], params: &Params<'_>) -> bool {
        self.is_tag(params.value("csrf").unwrap_or_default(), form, about)
    }

    /// Whether `tag` is that of such a form, or of what else this browser was given about it.
    pub(super) fn is_tag(&self, tag: &str, form: Form, about: &[u8]) -> bool {
        !self.is_new
            && self.exchange.app.server.interactions.is_form_tag(tag, &self.csrf, form, about)
    }

    /// Whether the browser says that another site sends a form: what it says cannot be made up by
    /// that site.
    pub(super) fn is_foreign(&self) -> bool {
        is_foreign(self.exchange.headers(), &self.exchange.app.server.settings.issuer)
    }

    /// The brand of the pages.
    pub(super) fn brand(&self) -> &'a Brand {
        &self.exchange.app.brand
    }

    /// The browser goes on to a client at `uri`, or to where that may come next. After a form of ours it
    /// does so by a page, since what follows a form is bound by the policy of the page that had it. An
    /// application's own scheme is reached by a redirect, which systems take for the user's wish.
    pub(super) fn leave(
        &self,
        to: &str,
        (uri, client): (&RedirectUri, Option<&Client>),
    ) -> Response {
        let after_form = self.exchange.parts.method == Method::POST;
        if !after_form || !uri.is_web() {
            return go(to);
        }
        let page = GoOn { to, application: client.map(application), fields: None };
        let html = page.render(self.brand(), self.texts());
        self.show(Page::new(StatusCode::OK, html))
    }

    /// The page as an answer (WEB-02).
    pub(super) fn show(&self, page: Page<'_>) -> Response {
        let mut response = (page.status, Html(page.html)).into_response();
        let headers = response.headers_mut();
        guard(headers, &page.leads_to, page.script);
        if self.is_new && self.is_used.load(Ordering::Relaxed) {
            let issuer = &self.exchange.app.server.settings.issuer;
            add_cookie(headers, &cookies::set_csrf(issuer, &self.csrf));
        }
        response
    }

    /// The page that says why an authorization request does not go on.
    pub(super) fn stopped(&self, stop: Stop, retry: Option<&str>) -> Response {
        match stop {
            Stop::Answer(answered) => send(self, &answered),
            Stop::Over { client } => self.fail(Problem::Expired, client.as_deref(), None),
            Stop::Page { error, client } => self.failed(error, client.as_deref(), retry),
        }
    }

    /// The page about an error that only the person is told.
    pub(super) fn failed(
        &self,
        error: impl Into<HttpError>,
        client: Option<&Client>,
        retry: Option<&str>,
    ) -> Response {
        let error: HttpError = error.into();
        let problem = problem(error.error(), client.is_some());
        let retry = retry.filter(|_| matches!(problem, Problem::Unavailable | Problem::Busy));
        let of = (client, error.refusal());
        let mut response = self.error_page((error.page_status(), problem), of, retry);
        error.note(&mut response);
        response
    }

    /// The page about a problem of the request.
    pub(super) fn fail(
        &self,
        problem: Problem,
        client: Option<&Client>,
        retry: Option<&str>,
    ) -> Response {
        let status = match problem {
            Problem::Forgery => StatusCode::FORBIDDEN,
            Problem::NotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        self.error_page((status, problem), (client, None), retry)
    }

    fn error_page(
        &self,
        (status, problem): (StatusCode, Problem),
        (client, refusal): (Option<&Client>, Option<Refusal>),
        retry: Option<&str>,
    ) -> Response {
        let reference = self.exchange.parts.extensions.get::<RequestId>();
        let reference = reference.map(RequestId::to_string);
        let page = ErrorPage {
            problem,
            application: client.map(application),
            code: refusal.map(|refusal| refusal.code.as_str()),
            detail: refusal.map(|refusal| refusal.description),
            reference: reference.as_deref(),
            retry,
        };
        let html = page.render(self.brand(), self.texts());
        self.show(Page::new(status, html))
    }
}

/// How a client is shown.
pub(super) fn application(client: &Client) -> Application<'_> {
    Application { name: &client.settings.name, logo: client.logo }
}

/// The browser goes on there by GET, whatever it came by (C049). The address stays out of the log.
pub(super) fn go(location: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // It is made of ASCII without control characters, wherever it comes from.
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(LOCATION, location);
    }
    response
}

/// Adds a cookie to an answer.
pub(super) fn add_cookie(headers: &mut HeaderMap, cookie: &str) {
    // Made of a fixed text and base64url.
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        headers.append(SET_COOKIE, cookie);
    }
}

fn problem(error: &FlowError, client_known: bool) -> Problem {
    match error {
        FlowError::TooMany { .. } | FlowError::Full { .. } => Problem::Busy,
        FlowError::Refused(refusal) if refusal.code == ErrorCode::InvalidClient => {
            Problem::Application
        }
        FlowError::Refused(_) if client_known => Problem::Redirect,
        FlowError::Refused(_) | FlowError::ScopeNeeded(_) => Problem::Request,
        FlowError::Unavailable | FlowError::WrongClock | FlowError::Internal => {
            Problem::Unavailable
        }
    }
}
