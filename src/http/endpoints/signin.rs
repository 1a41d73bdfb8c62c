//! `GET|POST /signin`: the page on which people sign in.

use axum::response::Response;
use http::StatusCode;

use super::authorize::{own_url, read_interaction, sign_in_path};
use crate::flows::authorize::browser::{present, sign_in};
use crate::flows::authorize::interaction::{Form, Interaction};
use crate::flows::authorize::{SignInStep, Step, advance, sign_in_page};
use crate::flows::error::FlowError;
use crate::flows::server::detached;
use crate::http::cookies;
use crate::http::endpoints::authorize::send;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::guard::LeadsTo;
use crate::http::pages::{Browser, Page, add_cookie, application, go};
use crate::pages::{Problem, SignIn, SignInProblem};
use crate::protocol::form::Params;
use crate::protocol::ids::BrowserSessionId;
use crate::protocol::token_request::Credentials;

/// What the page is about: an interaction, or nothing but signing in.
type About<'a> = Option<(&'a Interaction, &'a SignInStep)>;

pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let browser = Browser::of(&exchange);
    let params = match exchange.query() {
        Ok(params) => params,
        Err(error) => return Ok(browser.failed(error, None, None)),
    };
    let Some(text) = params.value("i") else {
        return Ok(alone(&exchange, &browser).await);
    };
    let Some(interaction) = read_interaction(&exchange, text) else {
        return Ok(browser.fail(Problem::Expired, None, None));
    };
    let switches = params.value("switch").is_some();
    Ok(within(&exchange, &browser.within(&interaction), (interaction, switches)).await)
}

/// The page of somebody who comes by himself: he goes on to his account.
async fn alone(exchange: &Exchange, browser: &Browser<'_>) -> Response {
    let server = exchange.server();
    match present(&server, browser.session.as_ref(), &exchange.origin()).await {
        Ok(None) => page(browser, None, Attempt::none()),
        Ok(Some(_)) => go(&server.settings.issuer.join("/account")),
        Err(error) => browser.failed(error, None, Some("/signin")),
    }
}

/// The page within an interaction, or what comes after it for whoever is signed in already.
async fn within(
    exchange: &Exchange,
    browser: &Browser<'_>,
    (interaction, switches): (Interaction, bool),
) -> Response {
    let (server, origin) = (exchange.server(), exchange.origin());
    let cookie = browser.session.clone();
    let next = {
        let interaction = interaction.clone();
        detached(async move {
            if switches {
                let page = sign_in_page(&server, &interaction, cookie.as_ref(), &origin).await;
                return Ok(page.map(Step::SignIn));
            }
            Ok(advance(&server, &interaction, cookie.as_ref(), &origin).await)
        })
    };
    let retry = sign_in_path(exchange, &interaction);
    match next.await {
        Ok(Ok(Step::SignIn(step))) => page(browser, Some((&interaction, &step)), Attempt::none()),
        Ok(Ok(Step::Consent(_))) => go(&own_url(exchange, "/consent", &interaction)),
        Ok(Ok(Step::Answer(answered))) => send(browser, &answered),
        Ok(Err(why)) => browser.stopped(why, Some(&retry)),
        Err(error) => browser.failed(error, None, Some(&retry)),
    }
}

pub(in crate::http) async fn post(mut exchange: Exchange) -> Result<Response, HttpError> {
    let form = exchange.page_form().await;
    let browser = Browser::of(&exchange);
    let answer = match browser.own_form(&form) {
        Ok(params) => submit(&exchange, browser, &params).await,
        Err(page) => page,
    };
    Ok(answer)
}

async fn submit(exchange: &Exchange, browser: Browser<'_>, params: &Params<'_>) -> Response {
    let Some(text) = params.value("i") else {
        return attempt(exchange, &browser, (None, params)).await;
    };
    let Some(interaction) = read_interaction(exchange, text) else {
        return browser.fail(Problem::Expired, None, None);
    };
    let browser = browser.within(&interaction);
    let (server, origin) = (exchange.server(), exchange.origin());
    let asked = sign_in_page(&server, &interaction, browser.session.as_ref(), &origin).await;
    match asked {
        Ok(step) => attempt(exchange, &browser, (Some((&interaction, &step)), params)).await,
        Err(why) => browser.stopped(why, Some(&sign_in_path(exchange, &interaction))),
    }
}

