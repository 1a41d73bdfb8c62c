//! `GET|POST /consent`: the page that asks a user whether a client may have what it wants.

use axum::response::Response;
use http::StatusCode;

use super::authorize::{own_url, read_interaction, send, sign_in_path};
use crate::flows::authorize::interaction::{Form, Interaction};
use crate::flows::authorize::{ConsentStep, Decision, Step, advance, decide};
use crate::flows::known::Known;
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::guard::LeadsTo;
use crate::http::pages::{Browser, Page, application, go};
use crate::pages::{Consent, Destination, Problem, Scope};
use crate::protocol::consent::Allowed;
use crate::protocol::form::Params;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::resource::ResourceSettings;
use crate::protocol::scope;
use crate::protocol::sign_in::PageUri;

pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let browser = Browser::of(&exchange);
    let params = match exchange.query() {
        Ok(params) => params,
        Err(error) => return Ok(browser.failed(error, None, None)),
    };
    let interaction = params.value("i").and_then(|text| read_interaction(&exchange, text));
    let Some(interaction) = interaction else {
        return Ok(browser.fail(Problem::Expired, None, None));
    };
    Ok(go_on(&exchange, &browser.within(&interaction), interaction, None).await)
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
    let interaction = params.value("i").and_then(|text| read_interaction(exchange, text));
    let Some(interaction) = interaction else {
        return browser.fail(Problem::Expired, None, None);
    };
    let browser = browser.within(&interaction);
    if !browser.sent(Form::Consent, &about(&browser, &interaction), params) {
        let retry = sign_in_path(exchange, &interaction);
        return browser.fail(Problem::Forgery, None, Some(&retry));
    }
    let decision = match params.value("decision") {
        Some("allow") => Decision::Allow,
        Some("deny") => Decision::Deny,
        _ => return browser.fail(Problem::Request, None, None),
    };
    go_on(exchange, &browser, interaction, Some(decision)).await
}

/// Whatever comes next: by GET, unless it is the question itself.
async fn go_on(
    exchange: &Exchange,
    browser: &Browser<'_>,
    interaction: Interaction,
    decision: Option<Decision>,
) -> Response {
    let (server, origin) = (exchange.server(), exchange.origin());
    let cookie = browser.session.clone();
    let next = {
        let interaction = interaction.clone();
        detached(async move {
            let cookie = cookie.as_ref();
            Ok(match decision {
                None => advance(&server, &interaction, cookie, &origin).await,
                Some(decision) => decide(&server, &interaction, cookie, (decision, &origin)).await,
            })
        })
    };
    let retry = sign_in_path(exchange, &interaction);
    match next.await {
        Ok(Ok(Step::Consent(step))) => page(browser, &interaction, &step),
        Ok(Ok(Step::SignIn(_))) => go(&own_url(exchange, "/signin", &interaction)),
        Ok(Ok(Step::Answer(answered))) => send(browser, &answered),
        Ok(Err(why)) => browser.stopped(why, Some(&retry)),
        Err(error) => browser.failed(error, None, Some(&retry)),
    }
}

fn page(browser: &Browser<'_>, interaction: &Interaction, step: &ConsentStep) -> Response {
    let shown = Some(step.allowed.digest());
    let i = browser.write(&Interaction { shown, ..interaction.clone() });
    let settings = &step.client.settings.sign_in;
    let view = Consent {
        csrf: &browser.tag(Form::Consent, &about(browser, interaction)),
        i: &i,
        application: application(&step.client),
        username: &step.username,
        switch: &format!("/signin?i={i}&switch=true"),
        scopes: &scopes(&step.allowed, &step.known),
        destination: destination(&step.redirect_uri),
        website: settings.client_uri.as_ref().map(PageUri::as_str),
        policy: settings.policy_uri.as_ref().map(PageUri::as_str),
        terms: settings.tos_uri.as_ref().map(PageUri::as_str),
    };
    let html = view.render(browser.brand(), browser.texts());
    let leads_to = LeadsTo::answer_at(&step.redirect_uri);
    browser.show(Page { leads_to, ..Page::new(StatusCode::OK, html) })
}

/// What the form is about: the request, and who is asked.
fn about(browser: &Browser<'_>, interaction: &Interaction) -> Vec<u8> {
    let user = browser.session.as_ref().map(|hash| hash.as_bytes().as_slice());
    [interaction.id.as_bytes().as_slice(), user.unwrap_or_default()].concat()
}

/// What is allowed, in the words of the resources: a row for each that knows a scope, or one without. A
/// resource that knows none of them has a row of its own, since there are tokens for it.
pub(in crate::http) fn scopes<'a>(allowed: &'a Allowed, known: &'a Known) -> Vec<Scope<'a>> {
    let scopes = allowed.scopes();
    let whole = allowed
        .resources()
        .filter_map(|uri| known.resource(uri))
        .filter(|one| !scopes.iter().any(|name| one.settings.scope.contains(name)));
    let whole = whole.map(|one| Scope {
        name: None,
        description: None,
        resource: Some(one.settings.name.as_str()),
    });
    let whole: Vec<_> = whole.collect();
    scopes.into_iter().flat_map(|name| rows(name, allowed, known)).chain(whole).collect()
}

fn rows<'a>(name: &'a str, allowed: &'a Allowed, known: &'a Known) -> Vec<Scope<'a>> {
    let places = allowed.places(name).filter_map(|uri| known.resource(uri));
    // `openid` is of the issuer itself, which is no place that people know.
    let is_of = |one: &&ResourceSettings| name != scope::Scope::OPENID && one.scope.contains(name);
    let settings = places.map(|one| &one.settings).filter(is_of);
    let row = |settings: &'a ResourceSettings| Scope {
        name: Some(name),
        description: settings.scope_text(name),
        resource: Some(settings.name.as_str()),
    };
    let rows: Vec<_> = settings.map(row).collect();
    if rows.is_empty() {
        vec![Scope { name: Some(name), description: None, resource: None }]
    } else {
        rows
    }
}

fn destination(uri: &RedirectUri) -> Destination<'_> {
    if uri.is_loopback() {
        Destination::ThisDevice
    } else if uri.is_web() {
        Destination::Host(uri.shown())
    } else {
        Destination::App(uri.shown())
    }
}
