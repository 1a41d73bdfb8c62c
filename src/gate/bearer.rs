//! The access token of a request. Must not know what a token is.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// Why there is no token to look at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoBearer {
    /// None was sent, or none in the one place for it.
    Absent,
    /// What was sent has more than one reading, or none.
    Malformed,
}

/// The token in the one `Authorization` header (RFC 6750 §2.1): forms, URLs and cookies are not looked
/// at.
pub(super) fn token(headers: &HeaderMap) -> Result<&str, NoBearer> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(NoBearer::Absent)?;
    if values.next().is_some() {
        return Err(NoBearer::Malformed);
    }
    let value = value.to_str().map_err(|_| NoBearer::Malformed)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(NoBearer::Malformed);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(NoBearer::Absent);
    }
    let token = token.trim_matches(' ');
    is_token68(token).then_some(token).ok_or(NoBearer::Malformed)
}

/// RFC 9110 §11.2
fn is_token68(text: &str) -> bool {
    let text = text.trim_end_matches('=');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&'static str]) -> Result<String, NoBearer> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        token(&headers).map(str::to_owned)
    }

    #[test]
    fn one_bearer_token_is_read_whatever_the_case_of_its_scheme() {
        // BRR-01, BRR-02, C024
        for value in ["Bearer a.b-c_d~e+f/g=", "bearer a.b-c_d~e+f/g=", "BEARER   a.b-c_d~e+f/g= "]
        {
            assert_eq!(read(&[value]).unwrap(), "a.b-c_d~e+f/g=", "{value}");
        }
    }

    #[test]
    fn what_has_two_readings_is_malformed_and_another_scheme_is_no_token() {
        // C024, C025
        let twice = ["Bearer a", "Bearer a"];
        assert_eq!(read(&twice), Err(NoBearer::Malformed));
        assert_eq!(read(&["Basic YTpi", "Bearer a"]), Err(NoBearer::Malformed));
        for value in [
            "Bearer a,Bearer b",
            "Bearer a, Bearer b",
            "Bearer a b",
            "Bearer =",
            "Bearer =a",
            "Bearer  ",
            "Bearer",
            "Bearer\ta",
            "Bearer a\t",
            "Bearer \u{e9}",
        ] {
            assert_eq!(read(&[value]), Err(NoBearer::Malformed), "{value}");
        }
        for value in ["", "Basic YTpi", "DPoP a", "Token a", "a.b.c"] {
            assert_eq!(read(&[value]), Err(NoBearer::Absent), "{value}");
        }
        assert_eq!(read(&[]), Err(NoBearer::Absent));
    }
}
