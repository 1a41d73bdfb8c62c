//! The one map from errors to answers: status, headers, body (standards: error matrix).

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::flows::error::FlowError;
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::reason::Reason;

/// An error on its way out.
#[derive(Clone, Debug)]
pub(super) struct HttpError {
    error: FlowError,
    /// The scope that was missing, for the challenge (RFC 6750 §3.1).
    scope: Option<&'static str>,
    /// Whether it is about how an access token was sent (RFC 6750 §3).
    of_bearer: bool,
}

impl HttpError {
    /// The machine reason.
    pub(super) fn reason(&self) -> &'static str {
        self.error.reason()
    }
}

/// The machine reason of a refused request, for the access log.
#[derive(Clone, Copy)]
pub(super) struct ReasonOf(pub(super) &'static str);

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: &'static str,
}

impl HttpError {
    /// The error of a path that needs `scope`.
    pub(super) fn with_scope(error: FlowError, scope: &'static str) -> Self {
        Self { error, scope: Some(scope), of_bearer: false }
    }

    /// A refusal that only HTTP knows: the wrong method, path, type or size.
    pub(super) const fn plain(code: ErrorCode, description: &'static str) -> Self {
        let refusal = Refusal::new(code, description, Reason::Malformed);
        Self { error: FlowError::Refused(refusal), scope: None, of_bearer: false }
    }

    /// This error, about how an access token was sent.
    pub(super) fn of_bearer(self) -> Self {
        Self { of_bearer: true, ..self }
    }

