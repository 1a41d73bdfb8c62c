//! What a client has registered for signing people in with a browser (OIDC Registration §2).

use super::key::Algorithm;
use super::redirect_uri::RedirectUri;
use super::uri::{BadUri, absolute, is_loopback};

/// What a client has registered for signing people in with a browser, as an operator decides it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignIn {
    /// Where answers of the authorization endpoint may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where a browser may go after it was signed out (OIDC RP-Initiated Logout §3.1).
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where it is told that a session has ended (OIDC Back-Channel Logout §2.2).
    pub backchannel_logout_uri: Option<BackchannelUri>,
    /// Whether each of its authorization requests must carry a challenge (RFC 7636).
    pub pkce_required: bool,
    /// Whether people are not asked whether they agree, since it is the operator's own.
    pub skips_consent: bool,
    /// What its ID tokens are signed with.
    pub id_token_algorithm: Algorithm,
    /// What the answers of userinfo are signed with; none are plain JSON.
    pub userinfo_algorithm: Option<Algorithm>,
    /// Its own page.
    pub client_uri: Option<PageUri>,
    /// How it treats what it learns of people.
    pub policy_uri: Option<PageUri>,
    /// Its terms of service.
    pub tos_uri: Option<PageUri>,
}

/// A page for people, to which a page of ours has a link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageUri(Box<str>);

/// Where a client is told that sessions have ended: `https`, or `http` on this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BackchannelUri(Box<str>);

/// The most URIs of one list.
pub const MAX_REDIRECT_URIS: usize = 50;

impl Default for SignIn {
    /// What the standards take where nothing is registered.
    fn default() -> Self {
        Self {
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            pkce_required: true,
            skips_consent: false,
            id_token_algorithm: Algorithm::Rs256,
            userinfo_algorithm: None,
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
        }
    }
}

impl PageUri {
    /// Parses the URL of a page.
    pub fn parse(text: &str) -> Result<Self, BadUri> {
        absolute(text)?;
        if text.starts_with("https://") { Ok(Self(text.into())) } else { Err(BadUri::Page) }
    }

    /// The URL's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl BackchannelUri {
    /// Parses a URI that is to be called.
    pub fn parse(text: &str) -> Result<Self, BadUri> {
        let url = absolute(text)?;
        let here = text.starts_with("http://") && is_loopback(&url);
        if here || text.starts_with("https://") {
            Ok(Self(text.into()))
        } else {
            Err(BadUri::Backchannel)
        }
    }

    /// The URI's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_page_leads_to_a_page() {
        for text in ["https://app.example", "https://app.example:8443/legal?lang=de"] {
            assert_eq!(PageUri::parse(text).unwrap().as_str(), text);
        }
        let long = format!("https://app.example/{}", "x".repeat(500));
        for (text, why) in [
            ("", BadUri::NotAbsolute),
            ("/legal", BadUri::NotAbsolute),
            ("http://app.example", BadUri::Page),
            ("https:app.example", BadUri::Page),
            ("javascript:alert(1)", BadUri::Page),
            ("https://u:p@app.example", BadUri::Credentials),
            ("https://app.example/a b", BadUri::Characters),
            (long.as_str(), BadUri::Length),
        ] {
            assert_eq!(PageUri::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn nothing_is_called_in_clear_over_the_network() {
        for text in [
            "https://app.example/logout?tenant=1",
            "http://127.0.0.1:4711/logout",
            "http://[::1]/logout",
            "http://localhost:3000/logout",
        ] {
            assert_eq!(BackchannelUri::parse(text).unwrap().as_str(), text);
        }
        for (text, why) in [
            ("http://app.example/logout", BadUri::Backchannel),
            ("http://localhost.example/logout", BadUri::Backchannel),
            ("http:localhost/logout", BadUri::Backchannel),
            ("ftp://localhost/logout", BadUri::Backchannel),
            ("com.example.app:/logout", BadUri::Backchannel),
            ("https://app.example/logout#f", BadUri::Fragment),
            ("https://u@app.example/logout", BadUri::Credentials),
        ] {
            assert_eq!(BackchannelUri::parse(text), Err(why), "{text}");
        }
    }
}
