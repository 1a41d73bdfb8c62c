//! What the gate answers: the one map from outcomes to status and headers. Must not decide anything.

use chancery_verifier::Rejection;
use chancery_verifier::tower::Refusal;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::asked::Misconfigured;
use super::identity::Identity;

/// What becomes of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It may go on, as whom the headers say.
    Passed(Identity),
    /// It may not, as any API with the verifier would say.
    Refused(Refusal),
    /// The proxy asks for something that the gate must not guess at.
    Misconfigured(Misconfigured),
}

impl Outcome {
    /// A name for metrics and the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::Refused(Refusal::Missing) => "no_token",
            Self::Refused(Refusal::Request(_)) => "malformed",
            Self::Refused(Refusal::Bound | Refusal::Token(Rejection::Invalid(_))) => {
                "invalid_token"
            }
            Self::Refused(Refusal::Token(Rejection::InsufficientScope { .. })) => {
                "insufficient_scope"
            }
            Self::Refused(_) => "unavailable",
            Self::Misconfigured(_) => "misconfigured",
        }
    }

    /// Why, for the log.
    pub(super) fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Refused(refusal) => Some(refusal.reason()),
            _ => None,
        }
    }

    /// The answer. Its challenge is of `realm` (RFC 6750 §3).
    pub(super) fn answer(self, realm: &str) -> Response<String> {
        match self {
            Self::Passed(identity) => pass(identity),
            Self::Refused(refusal) => refuse(&refusal, realm),
            Self::Misconfigured(_) => misconfigured(),
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

fn refuse(refusal: &Refusal, realm: &str) -> Response<String> {
    let mut response: Response<String> = refusal.answer(realm);
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().entry(RETRY_AFTER).or_insert(NO_FEED_WAIT);
    }
    response
}

fn misconfigured() -> Response<String> {
    let mut response = Response::new(r#"{"error":"misconfigured"}"#.to_owned());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An issuer may get a feed; nobody knows when.
const NO_FEED_WAIT: HeaderValue = HeaderValue::from_static("60");
const SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");
const CLIENT: HeaderName = HeaderName::from_static("x-auth-client");
const SCOPE: HeaderName = HeaderName::from_static("x-auth-scope");
const SESSION: HeaderName = HeaderName::from_static("x-auth-session");

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chancery_verifier::Reason;
    use http::header::WWW_AUTHENTICATE;

    use super::*;

    fn refused(rejection: Rejection) -> Outcome {
        Outcome::Refused(Refusal::Token(rejection))
    }

    #[test]
    fn every_outcome_has_its_name_and_status() {
        let needed = "read write".to_owned();
        let retry_after = Duration::from_secs(7);
        for (outcome, status, name, wait) in [
            (Outcome::Refused(Refusal::Missing), 401, "no_token", ""),
            (Outcome::Refused(Refusal::Bound), 401, "invalid_token", ""),
            (Outcome::Refused(Refusal::Request("two of them")), 400, "malformed", ""),
            (refused(Rejection::Invalid(Reason::Expired)), 401, "invalid_token", ""),
            (refused(Rejection::InsufficientScope { needed }), 403, "insufficient_scope", ""),
            (refused(Rejection::Stale { retry_after }), 503, "unavailable", "7"),
            (refused(Rejection::NoFeed), 503, "unavailable", "60"),
            (Outcome::Misconfigured(Misconfigured::Empty), 500, "misconfigured", ""),
        ] {
            assert_eq!(outcome.name(), name);
            let response = outcome.answer("api");
            assert_eq!(response.status(), status, "{name}");
            let headers = response.headers();
            assert_eq!(headers.get(RETRY_AFTER).map_or("", |it| it.to_str().unwrap()), wait);
            assert_eq!(headers.contains_key(WWW_AUTHENTICATE), status < 500, "{name}");
            assert_eq!(headers[CACHE_CONTROL], "no-store");
            assert!(!headers.keys().any(|name| name.as_str().starts_with("x-auth")));
        }
    }
}
