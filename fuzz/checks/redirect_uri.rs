//! Redirect URIs: a line that is registered, and one that a request names.

use url::{Host, Url};

use super::{split_line, text};
use crate::protocol::redirect_uri::RedirectUri;

/// What is registered is visited as it is written, and what matches leads to the same place.
pub fn check(input: &[u8]) {
    let Some((registered, presented)) = text(input).map(split_line) else { return };
    let Ok(uri) = RedirectUri::parse(registered) else { return };
    assert_eq!(uri.as_str(), registered);
    assert_eq!(uri.matching(registered).as_ref(), Some(&uri), "it matches itself");
    let url = Url::parse(registered).expect("a URL");
    assert!(registered.len() <= 512 && registered.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    assert_eq!(url.scheme(), uri.scheme());
    assert_eq!(uri.is_web(), matches!(url.scheme(), "https" | "http"));
    if !uri.is_https() {
        assert!(
            uri.is_loopback() == is_here(&url) && (is_here(&url) || url.scheme().contains('.'))
        );
    }
    answer_keeps_what_was_there(&uri, &url);
    if let Some(matched) = uri.matching(presented) {
        assert_eq!(matched.as_str(), presented);
        same_place(&uri, &url, presented);
    }
}

/// An answer goes to the same place, with the parameters behind those that were there.
fn answer_keeps_what_was_there(uri: &RedirectUri, url: &Url) {
    let added = [("code", "a b&c=d"), ("state", "<\r\n\u{e9}#%")];
    let answer = Url::parse(&uri.with(&added)).expect("a URL");
    let address = |url: &Url| {
        (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port(), path(url))
    };
    assert_eq!(address(&answer), address(url));
    assert_eq!(answer.fragment(), None);
    let expected: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .chain(added.map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect();
    let found: Vec<(String, String)> = answer.query_pairs().into_owned().collect();
    assert_eq!(found, expected);
}

/// The text is the same, or only the port of a loopback address is another.
fn same_place(uri: &RedirectUri, url: &Url, presented: &str) {
    if uri.as_str() == presented {
        return;
    }
    let mut theirs = Url::parse(presented).expect("a URL");
    assert!(matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))) && is_here(url));
    assert_ne!(theirs.port(), Some(0), "no port that anybody listens on");
    theirs.set_port(url.port()).expect("a port of http");
    assert_eq!(&theirs, url, "{presented} leads elsewhere");
}

fn is_here(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

/// The path, where none is the same as `/`.
fn path(url: &Url) -> String {
    if url.path().is_empty() { "/".to_owned() } else { url.path().to_owned() }
}
