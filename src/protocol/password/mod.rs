//! Passwords and user names: what is accepted, how it is normalised, hashed and compared.
//! Pure: imports no async code, clock, randomness, axum or sqlx; the salt is passed in.

mod argon2;
pub mod argon2id;
mod bcrypt;
mod budget;
mod common;
mod hash;
mod memory;
mod pbkdf2;
mod phc;
mod scrypt;
mod user_name;

pub use budget::HashBudget;
pub use common::{CommonPassword, CommonPasswords};
pub use hash::{HashRejected, PasswordHash};
pub use memory::HashMemory;
pub use user_name::{MAX_USER_NAME_BYTES, UserName, UserNameRejected};

use std::borrow::Cow;

use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use zeroize::Zeroizing;

/// The longest password, in bytes of its normalised form. Hashing time must not grow with what a
/// stranger sends, so longer ones are refused before any hash is computed.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// The longest text that is normalised at all, so that this, too, takes bounded time. It leaves
/// room for a password of the greatest length whose letters are typed as base and accents.
const MAX_TYPED_BYTES: usize = 3 * MAX_PASSWORD_BYTES;

/// What a password must satisfy when it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest Unicode code points, counted after normalisation. The default of 15 is what
    /// NIST SP 800-63B-4 §3.1.1.2 requires of a password that is the only factor.
    pub min_code_points: usize,
    /// Those that nobody is to choose.
    pub common: CommonPasswords,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_code_points: 15, common: CommonPasswords::default() }
    }
}

/// A password in the PRECIS profile OpaqueString (RFC 8265 §4.2): NFC, every kind of space is
/// U+0020, no control characters, case and everything else untouched. The same person typing it
/// on another keyboard thus sends the same bytes. The profile also refuses what it cannot
/// promise to keep stable, such as variation selectors and characters younger than Unicode 6.3.
///
/// Wiped when dropped. It has no `Debug`, and two of them cannot be compared: only
/// [`PasswordHash::verify`] tells whether one is right.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password that is to be set. There are no rules of composition (NIST SP 800-63B-4
    /// §3.1.1.2).
    ///
    /// # Errors
    /// [`PasswordRejected`] where the text is too short for the policy or on its list, longer than
    /// [`MAX_PASSWORD_BYTES`], or holds a character that the profile disallows.
    pub fn parse(text: &str, policy: &PasswordPolicy) -> Result<Self, PasswordRejected> {
        let password = Self::presented(text)?;
        if password.0.chars().count() < policy.min_code_points {
            return Err(PasswordRejected::TooShort);
        }
        password.is_none_of(&policy.common)?;
        Ok(password)
    }

    /// Makes sure that a password that was taken before the list was at hand is not on it.
    ///
    /// # Errors
    /// [`PasswordRejected::Common`] where it is.
    pub fn is_none_of(&self, common: &CommonPasswords) -> Result<(), PasswordRejected> {
        if common.contains(&self.0) { Err(PasswordRejected::Common) } else { Ok(()) }
    }

    /// Takes a password that is to be compared with a stored hash. The policy of today does not
    /// apply: whoever set a shorter one when that was allowed can still sign in.
    ///
    /// # Errors
    /// [`PasswordRejected`] where no password can be stored that equals this text; no hash needs
    /// to be computed to answer that it is wrong.
    pub fn presented(text: &str) -> Result<Self, PasswordRejected> {
        if text.is_empty() {
            return Err(PasswordRejected::Empty);
        }
        if text.len() > MAX_TYPED_BYTES {
            return Err(PasswordRejected::TooLong);
        }
        let password = opaque_string(text)?;
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordRejected::TooLong);
        }
        Ok(Self(password))
    }

    /// The bytes that are hashed: UTF-8 of the normalised form, 1 to [`MAX_PASSWORD_BYTES`].
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Applies the profile. What it holds on the way to the normal form of text that is not normal
/// yet cannot be wiped from here; text that is normal already (all ASCII is) is copied only once.
fn opaque_string(text: &str) -> Result<Zeroizing<String>, PasswordRejected> {
    match OpaqueString::enforce(text) {
        Ok(Cow::Borrowed(same)) => Ok(Zeroizing::new(same.to_owned())),
        Ok(Cow::Owned(normalised)) => Ok(Zeroizing::new(normalised)),
        Err(_) => Err(PasswordRejected::Character),
    }
}

/// Why a text cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub enum PasswordRejected {
    /// There is no text.
    Empty,
    /// It has fewer code points than the policy asks for.
    TooShort,
    /// It has more than [`MAX_PASSWORD_BYTES`] bytes.
    TooLong,
    /// Everybody knows it.
    Common,
    /// It holds a control character, or one that has no stable form (RFC 8264 §4.3).
    Character,
}

