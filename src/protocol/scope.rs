//! Scopes (RFC 6749 §3.3).

use std::fmt;

/// A set of scope tokens, in the order of first mention, without repetitions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ScopeSet(Vec<Scope>);

/// One scope token: `1*( %x21 / %x23-5B / %x5D-7E )`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope(Box<str>);

/// The text is not a list of scope tokens separated by spaces.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("a scope is made of printable ASCII characters without space, '\"' and '\\'")]
pub struct MalformedScope;

impl Scope {
    /// `openid`, which adds the issuer itself to the audiences (OIDC Core §3.1.2.1).
    pub const OPENID: &'static str = "openid";

    /// The scopes that the issuer itself knows.
    pub const BUILT_IN: [&'static str; 6] =
        [Self::OPENID, "profile", "email", "address", "phone", Self::OFFLINE_ACCESS];

    /// `offline_access`: the session outlives the browser session it began in (OIDC Core §11).
    pub const OFFLINE_ACCESS: &'static str = "offline_access";

    /// Whether the issuer itself knows `scope`, on behalf of a user: no resource has to
    /// (OIDC Core §5.4, §11).
    pub fn is_built_in(scope: &str) -> bool {
        Self::BUILT_IN.contains(&scope)
    }

    /// Parses one token.
    pub fn parse(text: &str) -> Result<Self, MalformedScope> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if text.is_empty() || text.len() > MAX_TOKEN || !text.bytes().all(allowed) {
            return Err(MalformedScope);
        }
        Ok(Self(text.into()))
    }

    /// The token's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ScopeSet {
    /// Parses tokens separated by spaces. Repeated spaces are forgiven, repeated tokens count once.
    pub fn parse(text: &str) -> Result<Self, MalformedScope> {
        text.split(' ').filter(|token| !token.is_empty()).map(Scope::parse).collect()
    }

    /// Whether `scope` is in the set.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|one| one.as_str() == scope)
    }

    /// This set and `other`.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).cloned().collect()
    }

    /// Whether every scope of this set is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    /// The scopes of this set for which `keep` holds.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope.as_str())).cloned().collect())
    }

    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Scope::as_str)
    }

    /// Whether there is no scope.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut set = Vec::new();
        for scope in scopes {
            if !set.contains(&scope) {
                set.push(scope);
            }
        }
        Self(set)
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

/// One token's greatest length in bytes.
const MAX_TOKEN: usize = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_are_kept_once_in_order() {
        let set = ScopeSet::parse("write read  write").unwrap();
        assert_eq!(set.to_string(), "write read");
        assert!(set.contains("read"));
        assert!(!set.contains("rea"));
    }

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        // C037: control characters, quotes, backslash, non-ASCII.
        for text in ["a\tb", "a\"b", "a\\b", "ä", "a\u{0}b", "a\nb"] {
            assert_eq!(ScopeSet::parse(text), Err(MalformedScope), "{text:?}");
        }
        assert_eq!(Scope::parse(&"a".repeat(129)), Err(MalformedScope));
    }

    #[test]
    fn an_empty_text_is_an_empty_set() {
        assert!(ScopeSet::parse("").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn c143_a_set_of_scopes_is_written_and_read_again_as_it_is(
            one in "[ !-~]{0,40}",
            other in "[a-c ]{0,10}",
        ) {
            let Ok(one) = ScopeSet::parse(&one) else {
                prop_assert!(one.contains(['"', '\\']) || one.split(' ').any(|t| t.len() > MAX_TOKEN));
                return Ok(());
            };
            let other = ScopeSet::parse(&other).unwrap();
            for set in [&one, &other, &one.with(&other)] {
                prop_assert_eq!(&ScopeSet::parse(&set.to_string()).unwrap(), set);
            }
            let both = one.with(&other);
            prop_assert!(one.is_subset(&both) && other.is_subset(&both));
            prop_assert_eq!(both.with(&one), both.clone());
            prop_assert!(both.filter(|scope| one.contains(scope)).is_subset(&one));
        }
    }
}
