//! Cross-origin requests (WEB-03): public documents for everybody, the endpoints of scripts for the
//! origins that some client registered, nothing for administration.

use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::flows::error::FlowError;
use crate::flows::server::Server;

/// Who may read the answers of a path from a script.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sharing {
    /// Nobody.
    None,
    /// Everybody, without credentials.
    Everybody,
    /// The origins that a client registered, unless it is disabled.
    Registered,
}

/// What a request for a path asks of this, and is given.
pub(super) struct Shared {
    sharing: Sharing,
    preflight: bool,
    /// The value of `Access-Control-Allow-Origin`, if the origin may read the answer.
    allowed: Option<HeaderValue>,
}

impl Sharing {
    /// What a request of this method and these headers may have. Fails where its origin would have to
    /// be looked up and cannot be: a script would lose the answer, and a token in it.
    pub(super) async fn with(
        self,
        server: &Server,
        (method, headers): (&Method, &HeaderMap),
    ) -> Result<Shared, FlowError> {
        let preflight =
            method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let allowed = match headers.get(ORIGIN) {
            Some(origin) if self.allows(server, origin).await? => Some(self.named(origin)),
            _ => None,
        };
        Ok(Shared { sharing: self, preflight, allowed })
    }

    async fn allows(self, server: &Server, origin: &HeaderValue) -> Result<bool, FlowError> {
        match (self, origin.to_str(), server.memory.last_known()) {
            (Self::Everybody, ..) => Ok(true),
            (Self::Registered, Ok(text), Some(known)) => known.has_origin(text).await,
            _ => Ok(false),
        }
    }

    /// What is said to an origin that is allowed.
    fn named(self, origin: &HeaderValue) -> HeaderValue {
        if self == Self::Everybody { HeaderValue::from_static("*") } else { origin.clone() }
    }
}

impl Shared {
    /// Whether it is a preflight of an origin that may go on.
    pub(super) fn is_preflight(&self) -> bool {
        self.preflight && self.allowed.is_some()
    }

    /// The answer to one.
    pub(super) fn preflight() -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        let allowed = HeaderValue::from_static("authorization, content-type");
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        response
    }

    /// Lets the right origins read the answer, an error included.
    pub(super) fn mark(self, headers: &mut HeaderMap) {
        if self.sharing == Sharing::Registered {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        let is_preflight = self.is_preflight();
        let Some(origin) = self.allowed else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if !is_preflight {
            // Without this a script sees neither when to come again nor why it was refused.
            let exposed = HeaderValue::from_static("retry-after, www-authenticate, x-request-id");
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }
}

/// The methods of the paths that scripts may use.
const METHODS: &str = "GET, POST, DELETE";
