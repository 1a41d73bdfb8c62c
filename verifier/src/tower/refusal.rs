//! How a request is refused (RFC 6750 §3). Must not tell more than its fixed texts.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use crate::Rejection;

/// Why a request does not pass.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// It has no token.
    Missing,
    /// It is not well-formed, in what respect.
    Request(&'static str),
    /// It claims to prove its token's key, which is not checked here.
    Bound,
    /// Its token is not accepted.
    Token(Rejection),
}

impl Refusal {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Missing | Self::Bound => 401,
            Self::Request(_) => 400,
            Self::Token(rejection) => rejection.status(),
        }
    }

    /// The whole answer.
    pub fn answer<B: From<String>>(&self, realm: &str) -> Response<B> {
        let mut answer = Response::new(B::from(self.body()));
        *answer.status_mut() =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        let headers = answer.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.error().is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(challenge) = self.challenge(realm) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Self::Token(rejection) = self
            && let Some(seconds) = rejection.retry_after()
        {
            headers.insert(RETRY_AFTER, seconds.max(1).into());
        }
        answer
    }

    /// What is told: a code and a sentence. Nothing, where no token was sent (RFC 6750 §3.1).
    fn error(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Missing => None,
            Self::Request(_) => {
                Some(("invalid_request", "Send one access token, in the Authorization header"))
            }
            Self::Bound | Self::Token(Rejection::Invalid(_)) => {
                Some(("invalid_token", "The access token is not accepted"))
            }
            Self::Token(Rejection::InsufficientScope { .. }) => {
                Some(("insufficient_scope", "The access token lacks a scope"))
            }
            Self::Token(_) => {
                Some(("temporarily_unavailable", "Access tokens cannot be judged at the moment"))
            }
        }
    }

    fn body(&self) -> String {
        self.error().map_or_else(String::new, |(code, text)| {
            format!(r#"{{"error":"{code}","error_description":"{text}"}}"#)
        })
    }

    /// `WWW-Authenticate`; none where no other token would help.
    fn challenge(&self, realm: &str) -> Option<HeaderValue> {
        if self.status() == 503 {
            return None;
        }
        let mut parts = vec![format!("Bearer realm={}", quoted(realm))];
        if let Some((code, text)) = self.error() {
            parts.push(format!(r#"error="{code}""#));
            parts.push(format!(r#"error_description="{text}""#));
        }
        if let Self::Token(Rejection::InsufficientScope { needed }) = self {
            parts.push(format!("scope={}", quoted(needed)));
        }
        HeaderValue::try_from(parts.join(", ")).ok().or(Some(HeaderValue::from_static("Bearer")))
    }

    /// What the API's own log is told.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "no token",
            Self::Request(what) => what,
            Self::Bound => "a proof of possession, which is not supported",
            Self::Token(rejection) => rejection.as_str(),
        }
    }
}

/// A quoted string (RFC 9110 §5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Reason;

    fn headers(refusal: &Refusal) -> (u16, String, String, String) {
        let answer: Response<String> = refusal.answer("a \"realm\"");
        let header = |name| match answer.headers().get(name) {
            Some(value) => HeaderValue::to_str(value).unwrap().to_owned(),
            None => String::new(),
        };
        assert_eq!(header(CACHE_CONTROL), "no-store");
        let body = answer.body().clone();
        (answer.status().as_u16(), header(WWW_AUTHENTICATE), header(RETRY_AFTER), body)
    }

    #[test]
    fn brr_02_a_request_without_a_token_is_told_no_error() {
        let realm = r#"Bearer realm="a \"realm\"""#;
        assert_eq!(headers(&Refusal::Missing), (401, realm.into(), String::new(), String::new()));
    }

    #[test]
    fn every_other_refusal_has_its_code_and_a_fixed_text() {
        let invalid = headers(&Refusal::Token(Rejection::Invalid(Reason::Expired)));
        let description = "The access token is not accepted";
        assert_eq!(invalid.0, 401);
        assert!(
            invalid.1.ends_with(&format!(
                r#", error="invalid_token", error_description="{description}""#
            ))
        );
        let body = format!(r#"{{"error":"invalid_token","error_description":"{description}"}}"#);
        assert_eq!(invalid.3, body);
        assert_eq!(headers(&Refusal::Bound), invalid);

        let needed = "orders:read orders:write".to_owned();
        let scope = headers(&Refusal::Token(Rejection::InsufficientScope { needed }));
        assert_eq!(scope.0, 403);
        assert!(scope.1.contains(r#"error="insufficient_scope""#), "{}", scope.1);
        assert!(scope.1.ends_with(r#", scope="orders:read orders:write""#), "{}", scope.1);

        let request = headers(&Refusal::Request("two Authorization headers"));
        assert_eq!(request.0, 400);
        assert!(request.1.contains(r#"error="invalid_request""#), "{}", request.1);
    }

    #[test]
    fn where_no_token_would_help_there_is_no_challenge_but_a_time() {
        let retry_after = Duration::from_millis(1);
        for rejection in [Rejection::Stale { retry_after }, Rejection::NotReady { retry_after }] {
            let (status, challenge, after, body) = headers(&Refusal::Token(rejection));
            assert_eq!((status, challenge.as_str(), after.as_str()), (503, "", "1"));
            assert!(body.contains("temporarily_unavailable"), "{body}");
        }
        let (status, challenge, after, _) = headers(&Refusal::Token(Rejection::NoFeed));
        assert_eq!((status, challenge.as_str(), after.as_str()), (503, "", ""));
    }
}
