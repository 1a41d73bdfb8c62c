//! One request being read: body, credentials, origin.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::App;
use super::error::HttpError;
use super::origin;
use super::routes::{Listener, Route};
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::audit::Origin;
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::form::Params;

/// A request, and the server it is for.
pub(super) struct Exchange {
    /// The app.
    pub app: App,
    /// Method, URL and headers.
    pub parts: Parts,
    /// The route that it takes.
    route: &'static Route,
    /// The listener that it came to.
    pub listener: Listener,
    /// The variable part of the path, if it has one that is text.
    parameter: Option<String>,
    /// Read once. The lock is never waited for: it lets an endpoint lend the rest to its parts.
    body: Mutex<Body>,
}

impl Exchange {
    /// The exchange for `request`.
    pub(super) fn new(
        app: App,
        (route, listener): (&'static Route, Listener),
        request: Request,
        parameter: Option<String>,
    ) -> Self {
        let (parts, body) = request.into_parts();
        Self { app, parts, route, listener, parameter, body: Mutex::new(body) }
    }

    /// The server.
    pub(super) fn server(&self) -> Arc<Server> {
        self.app.server.clone()
    }

    /// Where the request comes from.
    pub(super) fn origin(&self) -> Origin {
        origin::of(&self.parts, &self.app.settings.trusted_proxies)
    }

    /// The request's headers.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The value of the `Authorization` header. Two of them are an error.
    pub(super) fn authorization(&self) -> Result<Option<&str>, HttpError> {
        let mut values = self.parts.headers.get_all(AUTHORIZATION).iter();
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::invalid_request("more than one Authorization header").into());
        }
        let text = first.map(|value| value.to_str()).transpose();
        text.map_err(|_| Refusal::invalid_request("the Authorization header is not text").into())
    }

    /// The access token in the `Authorization` header, the only place for one (BRR-01). Beside it
    /// the URL has no parameter that the route does not take, such as another token (C024), or a
    /// filter that is misspelt and would let everything through.
    pub(super) fn bearer(&self) -> Result<Zeroizing<String>, HttpError> {
        let token = self.bearer_header().map_err(HttpError::of_bearer)?;
        self.own_query().map_err(HttpError::of_bearer)?;
        Ok(token)
    }

    fn bearer_header(&self) -> Result<Zeroizing<String>, HttpError> {
        let missing = || HttpError::plain(ErrorCode::MissingToken, "an access token is needed");
        let authorization = self.authorization()?.ok_or_else(missing)?;
        let (scheme, token) = authorization.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        let token = token.trim_matches(' ');
        let token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if token.is_empty() || !token.bytes().all(token68) {
            return Err(Refusal::invalid_request("the access token is malformed").into());
        }
        Ok(Zeroizing::new(token.to_owned()))
    }

    /// The form in the body, the only place for parameters: one in the URL would stand in logs
    /// (CORE-10, C080).
    pub(super) async fn form(&mut self) -> Result<Form, HttpError> {
        if self.parts.uri.query().is_some() {
            return Err(Refusal::invalid_request("parameters belong in the body").into());
        }
        if !self.has_type(FORM) {
            let text = "the body must be application/x-www-form-urlencoded";
            return Err(Refusal::invalid_request(text).into());
        }
        Ok(Form(self.read_body().await?))
    }

    /// The form that a page of ours, or of a client, has sent.
    pub(super) async fn page_form(&mut self) -> Result<Form, HttpError> {
        if !self.has_type(FORM) {
            let text = "the body must be application/x-www-form-urlencoded";
            return Err(HttpError::plain(ErrorCode::UnsupportedMediaType, text));
        }
        Ok(Form(self.read_body().await?))
    }

    /// Reads a body that nothing is taken from: it may be missing, or be a form without a token beside
    /// that of the header (C024).
    pub(super) async fn no_second_token(&mut self) -> Result<(), HttpError> {
        let body = self.read_body().await?;
        if !body.is_empty() && !self.has_type(FORM) {
            let text = "the body is empty, or a form";
            return Err(Refusal::invalid_request(text).into());
        }
        if Params::parse(&body)?.value("access_token").is_some() {
            return Err(Refusal::invalid_request("more than one access token").into());
        }
        Ok(())
    }

    /// The JSON object in the body, which has every parameter.
    pub(super) async fn json<T: DeserializeOwned>(&mut self) -> Result<T, HttpError> {
        if self.parts.uri.query().is_some() {
            return Err(Refusal::invalid_request("parameters belong in the body").into());
        }
        if !self.has_type("application/json") {
            let text = "the body must be application/json";
            return Err(HttpError::plain(ErrorCode::UnsupportedMediaType, text));
        }
        let body = self.read_body().await?;
        // serde would take an array for an object, its members in order.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(Refusal::invalid_request("the body is not a JSON object").into());
        }
        serde_json::from_slice(&body)
            .map_err(|error| Refusal::invalid_request(what_is_wrong(&error)).into())
    }

    /// The parameters in the URL, each once.
    pub(super) fn query(&self) -> Result<Params<'_>, HttpError> {
        Ok(Params::parse(self.parts.uri.query().unwrap_or_default().as_bytes())?)
    }

    /// The parameters in the URL, of which there is none that the route does not take: each new URL
    /// would be another document for a cache.
    pub(super) fn own_query(&self) -> Result<Params<'_>, HttpError> {
        let params = self.query()?;
        if params.names().any(|name| !self.route.query.contains(&name)) {
            return Err(Refusal::invalid_request(UNKNOWN_PARAMETER).into());
        }
        Ok(params)
    }

    /// The variable part of the path; paths here have at most one.
    pub(super) fn path_parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// The id in the path. What is none names nothing that there is.
    pub(super) fn path_id<Id>(&self, parse: impl Fn(&str) -> Option<Id>) -> Result<Id, HttpError> {
        let id = self.path_parameter().and_then(parse);
        Ok(id.ok_or_else(FlowError::not_found)?)
    }

    fn has_type(&self, expected: &str) -> bool {
        let header = self.parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let Some((essence, parameters)) = header.map(|h| h.split_once(';').unwrap_or((h, "")))
        else {
            return false;
        };
        let charset = parameters.trim().to_ascii_lowercase();
        let utf8 =
            charset.is_empty() || matches!(charset.as_str(), "charset=utf-8" | "charset=\"utf-8\"");
        essence.trim().eq_ignore_ascii_case(expected) && utf8
    }

    /// The body, of whatever type it says that it is.
    pub(super) async fn read_body(&mut self) -> Result<Bytes, HttpError> {
        if self.parts.headers.contains_key(CONTENT_ENCODING) {
            let text = "the body must not be compressed";
            return Err(HttpError::plain(ErrorCode::UnsupportedMediaType, text));
        }
        let limit = self.app.settings.body_limit;
        let body = self.body.get_mut().map(std::mem::take).unwrap_or_default();
        to_bytes(body, limit).await.map_err(|error| {
            let source = std::error::Error::source(&error);
            if source.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>) {
                HttpError::plain(ErrorCode::ContentTooLarge, "the body is too large")
            } else {
                Refusal::invalid_request("the body could not be read").into()
            }
        })
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const UNKNOWN_PARAMETER: &str = "the URL has a parameter that this path does not take";

/// The body of a form.
pub(super) struct Form(Bytes);

impl Form {
    /// As it came.
    pub(super) fn text(&self) -> Result<&str, HttpError> {
        let text = std::str::from_utf8(&self.0);
        text.map_err(|_| Refusal::invalid_request("the form is not text").into())
    }

    /// The parameters.
    pub(super) fn params(&self) -> Result<Params<'_>, HttpError> {
        Ok(Params::parse(&self.0)?)
    }
}

/// What is wrong with a JSON object, without what the client sent (CORE-12). Only the beginning of the
/// error's text tells its kinds apart; where that is unknown, the answer is just less exact.
fn what_is_wrong(error: &serde_json::Error) -> &'static str {
    let text = error.to_string();
    if !error.is_data() {
        "the body is not a JSON object"
    } else if text.starts_with("unknown field") {
        "the body has a member that this path does not take"
    } else if text.starts_with("missing field") {
        "the body lacks a member that this path needs"
    } else if text.starts_with("duplicate field") {
        "a member of the body is repeated"
    } else {
        "a member of the body is not of its type, or has a value that it cannot have"
    }
}