/// One attempt to sign in. Whatever comes of it, the browser goes on by GET (C049).
async fn attempt(
    exchange: &Exchange,
    browser: &Browser<'_>,
    (about, params): (About<'_>, &Params<'_>),
) -> Response {
    let username = params.value("username").unwrap_or_default();
    let failed = |problem, status| page(browser, about, Attempt { username, problem, status });
    if !browser.sent(Form::SignIn, form_about(about), params) {
        return failed(Some(SignInProblem::Expired), StatusCode::FORBIDDEN);
    }
    let Some(password) = params.value("password").filter(|_| !username.is_empty()) else {
        return failed(Some(SignInProblem::Missing), StatusCode::BAD_REQUEST);
    };
    let (server, origin) = (exchange.server(), exchange.origin());
    let credentials =
        Credentials { username: username.to_owned(), password: password.to_owned().into() };
    let (old, client) = (browser.session.clone(), about.map(|(_, step)| step.client.id.clone()));
    let result = detached(async move {
        sign_in(&server, &credentials, (old.as_ref(), client.as_ref()), &origin).await
    });
    match result.await {
        Ok(new) => {
            let issuer = &exchange.app.server.settings.issuer;
            let mut response = signed_in(exchange, browser, (about, new.id));
            add_cookie(response.headers_mut(), &cookies::set_session(issuer, &new.cookie));
            response
        }
        Err(error) => {
            let problem = Some(problem(&error));
            let error = HttpError::from(error);
            let mut response = failed(problem, error.page_status());
            error.note(&mut response);
            response
        }
    }
}

/// Where the browser goes on, now that somebody is signed in.
fn signed_in(
    exchange: &Exchange,
    browser: &Browser<'_>,
    (about, id): (About<'_>, BrowserSessionId),
) -> Response {
    let Some((interaction, step)) = about else {
        return go(&exchange.app.server.settings.issuer.join("/account"));
    };
    let interaction = Interaction { signed_in: Some(id), ..interaction.clone() };
    let next = own_url(exchange, "/signin", &interaction);
    browser.leave(&next, (&step.redirect_uri, Some(&step.client)))
}

/// What was typed, and what is wrong with it.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    username: &'a str,
    problem: Option<SignInProblem>,
    status: StatusCode,
}

impl Attempt<'_> {
    fn none() -> Self {
        Self { username: "", problem: None, status: StatusCode::OK }
    }
}

fn page(browser: &Browser<'_>, about: About<'_>, attempt: Attempt<'_>) -> Response {
    let step = about.map(|(_, step)| step);
    let i = about.map(|(interaction, _)| browser.write(interaction));
    let hint = step.and_then(|step| step.login_hint.as_deref()).unwrap_or_default();
    let typed = attempt.problem.is_some();
    let view = SignIn {
        csrf: &browser.tag(Form::SignIn, form_about(about)),
        i: i.as_deref(),
        application: step.map(|step| application(&step.client)),
        username: if typed { attempt.username } else { hint },
        again: step.is_some_and(|step| step.again),
        problem: attempt.problem,
    };
    let html = view.render(browser.brand(), browser.texts());
    let leads_to = step.map_or(LeadsTo::Here, |step| LeadsTo::answer_at(&step.redirect_uri));
    browser.show(Page { leads_to, ..Page::new(attempt.status, html) })
}

fn form_about(about: About<'_>) -> &[u8] {
    about.map_or(&[], |(interaction, _)| interaction.id.as_bytes().as_slice())
}

fn problem(error: &FlowError) -> SignInProblem {
    match error {
        FlowError::Refused(_) | FlowError::ScopeNeeded(_) => SignInProblem::Wrong,
        FlowError::TooMany { .. } | FlowError::Full { .. } => SignInProblem::Wait,
        FlowError::Unavailable | FlowError::WrongClock | FlowError::Internal => {
            SignInProblem::Unavailable
        }
    }
}
