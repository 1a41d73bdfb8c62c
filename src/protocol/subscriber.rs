//! The name that a subscriber of the feed gives itself, so that an operator can tell which APIs
//! have heard of a revocation.

use std::fmt;

/// 1 to 64 of `A-Z a-z 0-9 . _ -`. It proves nothing.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Subscriber(Box<str>);

impl Subscriber {
    /// Parses a name.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let well_formed = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        well_formed.then(|| Self(text.into()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for text in ["orders", "orders-api.eu_1", &"a".repeat(64)] {
            assert_eq!(Subscriber::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "a b", "a/b", "ä", "a\n", &"a".repeat(65)] {
            assert_eq!(Subscriber::parse(text), None, "{text}");
        }
    }
}