impl PasswordRejected {
    /// The reason, in words that may be shown to whoever sent the password.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Empty => "the password is empty",
            Self::TooShort => "the password is too short",
            Self::TooLong => "the password is longer than 1024 bytes",
            Self::Common => "the password is one that many people use, or that was leaked",
            Self::Character => "the password holds a character that cannot be used",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Result<Vec<u8>, PasswordRejected> {
        Password::parse(text, &PasswordPolicy::default()).map(|it| it.as_bytes().to_vec())
    }

    fn presented(text: &str) -> Result<Vec<u8>, PasswordRejected> {
        Password::presented(text).map(|it| it.as_bytes().to_vec())
    }

    #[test]
    fn a_password_is_kept_exactly_as_typed() {
        let typed = "  No trim, no FOLD: \u{1f412} ß ﬁ  ";
        assert_eq!(set(typed).unwrap(), typed.as_bytes());
        assert_eq!(presented(typed).unwrap(), typed.as_bytes());
    }

    #[test]
    fn the_minimum_counts_code_points_after_normalisation() {
        assert_eq!(set("fourteen chars"), Err(PasswordRejected::TooShort));
        assert!(set("fifteen charact").is_ok());
        assert_eq!(set(&"\u{1f412}".repeat(14)), Err(PasswordRejected::TooShort));
        assert!(set(&"\u{1f412}".repeat(15)).is_ok());
        // Fourteen letters é, typed as 28 code points.
        assert_eq!(set(&"e\u{301}".repeat(14)), Err(PasswordRejected::TooShort));
    }

    #[test]
    fn the_minimum_can_be_changed_and_does_not_bind_a_presented_password() {
        let eight = PasswordPolicy { min_code_points: 8, ..PasswordPolicy::default() };
        assert!(Password::parse("12345678", &eight).is_ok());
        assert!(Password::parse("1234567", &eight).is_err());
        assert_eq!(presented("x").unwrap(), b"x");
    }

    #[test]
    fn an_empty_password_is_refused_whatever_the_policy() {
        let none = PasswordPolicy { min_code_points: 0, ..PasswordPolicy::default() };
        assert!(matches!(Password::parse("", &none), Err(PasswordRejected::Empty)));
        assert_eq!(presented(""), Err(PasswordRejected::Empty));
    }

    /// C063.
    #[test]
    fn c063_the_maximum_counts_bytes_after_normalisation() {
        for accept in [set, presented] {
            assert_eq!(accept(&"x".repeat(1024)).unwrap().len(), 1024);
            assert_eq!(accept(&"x".repeat(1025)), Err(PasswordRejected::TooLong));
            assert_eq!(accept(&"x".repeat(1 << 20)), Err(PasswordRejected::TooLong));
            // 512 letters é of two bytes each; typed in decomposed form they are 1536 bytes.
            assert_eq!(accept(&"e\u{301}".repeat(512)).unwrap().len(), 1024);
            assert_eq!(accept(&"e\u{301}".repeat(513)), Err(PasswordRejected::TooLong));
            // Text that normalisation makes longer: U+0958 is excluded from composition.
            assert_eq!(accept(&"\u{958}".repeat(170)).unwrap().len(), 1020);
            assert_eq!(accept(&"\u{958}".repeat(171)), Err(PasswordRejected::TooLong));
        }
    }

    #[test]
    fn composed_and_decomposed_forms_and_all_spaces_are_one_password() {
        for accept in [set, presented] {
            assert_eq!(
                accept("cafe\u{301} au lait, s'il vous plai\u{302}t").unwrap(),
                "café\u{a0}au\u{3000}lait, s'il vous plaît"
                    .replace(['\u{a0}', '\u{3000}'], " ")
                    .into_bytes()
            );
            assert_eq!(
                accept("four\u{a0}words\u{3000}of\u{2009}text").unwrap(),
                b"four words of text"
            );
        }
    }

    /// C062.
    #[test]
    fn control_characters_are_refused_and_never_end_a_password() {
        for typed in ["a\0b", "a\r\nb", "long enough\0 to be set", "tab\there", "\u{7f}", "\u{85}"]
        {
            assert_eq!(presented(typed), Err(PasswordRejected::Character), "{typed:?}");
        }
        assert_eq!(set("long enough\0 to be set"), Err(PasswordRejected::Character));
    }

    #[test]
    fn characters_outside_the_table_are_refused_when_set_and_when_presented() {
        for typed in ["\u{1f923}", "\u{2764}\u{fe0f}", "soft\u{ad}hyphen"] {
            let typed = format!("a long enough password {typed}");
            assert_eq!(set(&typed), Err(PasswordRejected::Character), "{typed:?}");
            assert_eq!(presented(&typed), Err(PasswordRejected::Character), "{typed:?}");
        }
    }

    #[test]
    fn reasons_are_the_same_as_text_and_as_display() {
        assert_eq!(PasswordRejected::TooLong.to_string(), PasswordRejected::TooLong.text());
    }
}
