//! What the gate answers: the one map from outcomes to status, headers and body. Must not decide
//! anything.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::asked::Misconfigured;
use super::bearer::NoBearer;
use super::identity::Identity;

/// What becomes of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It may go on, as whom the headers say.
    Passed(Identity),
    /// It carries no token that could be looked at.
    NoBearer(NoBearer),
    /// Its token is no good, for a reason that stays here.
    Invalid(&'static str),
    /// Its token does not reach so far.
    ScopeNeeded(String),
    /// The gate knows too little at the moment, and for so many seconds.
    Unavailable(&'static str, u64),
    /// The proxy asks for something that the gate must not guess at.
    Misconfigured(Misconfigured),
}

impl Outcome {
    /// A name for metrics and the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::NoBearer(NoBearer::Absent) => "no_token",
            Self::NoBearer(NoBearer::Malformed) => "malformed",
            Self::Invalid(_) => "invalid_token",
            Self::ScopeNeeded(_) => "insufficient_scope",
            Self::Unavailable(..) => "unavailable",
            Self::Misconfigured(_) => "misconfigured",
        }
    }

    /// Why, for the log.
    pub(super) fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(reason) | Self::Unavailable(reason, _) => Some(reason),
            _ => None,
        }
    }

    /// The answer. Its challenge is of `realm` (RFC 6750 §3).
    pub(super) fn answer(self, realm: &str) -> Response<String> {
        match self {
            Self::Passed(identity) => pass(identity),
            // BRR-02: no error where no credentials were sent.
            Self::NoBearer(NoBearer::Absent) => {
                challenge(StatusCode::UNAUTHORIZED, "invalid_token", &format!("realm=\"{realm}\""))
            }
            Self::NoBearer(NoBearer::Malformed) => {
                let error = "invalid_request";
                challenge(StatusCode::BAD_REQUEST, error, &with_error(realm, error))
            }
            Self::Invalid(_) => {
                let error = "invalid_token";
                challenge(StatusCode::UNAUTHORIZED, error, &with_error(realm, error))
            }
            Self::ScopeNeeded(scope) => {
                let error = "insufficient_scope";
                let about = format!("{}, scope=\"{scope}\"", with_error(realm, error));
                challenge(StatusCode::FORBIDDEN, error, &about)
            }
            Self::Unavailable(_, seconds) => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let mut response = error(status, "temporarily_unavailable");
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
                response
            }
            Self::Misconfigured(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "misconfigured"),
        }
    }
}

/// All four are always there: a proxy puts them in the place of what its client sent.
fn pass(identity: Identity) -> Response<String> {
    let mut response = Response::new(String::new());
    let Identity { subject, client, scope, session } = identity;
    for (name, value) in [(SUBJECT, subject), (CLIENT, client), (SCOPE, scope), (SESSION, session)]
    {
        response.headers_mut().insert(name, value);
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with_error(realm: &str, error: &str) -> String {
    format!("realm=\"{realm}\", error=\"{error}\"")
}

fn challenge(status: StatusCode, code: &'static str, about: &str) -> Response<String> {
    let mut response = error(status, code);
    // A realm and scopes are printable, so this is always a value.
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {about}")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

fn error(status: StatusCode, code: &'static str) -> Response<String> {
    let mut response = Response::new(format!("{{\"error\":\"{code}\"}}"));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");
const CLIENT: HeaderName = HeaderName::from_static("x-auth-client");
const SCOPE: HeaderName = HeaderName::from_static("x-auth-scope");
const SESSION: HeaderName = HeaderName::from_static("x-auth-session");

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, challenge and body of an outcome.
    fn answered(outcome: Outcome) -> (u16, String, String) {
        let response = outcome.answer("the orders");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let challenge = response.headers().get(WWW_AUTHENTICATE);
        let challenge = challenge.map_or("", |value| value.to_str().unwrap()).to_owned();
        (response.status().as_u16(), challenge, response.into_body())
    }

    #[test]
    fn every_refusal_has_its_status_and_challenge() {
        // BRR-02, C026
        let invalid = r#"Bearer realm="the orders", error="invalid_token""#;
        let request = r#"Bearer realm="the orders", error="invalid_request""#;
        let scope = r#"Bearer realm="the orders", error="insufficient_scope", scope="read write""#;
        for (outcome, status, challenge, code) in [
            (
                Outcome::NoBearer(NoBearer::Absent),
                401,
                r#"Bearer realm="the orders""#,
                "invalid_token",
            ),
            (Outcome::NoBearer(NoBearer::Malformed), 400, request, "invalid_request"),
            (Outcome::Invalid("revoked"), 401, invalid, "invalid_token"),
            (Outcome::ScopeNeeded("read write".to_owned()), 403, scope, "insufficient_scope"),
            (Outcome::Unavailable("stale", 5), 503, "", "temporarily_unavailable"),
            (Outcome::Misconfigured(Misconfigured::Empty), 500, "", "misconfigured"),
        ] {
            let name = outcome.name();
            let body = format!("{{\"error\":\"{code}\"}}");
            assert_eq!(answered(outcome), (status, challenge.to_owned(), body), "{name}");
        }
    }

    #[test]
    fn who_cannot_be_judged_is_told_when_to_come_back() {
        for (seconds, told) in [(0, "1"), (1, "1"), (7, "7")] {
            let response = Outcome::Unavailable("not_ready", seconds).answer("api");
            assert_eq!(response.headers()[RETRY_AFTER], told);
        }
    }

    #[test]
    fn no_refusal_says_who_somebody_is() {
        for outcome in [Outcome::Invalid("revoked"), Outcome::NoBearer(NoBearer::Absent)] {
            let response = outcome.answer("api");
            assert!(!response.headers().keys().any(|name| name.as_str().starts_with("x-auth")));
        }
    }
}
