//! The two cookies of our pages (SES-02). Must not decide who is signed in.

use http::HeaderMap;
use http::header::COOKIE;
use zeroize::Zeroizing;

use crate::protocol::browser_session::BrowserCookie;
use crate::protocol::secret::{Secret, SecretHash};
use crate::protocol::uri::Issuer;

/// What a browser sent.
pub(super) struct Cookies {
    /// What is stored of that of its browser session.
    pub(super) session: Option<SecretHash>,
    /// What ties forms to it, from its first page on.
    pub(super) csrf: Option<Secret>,
}

impl Cookies {
    /// Reads them. One that was sent twice counts for nothing: one of the two is not ours.
    pub(super) fn read(headers: &HeaderMap, issuer: &Issuer) -> Self {
        let value = |name: &str| {
            let name = full_name(issuer, name);
            let mut values = pairs(headers).filter(|(sent, _)| **sent == *name);
            let first = values.next().map(|(_, value)| value);
            first.filter(|_| values.next().is_none())
        };
        Self {
            session: value(SESSION).and_then(BrowserCookie::parse).map(|cookie| cookie.hash()),
            csrf: value(CSRF).and_then(Secret::decode),
        }
    }
}

/// Sets the cookie of a browser session. It is forgotten with the browser; how long the session lives
/// is for the server to say.
pub(super) fn set_session(issuer: &Issuer, cookie: &BrowserCookie) -> Zeroizing<String> {
    set(issuer, SESSION, &cookie.value(), "")
}

/// Takes it away.
pub(super) fn clear_session(issuer: &Issuer) -> Zeroizing<String> {
    set(issuer, SESSION, "", "; Max-Age=0")
}

/// Sets what ties forms to this browser.
pub(super) fn set_csrf(issuer: &Issuer, secret: &Secret) -> Zeroizing<String> {
    set(issuer, CSRF, &secret.encode(""), "")
}

fn set(issuer: &Issuer, name: &str, value: &str, more: &str) -> Zeroizing<String> {
    let name = full_name(issuer, name);
    let secure = if issuer.is_https() { "; Secure" } else { "" };
    Zeroizing::new(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}"))
}

/// With the prefix no other host can set it, nor any page in clear. Browsers refuse it on an `http`
/// loopback address, where only development takes place.
fn full_name(issuer: &Issuer, name: &str) -> String {
    let prefix = if issuer.is_https() { "__Host-" } else { "" };
    format!("{prefix}chancery_{name}")
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lists = headers.get_all(COOKIE).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

const SESSION: &str = "session";
const CSRF: &str = "csrf";

#[cfg(test)]
mod tests {
    use super::*;

    const HTTPS: &str = "https://as.example/x";
    const HERE: &str = "http://localhost:8080";

    fn issuer(text: &str) -> Issuer {
        Issuer::parse(text).unwrap()
    }

    fn read(issuer_text: &str, cookies: &[&str]) -> (bool, bool) {
        let mut headers = HeaderMap::new();
        for list in cookies {
            headers.append(COOKIE, list.parse().unwrap());
        }
        let cookies = Cookies::read(&headers, &issuer(issuer_text));
        (cookies.session.is_some(), cookies.csrf.is_some())
    }

    #[test]
    fn a_cookie_is_for_this_host_alone_and_no_script_sees_it() {
        let cookie = BrowserCookie::from_bytes([1; 32]);
        let set = set_session(&issuer(HTTPS), &cookie);
        let value = cookie.value();
        let expected =
            format!("__Host-chancery_session={}; Path=/; HttpOnly; SameSite=Lax; Secure", *value);
        assert_eq!(*set, expected);
        let here = set_csrf(&issuer(HERE), &Secret::from_bytes([2; 32]));
        assert!(here.starts_with("chancery_csrf=") && !here.contains("Secure"), "{}", *here);
        assert!(clear_session(&issuer(HERE)).ends_with("Max-Age=0"));
    }

    #[test]
    fn c045_a_cookie_that_somebody_else_may_have_set_counts_for_nothing() {
        let value = BrowserCookie::from_bytes([1; 32]).value();
        let own = format!("chancery_session={}", *value);
        let safe = format!("__Host-{own}");
        let csrf = format!("chancery_csrf={}", *value);
        assert_eq!(read(HERE, &[&format!("a=b; {own};{csrf}")]), (true, true));
        assert_eq!(read(HERE, &[&own, &csrf]), (true, true));
        assert_eq!(read(HTTPS, &[&safe]), (true, false));
        // Without the prefix a neighbour in the domain may have set it.
        assert_eq!(read(HTTPS, &[&own]), (false, false));
        assert_eq!(read(HERE, &[&format!("{own}; {own}")]), (false, false));
        assert_eq!(read(HERE, &[&own, &own]), (false, false));
        for bad in
            ["chancery_session=", "chancery_session", "chancery_session=x", "chancery_sessio"]
        {
            assert_eq!(read(HERE, &[bad]), (false, false), "{bad}");
        }
    }
}
