//! Passwords that everybody knows: those of leaks, and those that people choose (NIST SP 800-63B-4
//! §3.1.1.2). What is kept of each is a part of its hash.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::{Password, PasswordRejected};

/// A list of passwords that nobody is to choose, by the first 64 bits of their SHA-1: few enough to keep
/// millions, and of a million other passwords none is likely to share them. SHA-1 is what lists of leaked
/// passwords come in; nothing rests on it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CommonPasswords(Arc<[u64]>);

/// One entry of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CommonPassword(u64);

impl CommonPasswords {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `text` is one of them, as it is or in lower case.
    pub(super) fn contains(&self, text: &str) -> bool {
        let is_one = |text: &str| self.0.binary_search(&prefix_of(text.as_bytes())).is_ok();
        !self.is_empty() && (is_one(text) || is_one(&zeroize::Zeroizing::new(text.to_lowercase())))
    }
}

impl FromIterator<CommonPassword> for CommonPasswords {
    fn from_iter<T: IntoIterator<Item = CommonPassword>>(entries: T) -> Self {
        let mut prefixes: Vec<u64> = entries.into_iter().map(|entry| entry.0).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        Self(prefixes.into())
    }
}

impl CommonPassword {
    /// Reads a line of a list: a password in any case, in whichever form it is typed, or its SHA-1 in
    /// hexadecimal, with a count behind a colon or without. None of an empty line.
    ///
    /// # Errors
    /// [`PasswordRejected`] where no password equals the line, so that it would stand for nothing.
    pub fn parse(line: &[u8]) -> Result<Option<Self>, PasswordRejected> {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return Ok(None);
        }
        if let Some(prefix) = hashed(line) {
            return Ok(Some(Self(prefix)));
        }
        let text = std::str::from_utf8(line).map_err(|_| PasswordRejected::Character)?;
        let known = Password::presented(text)?.0.to_lowercase();
        Ok(Some(Self(prefix_of(known.as_bytes()))))
    }
}

/// The prefix that a line spells out.
fn hashed(line: &[u8]) -> Option<u64> {
    let (hash, rest) = line.split_at_checked(40)?;
    let is_hash = hash.iter().all(u8::is_ascii_hexdigit);
    let is_alone = rest.is_empty() || rest[0] == b':';
    let prefix = std::str::from_utf8(&hash[..16]).ok().filter(|_| is_hash && is_alone)?;
    u64::from_str_radix(prefix, 16).ok()
}

fn prefix_of(text: &[u8]) -> u64 {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text);
    let mut prefix = [0; 8];
    prefix.copy_from_slice(&hash.as_ref()[..8]);
    u64::from_be_bytes(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[&str]) -> CommonPasswords {
        lines.iter().filter_map(|line| CommonPassword::parse(line.as_bytes()).unwrap()).collect()
    }

    #[test]
    fn a_list_holds_passwords_or_their_hashes_as_they_are_published() {
        // The SHA-1 of `Password1234567!`, and of `letmein`, as such lists have them.
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, b"Password1234567!");
        let hex =
            hash.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02X}"));
        let list =
            list(&["correct horse", "TrustNo1", "", &format!("{hex}:42"), &hex, "b\u{fc}ro\r"]);
        assert_eq!(list.len(), 4, "twice is once, and an empty line is none");
        for known in [
            "correct horse",
            "Correct Horse",
            "trustno1",
            "TRUSTNO1",
            "Password1234567!",
            "B\u{dc}RO",
        ] {
            assert!(list.contains(known), "{known}");
        }
        // Of a hash nobody knows the letters in another case.
        for unknown in ["correct horses", "password1234567!", &hex, "", "b\u{fc}ro\r"] {
            assert!(!list.contains(unknown), "{unknown}");
        }
    }

    #[test]
    fn forty_hexadecimal_letters_with_something_else_behind_are_a_password() {
        let text = "a".repeat(40) + "!";
        assert!(list(&[&text]).contains(&text));
        assert!(!list(&[&text[..40]]).contains(&text[..40]));
    }

    #[test]
    fn an_entry_is_normalised_as_the_password_is() {
        let list = list(&["cafe\u{301} au lait", "four\u{a0}words\u{3000}of text"]);
        let policy = crate::protocol::password::PasswordPolicy { min_code_points: 1, common: list };
        for known in ["caf\u{e9} au lait", "CAFE\u{301}\u{a0}AU LAIT", "Four words of text"] {
            let refused = Password::parse(known, &policy).err();
            assert_eq!(refused, Some(PasswordRejected::Common), "{known}");
        }
        assert!(Password::parse("cafe au lait", &policy).is_ok());
    }

    #[test]
    fn a_line_that_no_password_equals_is_no_entry() {
        for line in [&b"caf\xe9 au lait"[..], b"tab\there", b"nul\0", "soft\u{ad}".as_bytes()] {
            assert_eq!(CommonPassword::parse(line), Err(PasswordRejected::Character), "{line:?}");
        }
        let long = CommonPassword::parse(&[b'x'; 1025]);
        assert_eq!(long, Err(PasswordRejected::TooLong));
        assert_eq!(CommonPassword::parse(b" \r\n"), Ok(None));
    }

    #[test]
    fn without_a_list_everything_is_unknown() {
        assert!(!CommonPasswords::default().contains("password"));
    }
}
