//! `POST /login`: user name and password as JSON, for first-party clients.

use axum::response::Response;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::flows::login::login;
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::token_request::{Credentials, LoginRequest, Requested};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    username: String,
    password: Zeroizing<String>,
    client_id: String,
    client_secret: Option<Zeroizing<String>>,
    scope: Option<String>,
    #[serde(default)]
    resource: OneOrMore,
}

/// One resource or a list of them.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    #[default]
    None,
    One(String),
    More(Vec<String>),
}

pub(in crate::http) async fn post(mut exchange: Exchange) -> Result<Response, HttpError> {
    let body: Body = exchange.json().await?;
    let secret = body.client_secret.as_ref().map(|secret| secret.as_str());
    let presented = PresentedClient::of(&body.client_id, secret);
    let resources = match &body.resource {
        OneOrMore::None => &[],
        OneOrMore::One(one) => std::slice::from_ref(one),
        OneOrMore::More(more) => more.as_slice(),
    };
    let requested = Requested::parse(body.scope.as_deref(), resources.iter().map(String::as_str))?;
    let credentials = Credentials { username: body.username, password: body.password };
    let request = LoginRequest { credentials, requested };
    let (server, origin) = (exchange.server(), exchange.origin());
    let result = detached(async move { login(&server, &presented, request, &origin).await });
    Ok(respond::private(result.await?))
}
