//! Stored password hashes: which texts are accepted, and which of them are due for replacement.
//! Pure: imports only this module folder, where each scheme has a file of its own.

use ::argon2::Algorithm;
use zeroize::Zeroizing;

use super::argon2::Argon2Hash;
use super::argon2id::Argon2Params;
use super::bcrypt::BcryptHash;
use super::pbkdf2::{Digest, Pbkdf2Hash};
use super::scrypt::ScryptHash;
use super::{HashBudget, HashMemory, Password};

/// Longer texts are no hash of any scheme here.
const MAX_TEXT_BYTES: usize = 512;

/// A password hash as it is stored: a text that names its scheme, costs, salt and output.
///
/// One that was read is within the budget it was read with, so verifying it needs no further
/// check. Wiped when dropped, and without `Debug`: whoever has it can guess passwords offline.
pub struct PasswordHash {
    text: Zeroizing<String>,
    scheme: Scheme,
}

enum Scheme {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Pbkdf2(Pbkdf2Hash),
    Scrypt(ScryptHash),
}

impl PasswordHash {
    /// Reads a hash that is imported, or that was stored. A stored one is checked as well: who can
    /// edit the database must not be able to stall or crash the server through it.
    ///
    /// Accepted are `$argon2id$`, `$argon2i$`, `$argon2d$`, `$2a$`, `$2b$`, `$2y$`, `$scrypt$`,
    /// `$pbkdf2-sha1$`, `$pbkdf2-sha256$`, `$pbkdf2-sha512$`, passlib's `$pbkdf2$` (SHA-1) and
    /// Django's `pbkdf2_sha256$`.
    ///
    /// # Errors
    /// [`HashRejected`]; it never holds any of the text.
    pub fn parse(text: &str, budget: &HashBudget) -> Result<Self, HashRejected> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(HashRejected::Malformed);
        }
        Ok(Self { scheme: Scheme::parse(text, budget)?, text: Zeroizing::new(text.to_owned()) })
    }

    /// A hash that was just made here.
    pub(super) fn ours(hash: Argon2Hash) -> Self {
        Self { text: Zeroizing::new(hash.write()), scheme: Scheme::Argon2(hash) }
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the password is the one that was hashed. Outputs are compared in constant time;
    /// the time of the whole is that of the scheme and its costs, whatever the answer.
    pub fn verify(&self, password: &Password, memory: &mut HashMemory) -> bool {
        match &self.scheme {
            Scheme::Argon2(hash) => hash.verify(password, memory),
            Scheme::Bcrypt(hash) => hash.verify(password),
            Scheme::Pbkdf2(hash) => hash.verify(password),
            Scheme::Scrypt(hash) => hash.verify(password),
        }
    }

    /// Whether a successful login should replace this hash by an argon2id hash with the wanted
    /// parameters: every other scheme is due, and argon2id where any parameter is below.
    pub fn needs_rehash(&self, wanted: &Argon2Params) -> bool {
        match &self.scheme {
            Scheme::Argon2(hash) => hash.needs_rehash(wanted),
            Scheme::Bcrypt(_) | Scheme::Pbkdf2(_) | Scheme::Scrypt(_) => true,
        }
    }
}

impl Scheme {
    fn parse(text: &str, budget: &HashBudget) -> Result<Self, HashRejected> {
        let argon2 = |algorithm, rest| Argon2Hash::parse(algorithm, rest, budget).map(Self::Argon2);
        let pbkdf2 = |digest, rest| Pbkdf2Hash::parse(digest, rest, budget).map(Self::Pbkdf2);
        match split_scheme(text)? {
            ("$argon2id", rest) => argon2(Algorithm::Argon2id, rest),
            ("$argon2i", rest) => argon2(Algorithm::Argon2i, rest),
            ("$argon2d", rest) => argon2(Algorithm::Argon2d, rest),
            ("$2a" | "$2b" | "$2y", rest) => BcryptHash::parse(rest, budget).map(Self::Bcrypt),
            ("$scrypt", rest) => ScryptHash::parse(rest, budget).map(Self::Scrypt),
            ("$pbkdf2" | "$pbkdf2-sha1", rest) => pbkdf2(Digest::Sha1, rest),
            ("$pbkdf2-sha256", rest) => pbkdf2(Digest::Sha256, rest),
            ("$pbkdf2-sha512", rest) => pbkdf2(Digest::Sha512, rest),
            ("pbkdf2_sha256", rest) => {
                Pbkdf2Hash::parse_django(Digest::Sha256, rest, budget).map(Self::Pbkdf2)
            }
            _ => Err(HashRejected::UnknownScheme),
        }
    }
}

/// Splits at the first `$` that is not the first character.
fn split_scheme(text: &str) -> Result<(&str, &str), HashRejected> {
    let start = usize::from(text.starts_with('$'));
    let end = text[start..].find('$').ok_or(HashRejected::UnknownScheme)? + start;
    Ok((&text[..end], &text[end + 1..]))
}

/// Why a text is not a hash that this server verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub enum HashRejected {
    /// It does not begin with the name of a supported scheme.
    UnknownScheme,
    /// It names a scheme and then does not follow its form.
    Malformed,
    /// Verifying it would take more than the budget allows.
    TooCostly,
}

