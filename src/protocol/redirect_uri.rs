//! Redirect URIs (RFC 6749 §3.1.2): where an answer of the authorization endpoint may go. Compared
//! character by character; only the port of a loopback address may vary (RFC 8252 §7.3, O21-01).

use std::fmt;

use url::{Host, Url};

/// A redirect URI, as a client registered it or as a request named it and it was found registered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RedirectUri(Box<str>);

/// The text cannot be registered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadRedirectUri {
    /// Not an absolute URI, or one that browsers rewrite: what is compared must be what is visited.
    #[error("is not an absolute URI in the spelling that browsers use")]
    Spelling,
    /// Longer than 512 bytes.
    #[error("must be at most 512 bytes long")]
    Length,
    /// It carries a fragment (RFC 6749 §3.1.2).
    #[error("must not have a fragment")]
    Fragment,
    /// It carries a user name or password.
    #[error("must not have a user name or password")]
    Credentials,
    /// It looks as if it stood for many hosts, which none does (CORE-02).
    #[error("must not have a * in its host: it is compared to the character")]
    Wildcard,
    /// Answers would go in clear over the network, to a script, or to a scheme that any application
    /// may claim (RFC 8252 §7.1).
    #[error(
        "must be https, http on this machine (127.0.0.1, [::1] or localhost), or a private-use \
         scheme with a dot, such as com.example.app:/callback"
    )]
    Scheme,
}

impl RedirectUri {
    /// Parses a URI that is to be registered.
    pub fn parse(text: &str) -> Result<Self, BadRedirectUri> {
        if text.len() > MAX_LENGTH {
            return Err(BadRedirectUri::Length);
        }
        let url = Url::parse(text).map_err(|_| BadRedirectUri::Spelling)?;
        if url.fragment().is_some() {
            return Err(BadRedirectUri::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadRedirectUri::Credentials);
        }
        if url.host_str().is_some_and(|host| host.contains('*')) {
            return Err(BadRedirectUri::Wildcard);
        }
        if !may_receive(&url) {
            return Err(BadRedirectUri::Scheme);
        }
        let bare = url.path() == "/" && url.query().is_none();
        let as_visited = url.as_str() == text
            || (bare && url.as_str().strip_suffix('/').is_some_and(|bare| bare == text));
        // Quotes and angle brackets have no place in a header or a page.
        let plain = |byte: u8| byte.is_ascii_graphic() && !br#""'<>\^`{|}"#.contains(&byte);
        if as_visited && text.bytes().all(plain) {
            Ok(Self(text.into()))
        } else {
            Err(BadRedirectUri::Spelling)
        }
    }

    /// The URI that a request names, if it is this one (CORE-02). A loopback address matches with
    /// any port, since a native application takes the one that is free (RFC 8252 §7.3); `localhost`
    /// is a name that may lead elsewhere, and does not.
    pub fn matching(&self, presented: &str) -> Option<Self> {
        let same = *self.0 == *presented;
        let beside_port = || {
            let (mine, theirs) = (without_port(&self.0)?, without_port(presented)?);
            (mine == theirs).then_some(())
        };
        (same || beside_port().is_some()).then(|| Self(presented.into()))
    }

