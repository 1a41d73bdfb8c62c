//! What the authorization endpoint answers to a client, and how it travels (RFC 6749 §4.1.2).

use zeroize::Zeroizing;

use super::{Denial, Manner, ResponseMode};
use crate::protocol::authorization_code::Code;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::uri::Issuer;

/// Where an answer goes, and how: settled before anything else, since only then may anything be told
/// to the client (CORE-01).
#[derive(Clone, Debug)]
pub struct Recipient {
    /// A registered redirect URI.
    pub redirect_uri: RedirectUri,
    /// How the answer is sent.
    pub manner: Manner,
}

/// An answer on its way to a client.
pub struct Answer {
    /// Where it goes.
    pub redirect_uri: RedirectUri,
    /// How it travels.
    pub mode: ResponseMode,
    /// Its parameters. `iss` is always one of them (RFC 9207 §2; C052).
    pub params: Vec<(&'static str, Zeroizing<String>)>,
}

impl Recipient {
    /// The answer to a request that was granted.
    pub fn grant(self, code: &Code, issuer: &Issuer) -> Answer {
        self.answer(vec![("code", code.encode())], issuer)
    }

    /// The answer to one that was not.
    pub fn deny(self, denial: Denial, issuer: &Issuer) -> Answer {
        let text = |text: &str| Zeroizing::new(text.to_owned());
        let error = ("error", text(denial.code.as_str()));
        self.answer(vec![error, ("error_description", text(denial.description))], issuer)
    }

    fn answer(self, mut params: Vec<(&'static str, Zeroizing<String>)>, issuer: &Issuer) -> Answer {
        if let Some(state) = self.manner.state {
            params.push(("state", Zeroizing::new(state)));
        }
        params.push(("iss", Zeroizing::new(issuer.as_str().to_owned())));
        // No form reaches an application by a scheme of its own.
        let mode = if self.redirect_uri.is_web() { self.manner.mode } else { ResponseMode::Query };
        Answer { redirect_uri: self.redirect_uri, mode, params }
    }
}

impl Answer {
    /// The parameters as text.
    pub fn fields(&self) -> Vec<(&str, &str)> {
        self.params.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Where the browser is sent with the parameters in the query.
    pub fn location(&self) -> Zeroizing<String> {
        Zeroizing::new(self.redirect_uri.with(&self.fields()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::DenialCode;
    use super::*;

    fn recipient(uri: &str, mode: ResponseMode, state: Option<&str>) -> Recipient {
        let manner = Manner { mode, state: state.map(str::to_owned) };
        Recipient { redirect_uri: RedirectUri::parse(uri).unwrap(), manner }
    }

    fn issuer() -> Issuer {
        Issuer::parse("https://as.example").unwrap()
    }

    #[test]
    fn c052_every_answer_says_who_gives_it() {
        let to = || recipient("https://app.example/cb?x=1", ResponseMode::Query, Some("a b"));
        let granted = to().grant(&Code::from_bytes([1; 32]), &issuer());
        let location = granted.location();
        assert!(location.starts_with("https://app.example/cb?x=1&code=chc_"), "{location:?}");
        assert!(location.ends_with("&state=a+b&iss=https%3A%2F%2Fas.example"), "{location:?}");
        let denial = Denial::new(DenialCode::AccessDenied, "no");
        let location = to().deny(denial, &issuer()).location();
        let expected = "https://app.example/cb?x=1&error=access_denied&error_description=no\
                        &state=a+b&iss=https%3A%2F%2Fas.example";
        assert_eq!(*location, expected);
    }

    #[test]
    fn c038_a_state_cannot_leave_its_parameter() {
        let state = "</script>\r\nSet-Cookie: a=b\0&code=x#\u{1f600}";
        let answer = recipient("https://app.example/cb", ResponseMode::Query, Some(state))
            .grant(&Code::from_bytes([1; 32]), &issuer());
        let location = answer.location();
        assert!(location.is_ascii() && !location.contains(['<', '\r', '\n', '#']), "{location:?}");
        let url = url::Url::parse(&location).unwrap();
        let params: Vec<_> = url.query_pairs().into_owned().collect();
        assert_eq!(params.len(), 3, "{params:?}");
        assert!(params.contains(&("state".to_owned(), state.to_owned())), "{params:?}");
    }

    #[test]
    fn an_application_without_a_web_server_is_answered_in_the_query() {
        let to = recipient("com.example.app:/cb", ResponseMode::FormPost, None);
        let answer = to.grant(&Code::from_bytes([1; 32]), &issuer());
        assert_eq!(answer.mode, ResponseMode::Query);
        assert!(answer.location().starts_with("com.example.app:/cb?code="));
    }
}