impl HashRejected {
    /// The reason, in words that may be shown to an administrator.
    pub const fn text(self) -> &'static str {
        match self {
            Self::UnknownScheme => "the password hash is of no supported scheme",
            Self::Malformed => "the password hash is malformed",
            Self::TooCostly => "the password hash costs more to verify than is allowed",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;

    const ARGON2ID: &str = "$argon2id$v=19$m=8,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$\
        0X6mNBypPaYHnqL2TcSqMd0ar5yqZ/tCrEr9BxRwbyY";
    const SEEDS: [&str; 6] = [
        ARGON2ID,
        "$2b$04$iBKUsWFMQQy/V2/WcGe7j.Lf3km2UJpMEIZz37UUs/JmjaaKb8KZu",
        "$pbkdf2-sha1$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE",
        "$pbkdf2-sha256$1000$./.../.../.../.../..Bw$ZsMI/yWPEbuhFzRv6zoqgcyTXy1PWszDK.ivqhbXzY4",
        "pbkdf2_sha256$1000$nEuEOF4Bf3Ol9fFZ$n4JxD2ElxVw26jQGv0HPYWk1tBL+KS5x815lTHcavmo=",
        "$scrypt$ln=4,r=8,p=1$+/+++/+++/+++/+++/++Bw$qx7ZSCkXnadxPgrcLmz985piLCScrjyKQFjCuOuUKkk",
    ];

    /// So small that a generated hash within it is verified at once.
    const TINY: HashBudget = HashBudget {
        max_memory_kib: 64,
        max_memory_work_kib: 128,
        max_bcrypt_cost: 4,
        max_pbkdf2_iterations: 5_000,
    };

    /// Reads a text and uses whatever comes out, which must not panic.
    fn exercise(text: &str) {
        let _ = PasswordHash::parse(text, &HashBudget::default());
        if let Ok(hash) = PasswordHash::parse(text, &TINY) {
            assert_eq!(hash.as_str(), text);
            let memory = &mut HashMemory::new();
            hash.verify(&Password::presented("some password").unwrap(), memory);
            assert!(memory.kib() <= 64);
            hash.needs_rehash(&Argon2Params::default());
        }
    }

    fn any_cost() -> impl Strategy<Value = u64> {
        prop_oneof![0..20_u64, 0..70_000_u64, any::<u32>().prop_map(u64::from), any::<u64>()]
    }

    fn base64(max: usize) -> impl Strategy<Value = String> {
        proptest::collection::vec(select(b"ABCDwxyz0189+/.".as_slice()), 0..max)
            .prop_map(|bytes| bytes.into_iter().map(char::from).collect())
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_read_without_panic(text in any::<String>()) {
            exercise(&text);
            exercise(&format!("${text}"));
        }

        #[test]
        fn mutilated_hashes_are_read_without_panic(
            seed in select(SEEDS.as_slice()),
            (from, to) in any::<(Index, Index)>(),
            patch in prop_oneof![any::<String>(), "[$=,.0-9a-z]{0,3}"],
        ) {
            let (from, to) = (from.index(seed.len() + 1), to.index(seed.len() + 1));
            let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 3));
            exercise(&format!("{}{patch}{}", &seed[..from], &seed[to..]));
        }

        #[test]
        fn hashes_of_any_cost_are_read_without_panic(
            (a, b, c) in (any_cost(), any_cost(), any_cost()),
            (salt, tag) in (base64(60), base64(60)),
            version in select(["v=16$", "v=19$", ""].as_slice()),
        ) {
            exercise(&format!("$argon2id${version}m={a},t={b},p={c}${salt}${tag}"));
            exercise(&format!("$argon2d${version}m={a},t={b},p={c}${salt}${tag}"));
            exercise(&format!("$scrypt$ln={a},r={b},p={c}${salt}${tag}"));
            exercise(&format!("$pbkdf2-sha256$i={a},l={b}${salt}${tag}"));
            exercise(&format!("$pbkdf2-sha512${a}${salt}${tag}"));
            exercise(&format!("pbkdf2_sha256${a}${salt}${tag}"));
            exercise(&format!("$2y${:02}${salt}{tag}", a % 100));
        }
    }

    #[test]
    fn every_seed_is_a_hash_within_the_tiny_budget() {
        for text in SEEDS {
            assert!(PasswordHash::parse(text, &TINY).is_ok(), "{text}");
        }
    }

    #[test]
    fn texts_of_other_schemes_are_refused() {
        for text in [
            "",
            "$",
            "$$",
            "plain text",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "$1$salt$hash",
            "$6$rounds=5000$salt$hash",
            "$2$04$iBKUsWFMQQy/V2/WcGe7j.Lf3km2UJpMEIZz37UUs/JmjaaKb8KZu",
            "$argon2$v=19$m=8,t=1,p=1$AAECAwQFBgc$AAECAwQFBgcICQoLDA0ODw",
            "$pbkdf2_sha256$1000$salt$hash",
            "pbkdf2-sha256$1000$salt$hash",
            "{SSHA}aaaa",
            &ARGON2ID[1..],
            &format!(" {ARGON2ID}"),
        ] {
            let read = PasswordHash::parse(text, &HashBudget::default());
            assert_eq!(read.err(), Some(HashRejected::UnknownScheme), "{text:?}");
        }
    }

    #[test]
    fn a_text_is_bounded_before_it_is_read() {
        let long = format!("{ARGON2ID}{}", "A".repeat(MAX_TEXT_BYTES));
        let read = PasswordHash::parse(&long, &HashBudget::default());
        assert_eq!(read.err(), Some(HashRejected::Malformed));
    }
}