    /// A URI that was found registered before and stored.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The URI's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its scheme.
    pub fn scheme(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// Whether a browser gets there by itself, so that a form may be sent there.
    pub fn is_web(&self) -> bool {
        self.is_https() || self.0.starts_with("http://")
    }

    /// Whether it leads to a program on the user's own device: only there is `http` allowed.
    pub fn is_loopback(&self) -> bool {
        self.0.starts_with("http://")
    }

    /// Whether a certificate says who is answered.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The host for people to recognise, or the scheme of an application.
    pub fn shown(&self) -> &str {
        let (scheme, rest) = self.0.split_once(':').unwrap_or((&self.0, ""));
        let authority = rest.strip_prefix("//").unwrap_or_default();
        let host = authority.split(['/', '?']).next().unwrap_or_default();
        if host.is_empty() { scheme } else { host }
    }

    /// The URI with these parameters behind its own (RFC 6749 §3.1.2: its query is kept).
    pub fn with(&self, params: &[(&str, &str)]) -> String {
        let mut uri = String::from(&*self.0);
        let mut separator = match self.0.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        for (name, value) in params {
            uri.push_str(separator);
            uri.extend(url::form_urlencoded::byte_serialize(name.as_bytes()));
            uri.push('=');
            uri.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
            separator = "&";
        }
        uri
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether an answer may go there at all.
fn may_receive(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", host) => host.is_some(),
        ("http", Some(Host::Domain(name))) => name == "localhost",
        ("http", Some(Host::Ipv4(address))) => address == std::net::Ipv4Addr::LOCALHOST,
        ("http", Some(Host::Ipv6(address))) => address == std::net::Ipv6Addr::LOCALHOST,
        (scheme, _) => scheme.contains('.'),
    }
}

/// What stands before and behind the port of a loopback address, where there may be one.
fn without_port(uri: &str) -> Option<(&str, &str)> {
    let (address, rest) = LOOPBACK.iter().find_map(|address| {
        let rest = uri.strip_prefix(address)?;
        Some((*address, rest))
    })?;
    let Some(port) = rest.strip_prefix(':') else {
        return is_path(rest).then_some((address, rest));
    };
    let end = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
    let (port, rest) = port.split_at(end);
    let is_port = !port.starts_with('0') && port.parse::<u16>().is_ok();
    (is_port && is_path(rest)).then_some((address, rest))
}

fn is_path(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['/', '?'])
}

const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];
const MAX_LENGTH: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    #[test]
    fn what_answers_can_be_sent_to_is_registered_as_it_is_written() {
        for text in [
            "https://app.example/cb",
            "https://app.example",
            "https://app.example:8443/cb?tenant=1",
            "https://xn--bcher-kva.example/cb",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:4711/cb",
            "http://[::1]/cb",
            "http://localhost:3000/cb",
            "com.example.app:/cb",
            "com.example.app://cb",
        ] {
            assert_eq!(uri(text).as_str(), text);
        }
    }

    #[test]
    fn what_could_lead_elsewhere_is_not_registered() {
        // CORE-02, CORE-03, C118, O21-01
        use BadRedirectUri::{Credentials, Fragment, Length, Scheme, Spelling, Wildcard};
        let long = format!("https://app.example/{}", "x".repeat(500));
        for (text, why) in [
            ("/cb", Spelling),
            ("", Spelling),
            ("https:app.example/cb", Spelling),
            ("https://APP.example/cb", Spelling),
            ("https://app.example:443/cb", Spelling),
            ("https://app.example/a/../cb", Spelling),
            ("https://app.example/%2e%2e/cb", Spelling),
            ("https://app.example\\cb", Spelling),
            ("https://app.example/c b", Spelling),
            ("https://app.example/c\tb", Spelling),
            ("https://b\u{fc}cher.example/cb", Spelling),
            ("https://app.example/'cb", Spelling),
            ("http://0x7f000001/cb", Spelling),
            ("https://app.example/cb#", Fragment),
            ("https://app.example/cb#f", Fragment),
            ("https://app.example@evil.example/cb", Credentials),
            ("https://*.app.example/cb", Wildcard),
            ("https://app.*/cb", Wildcard),
            ("com.example.app://*/cb", Wildcard),
            ("http://app.example/cb", Scheme),
            ("http://127.0.0.2/cb", Scheme),
            ("http://localhost.evil.example/cb", Scheme),
            ("http://[::ffff:127.0.0.1]/cb", Scheme),
            ("javascript:alert(1)", Scheme),
            ("data:text/html,x", Scheme),
            ("file:///etc/passwd", Scheme),
            ("myapp:/cb", Scheme),
            (long.as_str(), Length),
        ] {
            assert_eq!(RedirectUri::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn c031_only_the_registered_characters_match() {
        let registered = uri("https://app.example/cb");
        assert_eq!(registered.matching("https://app.example/cb"), Some(registered.clone()));
        let long = format!("https://app.example/cb{}", "b".repeat(10_000));
        for presented in [
            "",
            "https://app.example/other",
            "https://app.example/cb/",
            "https://app.example/cb?x=1",
            "https://app.example/cb?",
            "https://app.example/cb#f",
            "https://app.example/CB",
            "HTTPS://APP.EXAMPLE/cb",
            "https://app.example:443/cb",
            "//app.example/cb",
            "https://app.example/cb/../evil",
            "https://app.example/cb%2f..%2f",
            "https://app.example/%63b",
            "https://app.example@evil.example/cb",
            "https://app.example.evil.example/cb",
            "https://evil.example/\\@app.example/cb",
            "https://app.example/c\tb",
            "https://app.example/cb\r\n",
            "https://app.example/cb\0",
            "https://app\u{3002}example/cb",
            "https://xn--app-.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "com.example.app:/cb",
            "https://[::1]/cb",
            long.as_str(),
        ] {
            assert_eq!(registered.matching(presented), None, "{presented}");
        }
    }

    #[test]
    fn c032_the_port_alone_of_a_loopback_address_may_vary() {
        for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:8400/cb"] {
            let registered = uri(registered);
            for port in ["", ":1", ":51004", ":65535"] {
                let presented = format!("http://127.0.0.1{port}/cb");
                assert_eq!(registered.matching(&presented).unwrap().as_str(), presented);
            }
            for presented in [
                "http://127.0.0.1:0/cb",
                "http://127.0.0.1:080/cb",
                "http://127.0.0.1:65536/cb",
                "http://127.0.0.1:/cb",
                "http://127.0.0.1:80@evil.example/cb",
                "http://127.0.0.1.evil.example/cb",
                "http://127.0.0.1:51004/cb/",
                "http://127.0.0.1:51004/other",
                "http://localhost:51004/cb",
                "http://127.0.0.2:51004/cb",
                "http://0x7f000001:51004/cb",
                "http://[::ffff:127.0.0.1]:51004/cb",
                "http://[::1]:51004/cb",
                "https://127.0.0.1:51004/cb",
            ] {
                assert_eq!(registered.matching(presented), None, "{presented}");
            }
        }
        assert!(uri("http://[::1]/cb").matching("http://[::1]:51004/cb").is_some());
        let named = uri("http://localhost:3000/cb");
        assert!(named.matching("http://localhost:3000/cb").is_some());
        assert_eq!(named.matching("http://localhost:51004/cb"), None);
        let elsewhere = uri("https://app.example:8443/cb");
        assert_eq!(elsewhere.matching("https://app.example:8444/cb"), None);
    }

    #[test]
    fn an_answer_keeps_the_query_and_encodes_what_it_adds() {
        // CORE-03, C125
        let params = [("code", "a+b"), ("state", "<\r\n&=\u{e9}")];
        let added = "code=a%2Bb&state=%3C%0D%0A%26%3D%C3%A9";
        for (registered, begin) in [
            ("https://app.example/cb", "https://app.example/cb?"),
            ("https://app.example", "https://app.example?"),
            ("https://app.example/cb?", "https://app.example/cb?"),
            ("https://app.example/cb?a=b", "https://app.example/cb?a=b&"),
            ("com.example.app:/cb", "com.example.app:/cb?"),
        ] {
            assert_eq!(uri(registered).with(&params), format!("{begin}{added}"));
        }
    }

    #[test]
    fn people_are_told_where_it_leads() {
        for (text, shown) in [
            ("https://app.example/cb?x=1", "app.example"),
            ("https://app.example:8443", "app.example:8443"),
            ("http://127.0.0.1:4711/cb", "127.0.0.1:4711"),
            ("http://[::1]:4711/cb", "[::1]:4711"),
            ("com.example.app:/cb", "com.example.app"),
        ] {
            assert_eq!(uri(text).shown(), shown);
        }
    }
}
