//! Pages as answers: who looks at them, the headers that guard them, and what their forms must carry.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::response::{Html, IntoResponse, Response};
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, LOCATION, ORIGIN,
    SET_COOKIE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::cookies::{self, Cookies};
use super::endpoints::authorize::send;
use super::error::HttpError;
use super::exchange::Exchange;
use super::middleware::RequestId;
use crate::flows::authorize::Stop;
use crate::flows::authorize::interaction::{Form, Interaction};
use crate::flows::error::FlowError;
use crate::pages::{Application, Brand, ErrorPage, GoOn, Problem, Texts};
use crate::protocol::client::Client;
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::form::Params;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::{Secret, SecretHash};
use crate::protocol::uri::Issuer;

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

/// Where a form may lead in the end. Chromium applies the policy to every redirect behind a form, so that
/// a client could not even send the browser on to another of its own hosts (WEB-02).
pub(super) enum LeadsTo<'a> {
    /// To pages of ours.
    Here,
    /// To an application, by the scheme of its own.
    App(&'a RedirectUri),
    /// Anywhere: it is sent to a client, which sends the browser on as it likes.
    Anywhere,
}

impl<'a> LeadsTo<'a> {
    /// Where an answer to `uri` leads: to a site of the web by [`Browser::leave`], not by the form.
    pub(super) fn answer_at(uri: &'a RedirectUri) -> Self {
        if uri.is_web() { Self::Here } else { Self::App(uri) }
    }
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
        Self { exchange, session, csrf, is_new, is_used: AtomicBool::new(false) }
    }

    /// The texts in the language that the client asks for, or the browser.
    pub(super) fn texts(&self, ui_locales: Option<&str>) -> &'static Texts {
        let accepted = self.exchange.headers().get(ACCEPT_LANGUAGE);
        self.brand().texts(ui_locales, accepted.and_then(|value| value.to_str().ok()))
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
        let html = page.render(self.brand(), self.texts(None));
        self.show(Page::new(StatusCode::OK, html))
    }

    /// The page as an answer (WEB-02).
    pub(super) fn show(&self, page: Page<'_>) -> Response {
        let mut response = (page.status, Html(page.html)).into_response();
        let headers = response.headers_mut();
        guard(headers, &policy(&page.leads_to, page.script));
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
        let page = ErrorPage {
            problem,
            application: client.map(application),
            code: refusal.map(|refusal| refusal.code.as_str()),
            detail: refusal.map(|refusal| refusal.description),
            reference: reference.map(|id| &*id.0),
            retry,
        };
        let html = page.render(self.brand(), self.texts(None));
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

fn guard(headers: &mut HeaderMap, policy: &str) {
    let same_origin = HeaderValue::from_static("same-origin");
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(OPENER_POLICY, same_origin.clone());
    headers.insert(RESOURCE_POLICY, same_origin);
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

fn policy(leads_to: &LeadsTo<'_>, script: bool) -> String {
    let form_action = match leads_to {
        LeadsTo::Here => "'self'".to_owned(),
        LeadsTo::App(uri) => format!("'self' {}:", uri.scheme()),
        LeadsTo::Anywhere => "*".to_owned(),
    };
    let script = if script { " script-src 'self';" } else { "" };
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self';{script} \
         form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    )
}

fn is_foreign(headers: &HeaderMap, issuer: &Issuer) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(FETCH_SITE);
    if site.is_some_and(|site| site != "same-origin") {
        return true;
    }
    match text(ORIGIN) {
        // A page that is to send no referrer sends no origin either.
        None | Some("null") => false,
        Some(origin) => origin != issuer.origin(),
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

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(headers: &[(&str, &str)]) -> bool {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let headers: HeaderMap = headers.iter().map(pair).collect();
        is_foreign(&headers, &Issuer::parse("https://as.example/tenant").unwrap())
    }

    #[test]
    fn c043_a_form_of_another_site_is_told_by_its_browser() {
        for own in [
            &[][..],
            &[("origin", "https://as.example")],
            &[("origin", "https://as.example"), ("sec-fetch-site", "same-origin")],
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(!foreign(own), "{own:?}");
        }
        for other in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "https://as.example.evil.example")],
            &[("origin", "http://as.example")],
            &[("origin", "https://as.example:8443")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "null"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://as.example"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(foreign(other), "{other:?}");
        }
    }

    #[test]
    fn the_policy_names_where_the_form_ends_and_nothing_more() {
        let policy_of = |uri: &str| {
            let uri = RedirectUri::parse(uri).unwrap();
            policy(&LeadsTo::answer_at(&uri), false)
        };
        let web = policy_of("https://app.example:8443/cb?x=1");
        assert!(web.contains("form-action 'self'; ") && !web.contains("script-src"), "{web}");
        for app in ["com.example.app:/cb", "com.example.app://cb", "com.example.app://cb;x,y/z"] {
            let policy = policy_of(app);
            assert!(policy.contains("form-action 'self' com.example.app:; base-uri"), "{policy}");
        }
        let form_post = policy(&LeadsTo::Anywhere, true);
        assert!(form_post.contains("script-src 'self'; form-action *; "), "{form_post}");
    }
}
