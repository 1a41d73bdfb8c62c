//! What the authorization endpoint answers instead of a code (RFC 6749 §4.1.2.1, OIDC Core §3.1.2.6).

use crate::protocol::error::{ErrorCode, Refusal};

/// A request that is answered by an error, at the client's redirect URI.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct Denial {
    /// The `error` of the answer.
    pub code: DenialCode,
    /// Fixed text of ours: nothing that a request said is given back (CORE-12).
    pub description: &'static str,
}

/// The `error` values of the authorization endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DenialCode {
    /// RFC 6749 §4.1.2.1.
    InvalidRequest,
    /// RFC 6749 §4.1.2.1.
    UnauthorizedClient,
    /// RFC 6749 §4.1.2.1: the user or this server said no.
    AccessDenied,
    /// RFC 6749 §4.1.2.1.
    UnsupportedResponseType,
    /// RFC 6749 §4.1.2.1.
    InvalidScope,
    /// RFC 8707 §2.
    InvalidTarget,
    /// RFC 6749 §4.1.2.1: a redirect has no status.
    ServerError,
    /// RFC 6749 §4.1.2.1: a redirect has no status.
    TemporarilyUnavailable,
    /// OIDC Core §3.1.2.6: nobody is signed in, and nobody may be asked to.
    LoginRequired,
    /// OIDC Core §3.1.2.6: the user must agree, and may not be asked to.
    ConsentRequired,
    /// OIDC Core §3.1.2.6.
    RequestNotSupported,
    /// OIDC Core §3.1.2.6.
    RequestUriNotSupported,
    /// OIDC Core §3.1.2.6.
    RegistrationNotSupported,
    /// OpenID Connect Core Error Code `unmet_authentication_requirements`.
    UnmetAuthenticationRequirements,
}

impl Denial {
    /// A denial.
    pub const fn new(code: DenialCode, description: &'static str) -> Self {
        Self { code, description }
    }

    /// The request itself is wrong.
    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new(DenialCode::InvalidRequest, description)
    }

    /// The client may try again.
    pub const fn unavailable(description: &'static str) -> Self {
        Self::new(DenialCode::TemporarilyUnavailable, description)
    }
}

impl DenialCode {
    /// The value as it stands in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
        }
    }
}

impl From<Refusal> for Denial {
    /// What the rules that every grant shares refuse.
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code {
            ErrorCode::InvalidScope => DenialCode::InvalidScope,
            ErrorCode::InvalidTarget => DenialCode::InvalidTarget,
            ErrorCode::UnauthorizedClient | ErrorCode::InvalidClient => {
                DenialCode::UnauthorizedClient
            }
            ErrorCode::ServerError => DenialCode::ServerError,
            ErrorCode::TemporarilyUnavailable | ErrorCode::TooManyRequests => {
                DenialCode::TemporarilyUnavailable
            }
            _ => DenialCode::InvalidRequest,
        };
        Self::new(code, refusal.description)
    }
}
