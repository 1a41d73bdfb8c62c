//! Refusals: what the client is told, and what only the log is told.

use super::reason::Reason;

/// A request was understood and refused. Nothing was stored, consumed or lost, unless the
/// [`Reason`] says so.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct Refusal {
    /// The `error` member of the answer.
    pub code: ErrorCode,
    /// The `error_description`: fixed text of ours, so that nothing a client sent is echoed
    /// (CORE-12) and no two causes that must look alike differ.
    pub description: &'static str,
    /// Why, for the log, the audit trail and the metrics.
    pub reason: Reason,
}

impl Refusal {
    /// A refusal.
    pub const fn new(code: ErrorCode, description: &'static str, reason: Reason) -> Self {
        Self { code, description, reason }
    }

    /// RFC 6749 §5.2: the request itself is wrong.
    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidRequest, description, Reason::Malformed)
    }

    /// RFC 6749 §5.2: client authentication failed; one text for every cause.
    pub const fn invalid_client(reason: Reason) -> Self {
        Self::new(ErrorCode::InvalidClient, "client authentication failed", reason)
    }

    /// RFC 6749 §5.2: the refresh token does not work; one text for every cause.
    pub const fn invalid_grant(reason: Reason) -> Self {
        let text = "the refresh token is invalid, expired or revoked";
        Self::new(ErrorCode::InvalidGrant, text, reason)
    }

    /// RFC 6749 §5.2: the authorization code does not work; one text for every cause (C085).
    pub const fn invalid_code(reason: Reason) -> Self {
        let text = "the authorization code is invalid, expired or used, or not for this request";
        Self::new(ErrorCode::InvalidGrant, text, reason)
    }

    /// Wrong user name or password; one text for every cause (C060).
    pub const fn wrong_credentials(reason: Reason) -> Self {
        Self::new(ErrorCode::InvalidGrant, "the user name or password is wrong", reason)
    }

    /// RFC 6749 §5.2: the scope is unknown, or exceeds what is granted.
    pub const fn invalid_scope() -> Self {
        let text = "the scope is unknown, or more than may be granted";
        Self::new(ErrorCode::InvalidScope, text, Reason::ScopeNotAllowed)
    }

    /// RFC 8707 §2: the resource is unknown, or not this client's.
    pub const fn invalid_target(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidTarget, description, Reason::ResourceNotAllowed)
    }

    /// RFC 6750 §3.1: the access token does not work; one text for every cause.
    pub const fn invalid_token(reason: Reason) -> Self {
        let text = "the access token is invalid, expired or revoked";
        Self::new(ErrorCode::InvalidToken, text, reason)
    }
}

/// The `error` values that this server answers with. Their statuses and headers are chosen in one
/// place, the error map of the `http` module.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorCode {
    /// RFC 6749 §5.2.
    InvalidRequest,
    /// RFC 6749 §5.2.
    InvalidClient,
    /// RFC 6749 §5.2.
    InvalidGrant,
    /// RFC 6749 §5.2.
    UnauthorizedClient,
    /// RFC 6749 §5.2.
    UnsupportedGrantType,
    /// RFC 6749 §5.2.
    InvalidScope,
    /// RFC 8707 §2.
    InvalidTarget,
    /// RFC 6750 §3.1.
    InvalidToken,
    /// RFC 6750 §3.1.
    InsufficientScope,
    /// A request for a protected path without any token: 401 without an `error` parameter in the
    /// challenge (RFC 6750 §3.1).
    MissingToken,
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 408.
    RequestTimeout,
    /// 409.
    Conflict,
    /// 413.
    ContentTooLarge,
    /// 415.
    UnsupportedMediaType,
    /// 429, with Retry-After.
    TooManyRequests,
    /// 500.
    ServerError,
    /// 503, with Retry-After.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// Every code, for the table-driven tests of the error map.
    pub const EVERY: [Self; 19] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::MissingToken,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Conflict,
        Self::ContentTooLarge,
        Self::UnsupportedMediaType,
        Self::TooManyRequests,
        Self::ServerError,
        Self::TemporarilyUnavailable,
    ];

    /// The value as it stands in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidToken | Self::MissingToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::Conflict => "conflict",
            Self::ContentTooLarge => "content_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::TooManyRequests => "too_many_requests",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}