    /// What is refused, if that is what happened.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        match &self.error {
            FlowError::Refused(refusal) => Some(*refusal),
            _ => None,
        }
    }

    /// The error itself.
    pub(super) fn error(&self) -> &FlowError {
        &self.error
    }

    /// The status of a page about it: a browser that gets 401 asks for a password of its own.
    pub(super) fn page_status(&self) -> StatusCode {
        match status(self.parts().0) {
            StatusCode::UNAUTHORIZED => StatusCode::BAD_REQUEST,
            status => status,
        }
    }

    /// Adds what every answer about it says, whatever its body: when to come again, and why, for the
    /// log.
    pub(super) fn note(&self, response: &mut Response) {
        if let (_, _, Some(wait)) = self.parts() {
            // Rounded up: a client that comes a moment too early would be refused again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(ReasonOf(self.error.reason()));
    }

    /// The code, the text and the wait that the answer tells of.
    fn parts(&self) -> (ErrorCode, &'static str, Option<Duration>) {
        match &self.error {
            FlowError::Refused(refusal) => (refusal.code, refusal.description, None),
            FlowError::TooMany { retry_after, .. } => {
                let text = "too many requests: try again later";
                (ErrorCode::TooManyRequests, text, Some(*retry_after))
            }
            FlowError::Full { retry_after } => {
                let text = "every place is taken: try again later, or poll";
                (ErrorCode::TemporarilyUnavailable, text, Some(*retry_after))
            }
            FlowError::ScopeNeeded(_) => {
                let text =
                    "the access token does not carry every scope that this change gives away";
                (ErrorCode::InsufficientScope, text, None)
            }
            FlowError::Unavailable | FlowError::WrongClock => {
                let text = "the server cannot do this at the moment: try again";
                (ErrorCode::TemporarilyUnavailable, text, Some(UNAVAILABLE_RETRY))
            }
            FlowError::Internal => (ErrorCode::ServerError, "the server failed", None),
        }
    }

    /// The challenge that goes with 401, and with 403 for a scope (RFC 6749 §5.2, RFC 6750 §3).
    fn challenge(&self, code: ErrorCode) -> Option<String> {
        match code {
            ErrorCode::InvalidClient => Some(r#"Basic realm="chancery", charset="UTF-8""#.into()),
            ErrorCode::MissingToken => Some(r#"Bearer realm="chancery""#.into()),
            ErrorCode::InvalidToken => {
                Some(r#"Bearer realm="chancery", error="invalid_token""#.into())
            }
            // RFC 6750 §3.1
            ErrorCode::InvalidRequest if self.of_bearer => {
                Some(r#"Bearer realm="chancery", error="invalid_request""#.into())
            }
            ErrorCode::InsufficientScope => {
                let needed = match &self.error {
                    FlowError::ScopeNeeded(scopes) => Some(scopes.to_string()),
                    _ => self.scope.map(str::to_owned),
                };
                let scope = needed.map(|scope| format!(r#", scope="{scope}""#));
                let scope = scope.unwrap_or_default();
                Some(format!(r#"Bearer realm="chancery", error="insufficient_scope"{scope}"#))
            }
            _ => None,
        }
    }
}

/// The status of a code, wherever it arises.
fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidRequest
        | ErrorCode::InvalidGrant
        | ErrorCode::UnauthorizedClient
        | ErrorCode::UnsupportedGrantType
        | ErrorCode::InvalidScope
        | ErrorCode::InvalidTarget => StatusCode::BAD_REQUEST,
        ErrorCode::InvalidClient | ErrorCode::InvalidToken | ErrorCode::MissingToken => {
            StatusCode::UNAUTHORIZED
        }
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        ErrorCode::Conflict => StatusCode::CONFLICT,
        ErrorCode::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let (code, error_description, _) = self.parts();
        let body = Body { error: code.as_str(), error_description };
        let mut response = (status(code), Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(value) = self.challenge(code).and_then(|text| text.parse().ok()) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        self.note(&mut response);
        response
    }
}

impl From<FlowError> for HttpError {
    fn from(error: FlowError) -> Self {
        Self { error, scope: None, of_bearer: false }
    }
}

impl From<Refusal> for HttpError {
    fn from(refusal: Refusal) -> Self {
        FlowError::from(refusal).into()
    }
}

const UNAVAILABLE_RETRY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, and how the challenge begins, for every code (error matrix).
    const MATRIX: [(ErrorCode, u16, &str); 19] = [
        (ErrorCode::InvalidRequest, 400, ""),
        (ErrorCode::InvalidClient, 401, "Basic "),
        (ErrorCode::InvalidGrant, 400, ""),
        (ErrorCode::UnauthorizedClient, 400, ""),
        (ErrorCode::UnsupportedGrantType, 400, ""),
        (ErrorCode::InvalidScope, 400, ""),
        (ErrorCode::InvalidTarget, 400, ""),
        (ErrorCode::InvalidToken, 401, "Bearer "),
        (ErrorCode::InsufficientScope, 403, "Bearer "),
        (ErrorCode::MissingToken, 401, "Bearer "),
        (ErrorCode::NotFound, 404, ""),
        (ErrorCode::MethodNotAllowed, 405, ""),
        (ErrorCode::RequestTimeout, 408, ""),
        (ErrorCode::Conflict, 409, ""),
        (ErrorCode::ContentTooLarge, 413, ""),
        (ErrorCode::UnsupportedMediaType, 415, ""),
        (ErrorCode::TooManyRequests, 429, ""),
        (ErrorCode::ServerError, 500, ""),
        (ErrorCode::TemporarilyUnavailable, 503, ""),
    ];

    #[test]
    fn every_code_has_its_status_and_challenge_and_is_never_stored() {
        assert!(ErrorCode::EVERY.iter().all(|code| MATRIX.iter().any(|row| row.0 == *code)));
        for (code, expected, challenge) in MATRIX {
            let response = HttpError::plain(code, "text").into_response();
            assert_eq!(response.status().as_u16(), expected, "{code:?}");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
            let sent = response.headers().get(WWW_AUTHENTICATE);
            let sent = sent.map_or("", |value| value.to_str().unwrap());
            assert_eq!(sent.is_empty(), challenge.is_empty(), "{code:?}");
            assert!(sent.starts_with(challenge), "{code:?}: {sent}");
        }
    }

    #[test]
    fn a_request_without_a_token_is_challenged_without_an_error() {
        // BRR-02
        let challenge =
            HttpError::plain(ErrorCode::MissingToken, "").challenge(ErrorCode::MissingToken);
        assert_eq!(challenge.as_deref(), Some(r#"Bearer realm="chancery""#));
    }

    #[test]
    fn a_token_that_was_sent_wrongly_is_challenged_with_the_error() {
        let response = HttpError::from(Refusal::invalid_request("text")).of_bearer();
        let response = response.into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let expected = r#"Bearer realm="chancery", error="invalid_request""#;
        assert_eq!(response.headers()[WWW_AUTHENTICATE], expected);
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_rounded_up() {
        let error = FlowError::too_soon_for_account(Duration::from_millis(1_200));
        let response = HttpError::from(error).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        let response = HttpError::from(FlowError::Unavailable).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }
}
