//! Cross-origin requests (WEB-03): public documents for everybody, the endpoints of scripts for the
//! origins that some client registered, nothing for administration.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderValue, Method, StatusCode};

use super::App;
use crate::protocol::client::ClientStatus;

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

/// What the layer of one path knows.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) app: App,
    pub(super) sharing: Sharing,
    pub(super) methods: &'static str,
}

/// Answers preflights, and lets the right origins read the answers, errors included.
pub(super) async fn share(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let allowed = origin.and_then(|origin| shared.allow(&origin));
    let mut response = match &allowed {
        Some(_) if preflight => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    if shared.sharing == Sharing::Registered {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if preflight {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(shared.methods));
            let allowed = HeaderValue::from_static("authorization, content-type");
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        } else {
            // Without this a script sees neither when to come again nor why it was refused.
            let exposed = HeaderValue::from_static("retry-after, www-authenticate, x-request-id");
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }
    response
}

impl Shared {
    /// The value of `Access-Control-Allow-Origin` for this origin.
    fn allow(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match self.sharing {
            Sharing::None => None,
            Sharing::Everybody => Some(HeaderValue::from_static("*")),
            Sharing::Registered => {
                let text = origin.to_str().ok()?;
                let known = self.app.server.memory.last_known()?;
                let registered = known
                    .clients()
                    .filter(|client| client.status != ClientStatus::Disabled)
                    .any(|client| client.settings.origins.iter().any(|o| o.as_str() == text));
                registered.then(|| origin.clone())
            }
        }
    }
}

/// The methods of the paths that scripts may use.
pub(super) const METHODS: &str = "GET, POST, DELETE";
