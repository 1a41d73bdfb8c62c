//! The answers that the server gives in place of the router.
//! Must not import anything of the crate: the texts are fixed and hold nothing of the request.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

/// Why a request was not left to the router. Each closes the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Several Host headers, an invalid one, or none: RFC 9112 §3.2.
    Host,
    /// A transfer coding other than `chunked`, or it twice: RFC 9112 §6.1.
    TransferCoding,
    /// The body did not come in time: RFC 9110 §15.5.9.
    SlowBody,
    /// The body came, our answer did not.
    Overdue,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::BAD_REQUEST,
            Self::TransferCoding => StatusCode::NOT_IMPLEMENTED,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::Overdue => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// `error` and `error_description`.
    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Host => ("invalid_request", "exactly one valid Host header is required"),
            Self::TransferCoding => ("invalid_request", "the only transfer coding is chunked"),
            Self::SlowBody => ("request_timeout", "the request body did not arrive in time"),
            Self::Overdue => ("temporarily_unavailable", "the request took too long"),
        }
    }

    /// The texts need no escaping in JSON.
    fn body(self) -> String {
        let (error, description) = self.texts();
        format!(r#"{{"error":"{error}","error_description":"{description}"}}"#)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if self == Self::Overdue {
            tracing::warn!("a request was not answered in time");
        } else {
            tracing::debug!(reason = ?self, "a request was refused");
        }
        let mut response = (self.status(), self.body()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if self == Self::Overdue {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
