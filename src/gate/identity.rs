//! Whom a token stands for, as headers carry it. Must not know where the claims come from.

use http::HeaderValue;

/// The values of the headers that an API reads; empty where the token says nothing.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) subject: HeaderValue,
    pub(super) client: HeaderValue,
    pub(super) scope: HeaderValue,
    pub(super) session: HeaderValue,
}

/// The claims, of which the last two may be absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claims<'a> {
    pub(super) subject: &'a str,
    pub(super) client: &'a str,
    pub(super) scope: Option<&'a str>,
    pub(super) session: Option<&'a str>,
}

impl Identity {
    /// `None` where a claim cannot stand in a header as it is. Any encoding of it would be the name of
    /// another subject, too; a space at its edge would be trimmed away, which makes two names one; and
    /// an empty one would read as none.
    pub(super) fn of(claims: Claims<'_>) -> Option<Self> {
        Some(Self {
            subject: name(claims.subject)?,
            client: name(claims.client)?,
            scope: claims.scope.map_or(Some(NONE), scopes)?,
            session: claims.session.map_or(Some(NONE), name)?,
        })
    }
}

fn name(text: &str) -> Option<HeaderValue> {
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| HeaderValue::from_str(text).ok()).flatten()
}

/// RFC 6749 §3.3; a claim without any scope in it is no harm.
fn scopes(text: &str) -> Option<HeaderValue> {
    let fits = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    fits.then(|| HeaderValue::from_str(text.trim_matches(' ')).ok()).flatten()
}

const NONE: HeaderValue = HeaderValue::from_static("");

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Claims<'_> =
        Claims { subject: "alice", client: "web", scope: Some("a b"), session: Some("s") };

    #[test]
    fn claims_stand_as_they_are_and_none_is_empty() {
        let identity = Identity::of(ALICE).unwrap();
        assert_eq!(identity.subject, "alice");
        assert_eq!(
            (identity.client, identity.scope),
            ("web".parse().unwrap(), "a b".parse().unwrap())
        );
        let identity = Identity::of(Claims { scope: None, session: None, ..ALICE }).unwrap();
        assert_eq!((identity.scope, identity.session), (NONE, NONE));
        assert!(Identity::of(Claims { subject: "auth0|a@b.example,c;d\"%41", ..ALICE }).is_some());
    }

    #[test]
    fn a_claim_that_is_no_plain_value_of_a_header_makes_no_identity() {
        // C018
        let bad = [
            "",
            " ",
            " a",
            "a ",
            "a b",
            "a\r\nX-Auth-Scope: admin",
            "a\n",
            "a\tb",
            "a\0",
            "\u{7f}",
            "é",
            "\u{200b}",
            "\u{feff}a",
        ];
        for bad in bad {
            assert!(Identity::of(Claims { subject: bad, ..ALICE }).is_none(), "{bad:?}");
            assert!(Identity::of(Claims { client: bad, ..ALICE }).is_none(), "{bad:?}");
            assert!(Identity::of(Claims { session: Some(bad), ..ALICE }).is_none(), "{bad:?}");
        }
        for bad in ["a\r\nb", "a\tb", "é", "\0"] {
            assert!(Identity::of(Claims { scope: Some(bad), ..ALICE }).is_none(), "{bad:?}");
        }
    }
}
