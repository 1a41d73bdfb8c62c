//! `GET|POST /oauth/authorize` (RFC 6749 §3.1, OIDC Core §3.1.2).

use axum::response::Response;
use http::StatusCode;

use crate::flows::authorize::interaction::Interaction;
use crate::flows::authorize::{Answered, Step, advance};
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::guard::LeadsTo;
use crate::http::pages::{Browser, Page, application, go};
use crate::pages::GoOn;
use crate::protocol::authorization::ResponseMode;
use crate::protocol::error::Refusal;
use crate::protocol::ids::InteractionId;

/// The request in the URL: answered at once where nobody has to be asked.
pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let query = exchange.parts.uri.query().unwrap_or_default().to_owned();
    let interaction = match begin(&exchange, query) {
        Ok(interaction) => interaction,
        Err(refusal) => return Ok(Browser::of(&exchange).failed(refusal, None, None)),
    };
    Ok(walk(&exchange, interaction).await)
}

/// The request in a form. Another site's form comes without our cookies (SES-02), so the browser
/// comes back for the answer.
pub(in crate::http) async fn post(mut exchange: Exchange) -> Result<Response, HttpError> {
    let form = exchange.page_form().await;
    let begun = form.and_then(|form| {
        let form = form.text()?;
        let request = match exchange.parts.uri.query() {
            // What stands in both is repeated (C034).
            Some(query) => format!("{query}&{form}"),
            None => form.to_owned(),
        };
        Ok(begin(&exchange, request)?)
    });
    match begun {
        Ok(interaction) => Ok(go(&own_url(&exchange, "/signin", &interaction))),
        Err(error) => Ok(Browser::of(&exchange).failed(error, None, None)),
    }
}

/// Takes the request of `interaction` to whatever has to happen next.
pub(in crate::http) async fn walk(exchange: &Exchange, interaction: Interaction) -> Response {
    let browser = Browser::of(exchange).within(&interaction);
    let (server, origin) = (exchange.server(), exchange.origin());
    let cookie = browser.session.clone();
    let retry = sign_in_path(exchange, &interaction);
    let next = {
        let interaction = interaction.clone();
        detached(async move { Ok(advance(&server, &interaction, cookie.as_ref(), &origin).await) })
    };
    match next.await {
        Ok(Ok(Step::Answer(answered))) => send(&browser, &answered),
        Ok(Ok(Step::SignIn(_))) => go(&own_url(exchange, "/signin", &interaction)),
        Ok(Ok(Step::Consent(_))) => go(&own_url(exchange, "/consent", &interaction)),
        Ok(Err(why)) => browser.stopped(why, Some(&retry)),
        Err(error) => browser.failed(error, None, Some(&retry)),
    }
}

/// Sends an answer to a client.
pub(in crate::http) fn send(browser: &Browser<'_>, answered: &Answered) -> Response {
    let Answered { answer, client } = answered;
    if answer.mode == ResponseMode::Query {
        return browser.leave(&answer.location(), (&answer.redirect_uri, Some(client)));
    }
    let fields = answer.fields();
    let page = GoOn {
        to: answer.redirect_uri.as_str(),
        application: Some(application(client)),
        fields: Some(&fields),
    };
    browser.show(Page {
        html: page.render(browser.brand(), browser.texts()),
        status: StatusCode::OK,
        leads_to: LeadsTo::Anywhere,
        script: true,
    })
}

/// A request that has just arrived.
pub(in crate::http) fn begin(exchange: &Exchange, query: String) -> Result<Interaction, Refusal> {
    if query.len() > MAX_REQUEST {
        return Err(Refusal::invalid_request("the request is longer than 5120 bytes"));
    }
    let server = &exchange.app.server;
    let id = InteractionId::from_bytes(server.world.entropy.bytes());
    Ok(Interaction { id, begun_at: server.now(), signed_in: None, shown: None, query })
}

/// Where an interaction goes on, below the issuer's own path.
pub(in crate::http) fn sign_in_path(exchange: &Exchange, interaction: &Interaction) -> String {
    format!("/signin?i={}", exchange.app.server.interactions.write(interaction))
}

/// A page of ours about this interaction.
pub(in crate::http) fn own_url(
    exchange: &Exchange,
    path: &str,
    interaction: &Interaction,
) -> String {
    let server = &exchange.app.server;
    let text = server.interactions.write(interaction);
    server.settings.issuer.join(&format!("{path}?i={text}"))
}

/// The interaction that a page or a form names.
pub(in crate::http) fn read_interaction(exchange: &Exchange, text: &str) -> Option<Interaction> {
    let server = &exchange.app.server;
    server.interactions.read(text, server.now())
}

/// A request travels in URLs, of which proxies let pass 8 KiB.
const MAX_REQUEST: usize = 5120;
