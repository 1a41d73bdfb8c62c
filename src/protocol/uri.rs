//! URIs that name things: the issuer and the resources.

use std::fmt;

use url::{Host, Url};

/// This server's name (RFC 8414 §2): compared character by character, never derived from a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issuer(Box<str>);

/// An API's name (RFC 8707 §2), the `aud` of the tokens that are for it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ResourceUri(Box<str>);

/// A browser origin (RFC 6454) from which scripts may call, in the one spelling that browsers send.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct WebOrigin(Box<str>);

/// The text cannot name what it should.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadUri {
    /// Not an absolute URI.
    #[error("is not an absolute URI")]
    NotAbsolute,
    /// An issuer that is neither `https` nor `http`.
    #[error("must be an https or http URL with a host")]
    Scheme,
    /// It carries a query, which RFC 8414 §2 forbids in an issuer.
    #[error("must not have a query")]
    Query,
    /// It carries a fragment (RFC 8414 §2, RFC 8707 §2).
    #[error("must not have a fragment")]
    Fragment,
    /// A password in an identifier would be printed in every token.
    #[error("must not have a user name or password")]
    Credentials,
    /// Paths are appended to the issuer, so that a trailing slash would double.
    #[error("must not end with a slash")]
    TrailingSlash,
    /// White space or control characters.
    #[error("must be printable ASCII without spaces")]
    Characters,
    /// Longer than 512 bytes.
    #[error("must be at most 512 bytes long")]
    Length,
    /// A link that does not lead to a page by TLS.
    #[error("must be an https URL")]
    Page,
    /// It would be called in clear over the network.
    #[error("must be https, or http on this machine")]
    Backchannel,
}

impl Issuer {
    /// Parses an issuer URL.
    pub fn parse(text: &str) -> Result<Self, BadUri> {
        let url = absolute(text)?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(BadUri::Scheme);
        }
        if url.query().is_some() {
            return Err(BadUri::Query);
        }
        if text.ends_with('/') {
            return Err(BadUri::TrailingSlash);
        }
        Ok(Self(text.into()))
    }

    /// The issuer as it stands in tokens and metadata.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin that browsers say a page of it has (RFC 6454 §6.2).
    pub fn origin(&self) -> String {
        Url::parse(&self.0).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }

    /// The URL of `path`, which begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The path of the issuer, empty at the root: where well-known documents are inserted before
    /// (RFC 8414 §3.1).
    pub fn path(&self) -> String {
        Url::parse(&self.0)
            .map_or_else(|_| String::new(), |url| url.path().trim_end_matches('/').to_owned())
    }

    /// Whether browsers and clients reach it by TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Whether the host is this machine alone.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }

    /// The resource that the admin API is.
    pub fn admin_resource(&self) -> ResourceUri {
        ResourceUri(self.join("/admin").into())
    }

    /// The issuer as a resource of its own: `/sessions`, and later `userinfo`.
    pub fn own_resource(&self) -> ResourceUri {
        ResourceUri(self.0.clone())
    }
}

impl ResourceUri {
    /// Parses a resource indicator.
    pub fn parse(text: &str) -> Result<Self, BadUri> {
        absolute(text)?;
        Ok(Self(text.into()))
    }

    /// The URI as it stands in `aud`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl WebOrigin {
    /// Parses an origin. Any other spelling than the browsers' would never match (RFC 6454 §7.1).
    pub fn parse(text: &str) -> Option<Self> {
        let url = absolute(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
        (url.origin().ascii_serialization() == text).then(|| Self(text.into()))
    }

    /// The origin's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ResourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the host is this machine alone.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The text as an absolute URI without fragment and credentials. It is checked, not rewritten: both
/// sides of every comparison are the text that somebody registered.
pub(super) fn absolute(text: &str) -> Result<Url, BadUri> {
    if text.len() > 512 {
        return Err(BadUri::Length);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(BadUri::Characters);
    }
    let url = Url::parse(text).map_err(|_| BadUri::NotAbsolute)?;
    if url.fragment().is_some() {
        return Err(BadUri::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadUri::Credentials);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_kept_to_the_character() {
        let issuer = Issuer::parse("https://as.example/tenant").unwrap();
        assert_eq!(issuer.as_str(), "https://as.example/tenant");
        assert_eq!(issuer.path(), "/tenant");
        assert_eq!(issuer.join("/oauth/token"), "https://as.example/tenant/oauth/token");
        assert_eq!(Issuer::parse("https://as.example").unwrap().path(), "");
    }

    #[test]
    fn an_issuer_that_cannot_be_joined_or_compared_is_refused() {
        for (text, why) in [
            ("as.example", BadUri::NotAbsolute),
            ("ftp://as.example", BadUri::Scheme),
            ("https://as.example/?q", BadUri::Query),
            ("https://as.example#f", BadUri::Fragment),
            ("https://u:p@as.example", BadUri::Credentials),
            ("https://as.example/", BadUri::TrailingSlash),
            ("https://as .example", BadUri::Characters),
        ] {
            assert_eq!(Issuer::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn loopback_is_told_from_names_that_look_like_it() {
        for text in ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:1"] {
            assert!(Issuer::parse(text).unwrap().is_loopback(), "{text}");
        }
        for text in ["http://localhost.example", "http://10.0.0.1", "https://as.example"] {
            assert!(!Issuer::parse(text).unwrap().is_loopback(), "{text}");
        }
    }

    #[test]
    fn a_resource_is_absolute_and_has_no_fragment() {
        // RES-01
        assert!(ResourceUri::parse("https://api.example/v1?x=1").is_ok());
        assert!(ResourceUri::parse("urn:example:api").is_ok());
        for text in ["api", "/api", "https://api.example/#f", "", "https://a b"] {
            assert!(ResourceUri::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_spelling_that_browsers_send_is_an_origin() {
        for text in ["https://app.example", "https://app.example:8443", "http://localhost:3000"] {
            assert_eq!(WebOrigin::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "*",
            "null",
            "app.example",
            "https://app.example/",
            "https://APP.example",
            "https://app.example:443",
            "https://user@app.example",
            "file:///etc",
        ] {
            assert!(WebOrigin::parse(text).is_none(), "{text}");
        }
    }
}
