//! `GET|POST /oauth/logout` (OIDC RP-Initiated Logout §2), and the page behind it.

use axum::response::Response;
use http::{Method, StatusCode};

use super::authorize::{begin, own_url, read_interaction};
use crate::flows::authorize::browser::present;
use crate::flows::authorize::interaction::{Form, Interaction};
use crate::flows::server::detached;
use crate::flows::sign_out::{SignOut, asking, sign_out};
use crate::http::cookies;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::guard::LeadsTo;
use crate::http::pages::{Browser, Page, add_cookie, application, go};
use crate::pages::{Problem, SignOut as Question, SignedOut};
use crate::protocol::client::Client;
use crate::protocol::error::Refusal;
use crate::protocol::form::Params;
use crate::protocol::logout_request::{LogoutRequest, WayBack};
use crate::protocol::sign_in::PageUri;

/// A request in the URL, or one that came in a form and is on its way.
pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let browser = Browser::of(&exchange);
    let query = exchange.parts.uri.query().unwrap_or_default();
    let on_its_way = exchange.query().map(|params| params.value("i").map(str::to_owned));
    let interaction = match on_its_way {
        Ok(Some(text)) => read_interaction(&exchange, &text),
        Ok(None) => match begin(&exchange, query.to_owned()) {
            Ok(interaction) => Some(interaction),
            Err(refusal) => return Ok(browser.failed(refusal, None, None)),
        },
        Err(error) => return Ok(browser.failed(error, None, None)),
    };
    let Some(interaction) = interaction else {
        return Ok(browser.fail(Problem::Expired, None, None));
    };
    Ok(go_on(&exchange, &browser.within(&interaction), &interaction, false).await)
}

/// A request in a form of a client's page, or the answer to our question.
pub(in crate::http) async fn post(mut exchange: Exchange) -> Result<Response, HttpError> {
    let form = exchange.page_form().await;
    let browser = Browser::of(&exchange);
    let params = match browser.form(&form) {
        Ok(params) => params,
        Err(page) => return Ok(page),
    };
    if params.value("decision").is_some() {
        return Ok(confirm(&exchange, browser, &params).await);
    }
    // Another site's form comes without our cookies, so the browser comes back for the answer.
    let begun = form.and_then(|form| Ok(begin(&exchange, form.text()?.to_owned())?));
    match begun {
        Ok(interaction) => Ok(go(&own_url(&exchange, "/oauth/logout", &interaction))),
        Err(error) => Ok(browser.failed(error, None, None)),
    }
}

/// The page that says that it is done, to whom it is so: a link to it signs nobody out.
pub(in crate::http) async fn done(exchange: Exchange) -> Result<Response, HttpError> {
    let browser = Browser::of(&exchange);
    let server = exchange.server();
    match present(&server, browser.session.as_ref(), &exchange.origin()).await {
        Ok(None) => {}
        Ok(Some(_)) => return Ok(go(&server.settings.issuer.join("/account"))),
        Err(error) => return Ok(browser.failed(error, None, Some("/account"))),
    }
    let text = exchange.query().ok().and_then(|params| params.value("i").map(str::to_owned));
    let interaction = text.and_then(|text| read_interaction(&exchange, &text));
    let request = interaction.as_ref().and_then(|one| read(one).ok()).unwrap_or_default();
    let client = asking(&server, &request).await;
    let view = SignedOut {
        application: client.as_deref().map(application),
        back: client.as_deref().and_then(own_page),
    };
    let browser = match &interaction {
        Some(interaction) => browser.within(interaction),
        None => browser,
    };
    Ok(browser.show(Page::new(StatusCode::OK, view.render(browser.brand(), browser.texts()))))
}

