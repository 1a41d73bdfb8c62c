//! Form parameters (`application/x-www-form-urlencoded`), read strictly.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::error::Refusal;

/// The parameters of a request. A parameter without a value counts as absent, and a repeated one is
/// an error (RFC 6749 §3.1, §3.2), except `resource`, which may be repeated (RFC 8707 §2).
#[derive(Default)]
pub struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Params<'a> {
    /// Parses a body. Refuses what has more than one reading: text that is not UTF-8, broken
    /// escapes, repeated parameters.
    pub fn parse(body: &'a [u8]) -> Result<Self, Refusal> {
        let Collected { params, repeated, .. } = Collected::parse(body)?;
        if repeated.is_empty() {
            Ok(params)
        } else {
            Err(Refusal::invalid_request("a parameter is repeated"))
        }
    }

    /// The value of `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Every name that has a value, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// Every value of `name`, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_ref())
    }
}

/// Parameters as they came, for whoever has to answer elsewhere than to their sender: some may be
/// repeated, of which the first counts.
pub struct Collected<'a> {
    params: Params<'a>,
    repeated: Vec<Cow<'a, str>>,
    empty: Vec<Cow<'a, str>>,
}

impl<'a> Collected<'a> {
    /// Parses a body or a query. Refuses text that is not UTF-8 and broken escapes.
    pub fn parse(body: &'a [u8]) -> Result<Self, Refusal> {
        let mut all: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        let mut repeated = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if all.len() + repeated.len() == MAX_PARAMS {
                return Err(Refusal::invalid_request("too many parameters"));
            }
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &pair[pair.len()..]),
            };
            let (name, value) = (decode(name)?, decode(value)?);
            if name != REPEATABLE && all.iter().any(|(known, _)| *known == name) {
                repeated.push(name);
            } else {
                all.push((name, value));
            }
        }
        let (empty, full) = all.into_iter().partition::<Vec<_>, _>(|(_, value)| value.is_empty());
        let empty = empty.into_iter().map(|(name, _)| name).collect();
        Ok(Self { params: Params(full), repeated, empty })
    }

    /// The value of `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.params.value(name)
    }

    /// Every value of `name`, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.params.values(name)
    }

    /// Whether `name` was sent more than once.
    pub fn repeats(&self, name: &str) -> bool {
        self.repeated.iter().any(|one| one == name)
    }

    /// Whether anything was sent more than once that may not be.
    pub fn repeats_any(&self) -> bool {
        !self.repeated.is_empty()
    }

    /// Whether `name` was sent without a value.
    pub fn is_empty(&self, name: &str) -> bool {
        self.empty.iter().any(|one| one == name)
    }
}

/// Decodes one name or value: `+` is a space, `%XX` a byte, the whole UTF-8.
fn decode(text: &[u8]) -> Result<Cow<'_, str>, Refusal> {
    let broken = || Refusal::invalid_request("a parameter is not form-encoded UTF-8");
    if !text.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return std::str::from_utf8(text).map(Cow::Borrowed).map_err(|_| broken());
    }
    let mut escapes = text.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let hex = |at: usize| text.get(at).is_some_and(u8::is_ascii_hexdigit);
    if !escapes.all(|(at, _)| hex(at + 1) && hex(at + 2)) {
        return Err(broken());
    }
    let spaced: Vec<u8> =
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8().map_err(|_| broken())?;
    Ok(Cow::Owned(decoded.into_owned()))
}

const REPEATABLE: &str = "resource";
const MAX_PARAMS: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::error::ErrorCode;

    #[test]
    fn values_are_decoded_once() {
        let params = Params::parse(b"scope=read+write&x=%2541&resource=a&resource=b").unwrap();
        assert_eq!(params.value("scope"), Some("read write"));
        assert_eq!(params.value("x"), Some("%41"));
        assert_eq!(params.values("resource").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(params.value("absent"), None);
    }

    #[test]
    fn an_empty_value_is_an_absent_parameter() {
        // CORE-04
        let params = Params::parse(b"scope=&grant_type&x=1").unwrap();
        assert_eq!(params.value("scope"), None);
        assert_eq!(params.value("grant_type"), None);
        assert_eq!(params.value("x"), Some("1"));
    }

    #[test]
    fn c067_repeated_parameters_are_refused_even_if_one_is_empty_or_encoded() {
        // CORE-04, C067, C088
        for body in ["a=1&a=2", "a=1&a=1", "a=&a=1", "a=1&%61=2"] {
            let refusal = Params::parse(body.as_bytes()).err().unwrap();
            assert_eq!(refusal.code, ErrorCode::InvalidRequest, "{body}");
        }
    }

    #[test]
    fn text_with_more_than_one_reading_is_refused() {
        // C102
        let many = vec!["a=1"; 70].join("&");
        for body in [b"a=%zz".as_slice(), b"a=%4", b"a=%ff", b"a=\xff", b"%e4=1", many.as_bytes()] {
            assert!(Params::parse(body).is_err(), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Params::parse(&body);
        }
    }
}
