//! bcrypt hashes made elsewhere, verified until the password is hashed anew.
//! Pure: imports only this module folder.

use zeroize::Zeroizing;

use super::hash::HashRejected;
use super::{HashBudget, Password, phc};

/// What bcrypt reads of a password, in bytes; it ignores the rest.
const READ_BYTES: usize = 72;

/// The length of the encoded salt.
const SALT_CHARACTERS: usize = 22;

/// A stored bcrypt hash. `$2a$`, `$2b$` and `$2y$` are one function: they differ in bugs that
/// passwords in UTF-8 of up to 1,024 bytes without NUL do not meet in any maintained library.
pub(super) struct BcryptHash {
    cost: u32,
    salt: [u8; 16],
    tag: phc::Tag,
}

impl BcryptHash {
    /// Reads what follows `$2b$`: two digits of cost, `$`, then salt and tag without a separator.
    pub(super) fn parse(rest: &str, budget: &HashBudget) -> Result<Self, HashRejected> {
        let [cost, salt_and_tag] = phc::fields(rest)?;
        let cost = parse_cost(cost)?;
        budget.admit_bcrypt(cost)?;
        let (salt, tag) =
            salt_and_tag.split_at_checked(SALT_CHARACTERS).ok_or(HashRejected::Malformed)?;
        let salt = phc::salt(salt, &phc::BCRYPT)?;
        let tag = phc::Tag::decode(tag, &phc::BCRYPT)?;
        if tag.len() != 23 {
            return Err(HashRejected::Malformed);
        }
        Ok(Self { cost, salt: salt.try_into().map_err(|_| HashRejected::Malformed)?, tag })
    }

    /// Whether the password gives this hash.
    ///
    /// Only its first 72 bytes count, because that is how the hash was made: refusing longer
    /// passwords would lock out the people who have always signed in with one. It ends with the
    /// rehash that is due after the first login, whose argon2id reads every byte.
    pub(super) fn verify(&self, password: &Password) -> bool {
        let key = key(password.as_bytes());
        self.tag.is_derived_by(|tag| {
            let output = Zeroizing::new(::bcrypt::bcrypt(self.cost, self.salt, &key));
            tag.copy_from_slice(&output[..tag.len()]);
            Ok::<(), HashRejected>(())
        })
    }
}

/// The password with the NUL that ends it in C, as far as bcrypt reads. The NUL matters: the key
/// is repeated cyclically, and without it `ab` and `abab` would be one password.
fn key(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(READ_BYTES));
    key.extend(password.iter().copied().chain([0]).take(READ_BYTES));
    key
}

fn parse_cost(text: &str) -> Result<u32, HashRejected> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(cost) if digits && (4..=31).contains(&cost) => Ok(cost),
        _ => Err(HashRejected::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HashMemory, PasswordHash, argon2id::Argon2Params};
    use super::*;

    // Results of Python's bcrypt 4.0.
    const B: &str = "$2b$04$iBKUsWFMQQy/V2/WcGe7j.Lf3km2UJpMEIZz37UUs/JmjaaKb8KZu";
    const SHORT: [(&str, &str); 4] = [
        ("correct horse battery staple", B),
        (
            "correct horse battery staple",
            "$2a$04$yK6tgDpYh8ygKoHgR3s2heuSN82J.Gl59Iw0VUDp5j9q95HhN3vDS",
        ),
        ("Grüße aus Łódź", "$2b$04$abcdefghijklmnopqrstuuTSS/rlYit7.KSGnqtRj4h6zUkRnQr.q"),
        // From the test vectors of jBCrypt.
        ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
    ];
    const OF_72_BYTES: &str = "$2b$04$abcdefghijklmnopqrstuum2G75IXDN/xsgbNa/hCiPSKyIHQd70S";
    const OF_71_BYTES: &str = "$2b$04$abcdefghijklmnopqrstuukow.iL/GuIgNNTSpCKVqIJG617.YQsi";

    fn parse(text: &str) -> Result<PasswordHash, HashRejected> {
        PasswordHash::parse(text, &HashBudget::default())
    }

    fn verifies(text: &str, typed: &str) -> bool {
        let password = Password::presented(typed).unwrap();
        parse(text).unwrap().verify(&password, &mut HashMemory::new())
    }

    #[test]
    fn hashes_of_other_libraries_are_verified() {
        for (password, text) in SHORT {
            assert!(verifies(text, password), "{text}");
            assert!(!verifies(text, "another horse"), "{text}");
        }
    }

    #[test]
    fn all_three_prefixes_are_one_function() {
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            assert!(verifies(&B.replace("$2b$", prefix), SHORT[0].0));
        }
    }

    #[test]
    fn a_password_and_its_repetition_differ() {
        assert!(!verifies(SHORT[3].1, "aa"));
        assert!(!verifies(SHORT[3].1, "aaa"));
    }

    /// C063: an imported hash keeps the limit that it was made with; it is never one of ours.
    #[test]
    fn the_first_72_bytes_decide_and_a_rehash_is_due() {
        let typed = "0123456789".repeat(10);
        for length in [72, 73, 80, 100] {
            assert!(verifies(OF_72_BYTES, &typed[..length]), "{length}");
        }
        assert!(!verifies(OF_72_BYTES, &typed[..71]));
        assert!(verifies(OF_71_BYTES, &typed[..71]));
        assert!(!verifies(OF_71_BYTES, &typed[..72]));
        assert!(parse(OF_72_BYTES).unwrap().needs_rehash(&Argon2Params::default()));
    }

    #[test]
    fn bits_to_spare_in_salt_and_tag_are_ignored() {
        // Salt and tag end in a character whose low bits mean nothing.
        assert!(verifies(&OF_72_BYTES.replace("tuum2G", "tuvm2G"), &"0123456789".repeat(8)));
        assert!(verifies(&OF_72_BYTES.replace("Qd70S", "Qd70T"), &"0123456789".repeat(8)));
        assert!(!verifies(&OF_72_BYTES.replace("Qd70S", "Qd70W"), &"0123456789".repeat(8)));
    }

    #[test]
    fn costs_above_the_budget_are_refused() {
        assert!(parse(&B.replace("$04$", "$14$")).is_ok());
        for cost in ["$15$", "$31$"] {
            assert_eq!(parse(&B.replace("$04$", cost)).err(), Some(HashRejected::TooCostly));
        }
    }

    #[test]
    fn malformed_texts_are_refused() {
        for (from, to) in [
            ("$04$", "$03$"),
            ("$04$", "$32$"),
            ("$04$", "$4$"),
            ("$04$", "$+4$"),
            ("$04$", "$004$"),
            ("$04$", "$"),
            ("KZu", "KZ"),
            ("KZu", "KZuA"),
            ("KZu", "KZ="),
            ("KZu", "KZ$"),
            ("j.Lf", "j.é"),
            ("7j.Lf", "7é.Lf"),
            ("iBKUsWFMQQy/V2/WcGe7j.Lf3km2UJpMEIZz37UUs/JmjaaKb8KZu", ""),
            ("iBKUsWFMQQy/V2/WcGe7j.Lf3km2UJpMEIZz37UUs/JmjaaKb8KZu", "iBKUsWFMQQy/V2/WcGe7j."),
        ] {
            let text = B.replace(from, to);
            assert_ne!(text, B);
            assert_eq!(parse(&text).err(), Some(HashRejected::Malformed), "{text}");
        }
        assert_eq!(parse(&B.replace("$2b$", "$2x$")).err(), Some(HashRejected::UnknownScheme));
    }
}