async fn confirm(exchange: &Exchange, browser: Browser<'_>, params: &Params<'_>) -> Response {
    if browser.is_foreign() {
        return browser.fail(Problem::Forgery, None, None);
    }
    let interaction = params.value("i").and_then(|text| read_interaction(exchange, text));
    let Some(interaction) = interaction else {
        return browser.fail(Problem::Expired, None, None);
    };
    let browser = browser.within(&interaction);
    if !browser.sent(Form::SignOut, &about(&browser, &interaction), params) {
        return browser.fail(Problem::Forgery, None, Some(&again(&browser, &interaction)));
    }
    if params.value("decision") != Some("logout") {
        return browser.fail(Problem::Request, None, None);
    }
    go_on(exchange, &browser, &interaction, true).await
}

async fn go_on(
    exchange: &Exchange,
    browser: &Browser<'_>,
    interaction: &Interaction,
    confirmed: bool,
) -> Response {
    let mut request = match read(interaction) {
        Ok(request) => request,
        Err(refusal) => return browser.failed(refusal, None, None),
    };
    if exchange.parts.method == Method::HEAD {
        // Whoever only looks hints at nothing: nothing is ended by it.
        request.id_token_hint = None;
    }
    let (server, origin) = (exchange.server(), exchange.origin());
    let (asked, cookie) = (request.clone(), browser.session.clone());
    let result = detached(async move {
        Ok(sign_out(&server, &asked, (cookie.as_ref(), confirmed), &origin).await)
    });
    let retry = again(browser, interaction);
    match result.await {
        Ok(Ok(SignOut::Ask { client, username, back })) => {
            let (client, back) = (client.as_deref(), back.as_ref());
            question(browser, interaction, (client, &username, back))
        }
        Ok(Ok(SignOut::Done { back })) => {
            signed_out(exchange, browser, (interaction, back.as_ref()))
        }
        Ok(Err(stop)) => browser.stopped(stop, Some(&retry)),
        Err(error) => browser.failed(error, None, Some(&retry)),
    }
}

/// The client's own page.
fn own_page(client: &Client) -> Option<&str> {
    client.settings.sign_in.client_uri.as_ref().map(PageUri::as_str)
}

/// Where the same request is answered anew.
fn again(browser: &Browser<'_>, interaction: &Interaction) -> String {
    format!("/oauth/logout?i={}", browser.write(interaction))
}

fn question(
    browser: &Browser<'_>,
    interaction: &Interaction,
    (client, username, back): (Option<&Client>, &str, Option<&WayBack>),
) -> Response {
    let view = Question {
        csrf: &browser.tag(Form::SignOut, &about(browser, interaction)),
        i: Some(&browser.write(interaction)),
        application: client.map(application),
        back: client.and_then(own_page),
        username: Some(username),
    };
    let html = view.render(browser.brand(), browser.texts());
    let leads_to = back.map_or(LeadsTo::Here, |back| LeadsTo::answer_at(&back.uri));
    browser.show(Page { leads_to, ..Page::new(StatusCode::OK, html) })
}

/// The browser goes on, and forgets its session. What came without the cookie takes none away: another
/// site's picture does (C116).
fn signed_out(
    exchange: &Exchange,
    browser: &Browser<'_>,
    (interaction, back): (&Interaction, Option<&WayBack>),
) -> Response {
    let mut response = match back {
        Some(back) => browser.leave(&back.location(), (&back.uri, None)),
        None => go(&own_url(exchange, "/signed-out", interaction)),
    };
    if browser.session.is_some() {
        let issuer = &exchange.app.server.settings.issuer;
        add_cookie(response.headers_mut(), &cookies::clear_session(issuer));
    }
    response
}

fn read(interaction: &Interaction) -> Result<LogoutRequest, Refusal> {
    LogoutRequest::parse(&Params::parse(interaction.query.as_bytes())?)
}

/// What the form is about: the request, and who is asked.
fn about(browser: &Browser<'_>, interaction: &Interaction) -> Vec<u8> {
    let user = browser.session.as_ref().map(|hash| hash.as_bytes().as_slice());
    [interaction.id.as_bytes().as_slice(), user.unwrap_or_default()].concat()
}
