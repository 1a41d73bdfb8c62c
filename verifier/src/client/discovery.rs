//! What the issuer's metadata names (RFC 8414): its keys and its feed. Must not decide what to do
//! with them.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use super::link::{Link, LinkError};
use super::web::{Bounds, Web, WebError};

/// Where keys and revocations are to be had.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Links {
    /// The issuer's keys.
    pub(super) keys: Link,
    /// The feed; an issuer may have none.
    pub(super) feed: Option<FeedLinks>,
}

/// Where the feed is to be had.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct FeedLinks {
    /// The snapshot and its segments.
    pub(super) snapshot: Link,
    /// The stream; without it the feed is polled.
    pub(super) stream: Option<Link>,
}

/// The metadata cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiscoveryError {
    /// It could not be fetched.
    #[error(transparent)]
    Web(#[from] WebError),
    /// It is not JSON, or not of the members that count here.
    #[error("a document that is no metadata")]
    Malformed,
    /// It is another issuer's (RFC 8414 §3.3).
    #[error("metadata of another issuer")]
    OtherIssuer,
    /// It names a URL that no request goes to.
    #[error("metadata with a URL that is refused: {0}")]
    Link(#[from] LinkError),
}

impl DiscoveryError {
    /// After which time the issuer wants to be asked again, if it said so.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        if let Self::Web(error) = self { error.retry_after() } else { None }
    }
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
    revocations_uri: Option<String>,
    revocations_stream_uri: Option<String>,
}

/// Asks the issuer for its metadata.
///
/// OpenID Connect's document stands in where the issuer says that it has none of RFC 8414. After any
/// other failure it does not: it may name no feed where the other one does.
pub(super) async fn discover(web: &Web, issuer: &str) -> Result<Links, DiscoveryError> {
    let base = Link::parse(issuer)?;
    let inserted = base.with_path(&format!("{OAUTH}{}", base.path()))?;
    let answer = match web.get(&inserted, "application/json", Bounds::SMALL).await {
        Err(WebError::Status { status: StatusCode::NOT_FOUND, .. }) => {
            let appended = base.with_path(&format!("{}{OPENID}", base.path()))?;
            web.get(&appended, "application/json", Bounds::SMALL).await
        }
        answer => answer,
    }?;
    links(&base, issuer, &answer.body)
}

/// Reads the metadata.
fn links(base: &Link, issuer: &str, document: &[u8]) -> Result<Links, DiscoveryError> {
    let metadata: Metadata =
        serde_json::from_slice(document).map_err(|_| DiscoveryError::Malformed)?;
    if metadata.issuer != issuer {
        return Err(DiscoveryError::OtherIssuer);
    }
    let named = |text: String| base.named(&text);
    let stream = metadata.revocations_stream_uri.map(named).transpose()?;
    let snapshot = metadata.revocations_uri.map(named).transpose()?;
    let feed = snapshot.map(|snapshot| FeedLinks { snapshot, stream });
    Ok(Links { keys: named(metadata.jwks_uri)?, feed })
}

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &str) -> Result<Links, DiscoveryError> {
        let issuer = "https://as.example/tenant";
        links(&Link::parse(issuer).unwrap(), issuer, document.as_bytes())
    }

    #[test]
    fn an_issuer_with_and_one_without_a_feed() {
        let plain =
            r#"{"issuer":"https://as.example/tenant","jwks_uri":"https://as.example/jwks"}"#;
        assert_eq!(read(plain).unwrap().feed, None);
        let full = r#"{"issuer":"https://as.example/tenant","jwks_uri":"https://as.example/jwks",
            "revocations_uri":"https://cdn.example/r","revocations_stream_uri":"https://as.example/s"}"#;
        let feed = read(full).unwrap().feed.unwrap();
        assert_eq!(feed.snapshot, Link::parse("https://cdn.example/r").unwrap());
        assert_eq!(feed.stream, Some(Link::parse("https://as.example/s").unwrap()));
    }

    #[test]
    fn metadata_of_another_issuer_is_refused_to_the_letter() {
        for other in
            ["https://as.example/tenant/", "https://as.example", "https://AS.example/tenant"]
        {
            let document =
                format!(r#"{{"issuer":"{other}","jwks_uri":"https://as.example/jwks"}}"#);
            assert!(matches!(read(&document), Err(DiscoveryError::OtherIssuer)), "{other}");
        }
    }

    #[test]
    fn metadata_may_not_lead_into_the_clear() {
        let document =
            r#"{"issuer":"https://as.example/tenant","jwks_uri":"http://127.0.0.1/jwks"}"#;
        assert!(matches!(read(document), Err(DiscoveryError::Link(LinkError::InTheClear))));
        assert!(matches!(read("<html>"), Err(DiscoveryError::Malformed)));
    }
}
