//! Where the client may send requests. Must not send any.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;

/// An absolute URL that requests may go to: by TLS, or within this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Link(Uri);

/// A URL that no request goes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum LinkError {
    /// Not an absolute `http` or `https` URL, or one that carries a user or a fragment.
    #[error("not an absolute http or https URL")]
    Malformed,
    /// Keys and revocations that come in the clear can be anybody's.
    #[error("http without TLS leads off this machine")]
    InTheClear,
}

impl Link {
    /// Reads a URL, and checks that its way is safe.
    pub(super) fn parse(text: &str) -> Result<Self, LinkError> {
        if text.contains('#') {
            return Err(LinkError::Malformed);
        }
        let uri: Uri = text.parse().map_err(|_| LinkError::Malformed)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(LinkError::Malformed);
        };
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(LinkError::Malformed);
        }
        match scheme {
            "https" => Ok(Self(uri)),
            "http" if is_loopback(authority.host()) => Ok(Self(uri)),
            "http" => Err(LinkError::InTheClear),
            _ => Err(LinkError::Malformed),
        }
    }

    /// Reads a URL that this document names: one that came by TLS may not lead out of it.
    pub(super) fn named(&self, text: &str) -> Result<Self, LinkError> {
        let link = Self::parse(text)?;
        let leaves_tls =
            self.0.scheme_str() == Some("https") && link.0.scheme_str() != Some("https");
        if leaves_tls { Err(LinkError::InTheClear) } else { Ok(link) }
    }

    /// The same host with another path.
    pub(super) fn with_path(&self, path: &str) -> Result<Self, LinkError> {
        let mut parts = self.0.clone().into_parts();
        parts.path_and_query = Some(path.parse().map_err(|_| LinkError::Malformed)?);
        Uri::from_parts(parts).map(Self).map_err(|_| LinkError::Malformed)
    }

    /// The same URL with a further parameter.
    pub(super) fn with_parameter(&self, name: &str, value: &str) -> Result<Self, LinkError> {
        let joint = if self.0.query().is_some() { '&' } else { '?' };
        let path = self.0.path_and_query().map_or("/", |path| path.as_str());
        self.with_path(&format!("{path}{joint}{name}={}", form_encoded(value)))
    }

    /// Whether it leads to the same scheme, host and port as `other`.
    pub(super) fn has_origin_of(&self, other: &Self) -> bool {
        let origin = |link: &Self| {
            let host = link.0.host().map(str::to_ascii_lowercase);
            let tls = link.0.scheme_str() == Some("https");
            (tls, host, link.0.port_u16().unwrap_or(if tls { 443 } else { 80 }))
        };
        origin(self) == origin(other)
    }

    /// The path without a slash at its end: where a well-known name is put behind.
    pub(super) fn path(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }

    /// What a request is sent to.
    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }
}

/// `application/x-www-form-urlencoded`, as strict as it goes.
pub(super) fn form_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let encoded = |byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    text.bytes().map(encoded).collect()
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
        || address.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_by_tls_or_within_the_machine() {
        for good in [
            "https://as.example",
            "https://as.example:8443/tenant?x=1",
            "http://localhost:8080",
            "http://127.0.0.1:8080/a",
            "http://[::1]:8080",
        ] {
            assert!(Link::parse(good).is_ok(), "{good}");
        }
        for clear in ["http://as.example", "http://localhost.example", "http://127.0.0.1.example/"]
        {
            assert_eq!(Link::parse(clear), Err(LinkError::InTheClear), "{clear}");
        }
        for bad in [
            "",
            "/jwks",
            "as.example",
            "file:///etc/passwd",
            "ftp://localhost/",
            "https://u:p@as.example",
        ] {
            assert_eq!(Link::parse(bad), Err(LinkError::Malformed), "{bad}");
        }
    }

    #[test]
    fn a_document_that_came_by_tls_names_nothing_in_the_clear() {
        let tls = Link::parse("https://as.example/.well-known/x").unwrap();
        assert!(tls.named("https://cdn.example/jwks").is_ok());
        assert_eq!(tls.named("http://127.0.0.1/jwks"), Err(LinkError::InTheClear));
        let local = Link::parse("http://127.0.0.1/").unwrap();
        assert!(local.named("http://localhost/jwks").is_ok());
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let issuer = Link::parse("https://as.example/tenant").unwrap();
        for same in ["https://as.example/r", "https://AS.example:443"] {
            assert!(Link::parse(same).unwrap().has_origin_of(&issuer), "{same}");
        }
        for other in ["https://as.example:444", "https://cdn.as.example", "https://as.example.evil"]
        {
            assert!(!Link::parse(other).unwrap().has_origin_of(&issuer), "{other}");
        }
        let [clear, tls] = ["http://localhost:443", "https://localhost"].map(Link::parse);
        assert!(!clear.unwrap().has_origin_of(&tls.unwrap()));
    }

    #[test]
    fn parameters_are_put_behind_those_of_the_url() {
        let link = |text: &str, value: &str| {
            let link = Link::parse(text).unwrap().with_parameter("cursor", value).unwrap();
            link.0.to_string()
        };
        assert_eq!(link("https://as.example/r", "7.1"), "https://as.example/r?cursor=7.1");
        let encoded = link("https://as.example/r?t=a", "1&b=2+/#");
        assert_eq!(encoded, "https://as.example/r?t=a&cursor=1%26b%3D2%2B%2F%23");
    }
}
