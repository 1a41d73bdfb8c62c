//! Cookies: each line is a header `Cookie`.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::protocol::browser_session::BrowserCookie;
use crate::protocol::secret::Secret;
use crate::protocol::uri::Issuer;

#[path = "../../src/http/cookies.rs"]
mod cookies;

use cookies::{Cookies, clear_session, set_csrf, set_session};

/// A cookie counts if it is there exactly once, in its one spelling; what stands beside it does not
/// matter.
pub fn check(input: &[u8]) {
    let lines = input.split(|byte| *byte == b'\n').map(HeaderValue::from_bytes);
    let headers: Vec<HeaderValue> = lines.filter_map(Result::ok).collect();
    for issuer in ["https://as.example", "http://localhost:8080"] {
        let issuer = Issuer::parse(issuer).expect("an issuer");
        let read = read(&issuer, &headers);
        let prefix = if issuer.is_https() { "__Host-" } else { "" };
        for (name, known) in [("session", read.session.is_some()), ("csrf", read.csrf.is_some())] {
            let sent = values(&headers, &format!("{prefix}chancery_{name}"));
            let good = matches!(sent.as_slice(), [one] if Secret::decode(one).is_some());
            assert_eq!(known, good, "{name}: {sent:?}");
        }
        if let (Some(hash), [value]) =
            (&read.session, values(&headers, &format!("{prefix}chancery_session")).as_slice())
        {
            let cookie = BrowserCookie::parse(value).expect("a cookie");
            assert!(cookie.hash() == *hash);
            assert_eq!(*cookie.value(), *value, "another spelling");
        }
        what_is_set_is_read(&issuer, &headers, &read);
    }
}

/// A browser that has what is set sends it back and is known by it, but for one that it had already.
fn what_is_set_is_read(issuer: &Issuer, headers: &[HeaderValue], before: &Cookies) {
    let cookie = BrowserCookie::from_bytes([7; 32]);
    let csrf = Secret::from_bytes([8; 32]);
    let own = [set_session(issuer, &cookie), set_csrf(issuer, &csrf)];
    let own = own.each_ref().map(|set| set.split(';').next().expect("a pair").to_owned());
    let sent = HeaderValue::from_str(&own.join("; ")).expect("a header");
    let alone = read(issuer, std::slice::from_ref(&sent));
    assert!(alone.session.is_some_and(|hash| hash == cookie.hash()));
    assert!(alone.csrf.is_some_and(|read| read.as_bytes() == csrf.as_bytes()));
    let both = read(issuer, &[headers, &[sent]].concat());
    assert!(before.session.is_none() || both.session.is_none(), "one of two");
    assert!(before.csrf.is_none() || both.csrf.is_none(), "one of two");
    assert!(clear_session(issuer).contains("Max-Age=0"));
}

fn read(issuer: &Issuer, headers: &[HeaderValue]) -> Cookies {
    let named = headers.iter().map(|value| (COOKIE, value.clone()));
    Cookies::read(&named.collect::<HeaderMap>(), issuer)
}

/// What was sent under a name, in headers that are text.
fn values<'a>(headers: &'a [HeaderValue], name: &str) -> Vec<&'a str> {
    let mut values = Vec::new();
    for header in headers.iter().filter_map(|header| header.to_str().ok()) {
        for pair in header.split(';') {
            let pair = pair.trim();
            let rest = pair.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
            values.extend(rest);
        }
    }
    values
}
