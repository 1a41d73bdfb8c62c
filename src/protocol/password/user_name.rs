//! User names: the form that is shown, and the form in which they are unique.
//! Pure: imports nothing of ours.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;

/// The longest user name, in bytes, as typed and in canonical form.
pub const MAX_USER_NAME_BYTES: usize = 255;

/// The name by which a person signs in, in the PRECIS profile UsernameCaseMapped (RFC 8265 §3.3).
///
/// `==` compares the shown form as well; two names belong to one account exactly when their
/// [`canonical`](Self::canonical) forms are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName {
    shown: String,
    canonical: String,
}

impl UserName {
    /// Takes a name as somebody typed it. White space around it is refused, not trimmed: what is
    /// stored is what was typed.
    ///
    /// # Errors
    /// [`UserNameRejected`] where the text cannot be a name.
    pub fn parse(text: &str) -> Result<Self, UserNameRejected> {
        if text.is_empty() {
            return Err(UserNameRejected::Empty);
        }
        if text.len() > MAX_USER_NAME_BYTES {
            return Err(UserNameRejected::TooLong);
        }
        if text.trim().len() != text.len() {
            return Err(UserNameRejected::OuterWhiteSpace);
        }
        let canonical = UsernameCaseMapped::enforce(text)
            .map_err(|_| UserNameRejected::Character)?
            .into_owned();
        if canonical.len() > MAX_USER_NAME_BYTES {
            return Err(UserNameRejected::TooLong);
        }
        Ok(Self { shown: text.to_owned(), canonical })
    }

    /// The name as it was typed when the account was made.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// The name without differences of case, width and composition: the key that is unique in
    /// the database. It is a key only, and not always a name that [`UserName::parse`] accepts:
    /// small Cherokee letters, for one, are younger than the profile's table (Unicode 6.3).
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

/// Why a text cannot be a user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub enum UserNameRejected {
    /// There is no text.
    Empty,
    /// It has more than [`MAX_USER_NAME_BYTES`] bytes.
    TooLong,
    /// It begins or ends with white space.
    OuterWhiteSpace,
    /// It holds a space, a control, invisible or compatibility character, or mixes directions of
    /// writing in a way that could show another name (RFC 8264 §4.2, RFC 5893 §2).
    Character,
}

impl UserNameRejected {
    /// The reason, in words that may be shown to whoever sent the name.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Empty => "the user name is empty",
            Self::TooLong => "the user name is longer than 255 bytes",
            Self::OuterWhiteSpace => "the user name begins or ends with white space",
            Self::Character => "the user name holds a character that cannot be used",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> Result<String, UserNameRejected> {
        UserName::parse(text).map(|name| name.canonical)
    }

    /// C061.
    #[test]
    fn c061_case_width_and_composition_do_not_make_another_name() {
        for (typed, same) in [
            ("ADMIN", "admin"),
            ("Admin", "admin"),
            ("\u{ff41}dmin", "admin"),
            ("\u{ff21}\u{ff24}\u{ff2d}\u{ff29}\u{ff2e}", "admin"),
            ("Jose\u{301}", "jos\u{e9}"),
            ("JOS\u{c9}", "jos\u{e9}"),
            ("STRA\u{1e9e}E", "stra\u{df}e"),
            ("Alice@Example.com", "alice@example.com"),
            ("\u{ff76}\u{ff9e}", "\u{30ac}"),
        ] {
            assert_eq!(canonical(typed).unwrap(), same, "{typed:?}");
        }
    }

    /// C061.
    #[test]
    fn letters_that_only_look_alike_stay_distinct() {
        for (one, other) in [
            ("admin", "\u{430}dmin"),             // Cyrillic а
            ("admin", "adm\u{131}n"),             // dotless i
            ("admin", "adm\u{130}n"),             // capital I with dot
            ("strasse", "stra\u{df}e"),           // ß is not ss
            ("\u{3b1}\u{3c3}", "\u{3b1}\u{3c2}"), // sigma and final sigma
        ] {
            assert_ne!(canonical(one).unwrap(), canonical(other).unwrap());
        }
    }

    /// C061, C062.
    #[test]
    fn invisible_and_compatibility_characters_are_refused() {
        for typed in [
            "admin\u{200b}", // zero-width space
            "ad\u{200d}min", // joiner
            "ad\u{ad}min",   // soft hyphen
            "\u{feff}admin", // byte order mark
            "admin\u{202e}", // direction override
            "\u{fb01}nance", // ligature fi
            "\u{212a}arl",   // Kelvin sign
            "admin\0x",
            "admin\r\nx",
            "two words",
            "two\u{a0}words",
            "\u{1f412}",
            "\u{5d0}a", // Hebrew and Latin in one name
        ] {
            assert_eq!(canonical(typed), Err(UserNameRejected::Character), "{typed:?}");
        }
    }

    #[test]
    fn white_space_around_a_name_is_refused_and_not_trimmed() {
        for typed in [" admin", "admin ", "admin\n", "\u{3000}admin", " "] {
            assert_eq!(canonical(typed), Err(UserNameRejected::OuterWhiteSpace), "{typed:?}");
        }
        assert_eq!(canonical(""), Err(UserNameRejected::Empty));
    }

    #[test]
    fn the_length_is_bounded_as_typed_and_in_canonical_form() {
        assert!(canonical(&"a".repeat(255)).is_ok());
        assert_eq!(canonical(&"a".repeat(256)), Err(UserNameRejected::TooLong));
        // Letters of two bytes that become three bytes each: i with a separate dot above.
        assert_eq!(canonical(&"\u{130}".repeat(85)).unwrap().len(), 255);
        assert_eq!(canonical(&"\u{130}".repeat(86)), Err(UserNameRejected::TooLong));
    }

    #[test]
    fn the_shown_form_stays_as_typed() {
        let name = UserName::parse("\u{ff21}dmin").unwrap();
        assert_eq!(name.as_str(), "\u{ff21}dmin");
        assert_ne!(name, UserName::parse("admin").unwrap());
        assert_eq!(name, name.clone());
    }

    #[test]
    fn a_letter_without_a_small_form_in_the_table_makes_a_name_but_its_key_does_not() {
        assert_eq!(canonical("\u{13a0}").unwrap(), "\u{ab70}");
        assert_eq!(canonical("\u{ab70}"), Err(UserNameRejected::Character));
    }

    #[test]
    fn a_canonical_form_has_no_further_canonical_form() {
        let scalars = (0..0x3_0000_u32).filter_map(char::from_u32);
        for name in scalars.filter_map(|c| UserName::parse(&format!("a{c}\u{301}b")).ok()) {
            if let Ok(again) = canonical(name.canonical()) {
                assert_eq!(again, name.canonical());
            }
        }
    }

    proptest! {
        #[test]
        fn c143_the_canonical_form_of_a_canonical_form_is_itself(name in "\\PC{1,12}|[A-Za-z\u{c0}-\u{24f}\u{391}-\u{3c9}\u{ff21}-\u{ff5a}0-9._-]{1,12}") {
            let Ok(name) = UserName::parse(&name) else { return Ok(()) };
            prop_assert!(name.canonical().len() <= MAX_USER_NAME_BYTES);
            if let Ok(again) = UserName::parse(name.canonical()) {
                prop_assert_eq!(again.canonical(), name.canonical());
            }
        }
    }
}
