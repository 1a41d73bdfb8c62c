//! Finds the access token of a request (RFC 6750 §2.1). Must not judge it.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Uri};

use super::refusal::Refusal;

/// The token of a request that has exactly one, in its `Authorization` header.
///
/// A token in the query stands in logs and histories by now, so it is told apart from none. One in a
/// form or a cookie is not looked for.
pub fn bearer<'a>(headers: &'a HeaderMap, uri: &Uri) -> Result<&'a str, Refusal> {
    if has_token(uri.query().unwrap_or_default()) {
        return Err(Refusal::Request("an access token in the query"));
    }
    let mut credentials = headers.get_all(AUTHORIZATION).iter();
    match (credentials.next(), credentials.next()) {
        (None, _) => Err(Refusal::Missing),
        (Some(credentials), None) => token(credentials),
        (Some(_), Some(_)) => Err(Refusal::Request("two Authorization headers")),
    }
}

/// Reads `Bearer 1*SP token68`. The scheme is compared without case (RFC 9110 §11.1).
fn token(credentials: &HeaderValue) -> Result<&str, Refusal> {
    let malformed = || Refusal::Request("a malformed Authorization header");
    let credentials = credentials.to_str().map_err(|_| malformed())?;
    let (scheme, rest) = credentials.split_once(' ').unwrap_or((credentials, ""));
    if !scheme.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(malformed());
    }
    if scheme.eq_ignore_ascii_case("dpop") {
        return Err(Refusal::Bound);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Missing);
    }
    let token = rest.trim_start_matches(' ');
    // What is longer than any token is refused by the verifier for that, unread.
    if token.len() <= LONGEST && !is_token68(token) { Err(malformed()) } else { Ok(token) }
}

fn has_token(query: &str) -> bool {
    query.split('&').any(|pair| pair.split('=').next() == Some("access_token"))
}

/// `token68` of RFC 9110 §11.2.
fn is_token68(text: &str) -> bool {
    let characters = text.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !characters.is_empty() && characters.bytes().all(allowed)
}

const LONGEST: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(credentials: &[&str], uri: &'static str) -> Result<String, u16> {
        let mut headers = HeaderMap::new();
        for one in credentials {
            headers.append(AUTHORIZATION, HeaderValue::from_str(one).unwrap());
        }
        let found = bearer(&headers, &Uri::from_static(uri));
        found.map(str::to_owned).map_err(|refusal| refusal.status())
    }

    #[test]
    fn c024_the_scheme_has_no_case_and_spaces_separate_it() {
        for good in ["Bearer a.b-c_d~e+f/g==", "bearer a", "BEARER   a"] {
            assert!(read(&[good], "/").is_ok(), "{good}");
        }
        for (other, status) in [
            ("Bearer", 400),
            ("Bearer ", 400),
            ("Bearer\ta", 400),
            ("Bearer a, Bearer a", 400),
            ("Bearer a b", 400),
            ("Bearer =a", 400),
            ("Bearer a\t", 400),
            ("Bearer \u{e9}", 400),
            ("Bearera", 401),
            ("Basic YTpi", 401),
            ("", 401),
            ("DPoP a", 401),
        ] {
            assert_eq!(read(&[other], "/"), Err(status), "{other:?}");
        }
    }

    #[test]
    fn c024_one_token_in_one_place() {
        assert_eq!(read(&[], "/"), Err(401));
        assert_eq!(read(&["Bearer a", "Bearer a"], "/"), Err(400));
        assert_eq!(read(&["Basic YTpi", "Bearer a"], "/"), Err(400));
        assert_eq!(read(&[], "/?x=1&access_token=a"), Err(400));
        assert_eq!(read(&["Bearer a"], "/?access_token="), Err(400));
        assert_eq!(read(&["Bearer a"], "/?access_token"), Err(400));
        assert_eq!(read(&["Bearer a"], "/?my_access_token=b"), Ok("a".into()));
    }
}
