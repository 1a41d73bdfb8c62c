//! Stored argon2 hashes of all variants (RFC 9106), those made here among them.
//! Pure: imports only this module folder.

use ::argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use zeroize::Zeroizing;

use super::argon2id::{Argon2Params, SALT_BYTES, TAG_BYTES};
use super::hash::HashRejected;
use super::{HashBudget, HashMemory, Password, phc};

/// The shortest salt that argon2 takes, in bytes (RFC 9106 §3.1).
const MIN_SALT_BYTES: usize = ::argon2::MIN_SALT_LEN;

/// A stored argon2 hash.
pub(super) struct Argon2Hash {
    recipe: Recipe,
    tag: phc::Tag,
}

impl Argon2Hash {
    /// Reads what follows `$argon2id$`: `v=19$m=…,t=…,p=…$salt$tag`, where a missing version is
    /// 16, as before there were versions. A key id or associated data is not supported.
    pub(super) fn parse(
        algorithm: Algorithm,
        rest: &str,
        budget: &HashBudget,
    ) -> Result<Self, HashRejected> {
        let (version, rest) = match rest.strip_prefix("v=") {
            Some(rest) => rest.split_once('$').ok_or(HashRejected::Malformed)?,
            None => ("16", rest),
        };
        let [costs, salt, tag] = phc::fields(rest)?;
        Ok(Self {
            recipe: Recipe {
                algorithm,
                version: parse_version(version)?,
                params: parse_params(costs, budget)?,
                salt: parse_salt(salt)?,
            },
            tag: phc::Tag::decode(tag, &phc::PHC)?,
        })
    }

    /// Hashes a password with the variant and version that the server makes itself.
    #[expect(clippy::expect_used, reason = "Argon2Params are valid, and the lengths are constants")]
    pub(super) fn ours(
        password: &Password,
        salt: [u8; SALT_BYTES],
        params: &Argon2Params,
        memory: &mut HashMemory,
    ) -> Self {
        let recipe = Recipe {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: *params,
            salt: salt.to_vec(),
        };
        let mut tag = Zeroizing::new(vec![0; TAG_BYTES]);
        recipe.derive(password, &mut tag, memory).expect("argon2 is defined for these inputs");
        Self { recipe, tag: tag.into() }
    }

    /// The PHC string.
    pub(super) fn write(&self) -> String {
        let Recipe { algorithm, version, params, salt } = &self.recipe;
        format!(
            "${}$v={}$m={},t={},p={}${}${}",
            algorithm.as_str(),
            u32::from(*version),
            params.memory_kib(),
            params.iterations(),
            params.parallelism(),
            phc::PHC.encode(salt),
            phc::PHC.encode(self.tag.as_bytes()),
        )
    }

    /// Whether the password gives this hash.
    pub(super) fn verify(&self, password: &Password, memory: &mut HashMemory) -> bool {
        self.tag.is_derived_by(|tag| self.recipe.derive(password, tag, memory))
    }

    /// Whether [`hash`](super::argon2id::hash) would make a stronger one.
    pub(super) fn needs_rehash(&self, wanted: &Argon2Params) -> bool {
        self.recipe.algorithm != Algorithm::Argon2id
            || self.recipe.version != Version::V0x13
            || self.recipe.params.is_below(wanted)
            || self.recipe.salt.len() < SALT_BYTES
            || self.tag.len() < TAG_BYTES
    }
}

/// Everything but the password that an argon2 hash is made from.
struct Recipe {
    algorithm: Algorithm,
    version: Version,
    params: Argon2Params,
    salt: Vec<u8>,
}

impl Recipe {
    /// Fills `tag`, working in `memory`.
    fn derive(
        &self,
        password: &Password,
        tag: &mut [u8],
        memory: &mut HashMemory,
    ) -> Result<(), ::argon2::Error> {
        let params = Params::new(
            self.params.memory_kib(),
            self.params.iterations(),
            self.params.parallelism(),
            Some(tag.len()),
        )?;
        let blocks = memory.lend(params.block_count());
        Argon2::new(self.algorithm, self.version, params).hash_password_into_with_memory(
            password.as_bytes(),
            &self.salt,
            tag,
            blocks,
        )
    }
}

fn parse_version(digits: &str) -> Result<Version, HashRejected> {
    match digits {
        "16" => Ok(Version::V0x10),
        "19" => Ok(Version::V0x13),
        _ => Err(HashRejected::Malformed),
    }
}

fn parse_params(costs: &str, budget: &HashBudget) -> Result<Argon2Params, HashRejected> {
    let [memory_kib, iterations, parallelism] = phc::costs(costs, ["m", "t", "p"])?;
    budget.admit_memory(memory_kib, iterations)?;
    let number = |cost| u32::try_from(cost).map_err(|_| HashRejected::Malformed);
    Argon2Params::new(number(memory_kib)?, number(iterations)?, number(parallelism)?)
        .map_err(|_| HashRejected::Malformed)
}

fn parse_salt(text: &str) -> Result<Vec<u8>, HashRejected> {
    let salt = phc::salt(text, &phc::PHC)?;
    if salt.len() < MIN_SALT_BYTES { Err(HashRejected::Malformed) } else { Ok(salt) }
}

#[cfg(test)]
mod tests {
    use super::super::PasswordHash;
    use super::*;

    // The reference implementation's results for one password and salt.
    const PASSWORD: &str = "correct horse battery staple";
    const SMALL: &str = "$argon2id$v=19$m=8,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$\
        0X6mNBypPaYHnqL2TcSqMd0ar5yqZ/tCrEr9BxRwbyY";
    const VARIANTS: [&str; 6] = [
        "$argon2id$v=19$m=64,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$\
            x2DDBa4dWyRSftvI23cVjytjIZfYutSc7FqwcYCfPe8",
        "$argon2id$v=16$m=64,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$\
            ZrSh1cJIq7FcMjHoriaqI2UHYFzFOiVMn2WVXSB+Ltw",
        "$argon2i$v=19$m=64,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$\
            WgWW0X5989E6HjNWsAarPhj0bUDiyKGvIOLPH6nqeY0",
        "$argon2i$v=16$m=64,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$\
            D4Jw5Iyje9ubv/Y8Tcb97x/xiOZEKt4H58cO5aHAJ1o",
        "$argon2d$v=19$m=64,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$\
            w45DM10cJJYU0thSJrRa/H4TPwLL4fz0cM8RFoWjTzc",
        "$argon2d$v=16$m=64,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$\
            d4qVzihQ2a+XEse/9wiAg3DbX9VbFtOuPzogcymc9HY",
    ];

    fn parse(text: &str) -> Result<PasswordHash, HashRejected> {
        PasswordHash::parse(text, &HashBudget::default())
    }

    fn verifies(text: &str, typed: &str) -> bool {
        let password = Password::presented(typed).unwrap();
        parse(text).unwrap().verify(&password, &mut HashMemory::new())
    }

    #[test]
    fn every_variant_and_version_is_verified() {
        for text in VARIANTS {
            assert!(verifies(text, PASSWORD), "{text}");
            assert!(!verifies(text, "another horse"), "{text}");
        }
    }

    #[test]
    fn a_hash_without_version_is_of_version_16() {
        assert!(verifies(&VARIANTS[3].replace("v=16$", ""), PASSWORD));
        assert!(!verifies(&VARIANTS[2].replace("v=19$", ""), PASSWORD));
    }

    #[test]
    fn a_rehash_is_due_for_other_variants_and_for_short_salts_and_tags() {
        let least = Argon2Params::new(8, 1, 1).unwrap();
        assert!(!parse(VARIANTS[0]).unwrap().needs_rehash(&least));
        for text in &VARIANTS[1..] {
            assert!(parse(text).unwrap().needs_rehash(&least), "{text}");
        }
        let short_salt = SMALL.replace("AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgc");
        assert!(parse(&short_salt).unwrap().needs_rehash(&least));
        let short_tag = SMALL.replace(&SMALL[SMALL.len() - 43..], "AAECAwQFBgcICQoLDA0ODw");
        assert!(parse(&short_tag).unwrap().needs_rehash(&least));
    }

    /// C069: none of these allocates: they are refused while the text is read.
    #[test]
    fn costs_above_the_budget_are_refused() {
        for costs in [
            "m=4194304,t=1,p=1",
            "m=4294967296,t=1,p=1",
            "m=65537,t=1,p=1",
            "m=65536,t=5,p=1",
            "m=8,t=4294967295,p=1",
            "m=18446744073709551615,t=18446744073709551615,p=1",
        ] {
            let text = SMALL.replace("m=8,t=1,p=1", costs);
            assert_eq!(parse(&text).err(), Some(HashRejected::TooCostly), "{costs}");
        }
        let dearest = SMALL.replace("m=8,t=1,p=1", "m=65536,t=4,p=8192");
        assert!(parse(&dearest).is_ok());
    }

    #[test]
    fn malformed_texts_are_refused() {
        for (from, to) in [
            ("v=19", "v=18"),
            ("v=19", "v="),
            ("m=8,t=1,p=1", ""),
            ("m=8", "m=7"),
            ("m=8", "m=08"),
            ("m=8,t=1", "m=0,t=4294967296"),
            ("t=1", "t=0"),
            ("p=1", "p=0"),
            ("p=1", "p=2"),
            ("p=1", "p=536870912"),
            ("p=1", "p=4294967297"),
            ("p=1", "p=1,keyid=AAAA"),
            ("p=1", "p=1,data=AAAA"),
            ("AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBg"),
            ("AAECAwQFBgcICQoLDA0ODw", ""),
            ("$0X6mNBypPaYHnqL2TcSqMd0ar5yqZ/tCrEr9BxRwbyY", ""),
            ("0X6mNBypPaYHnqL2TcSqMd0ar5yqZ/tCrEr9BxRwbyY", "0X6mNBypPaYHnqL2TcSq"),
            ("RwbyY", "RwbyY="),
            ("RwbyY", "RwbyY$"),
            ("RwbyY", "RwbyY "),
        ] {
            let text = SMALL.replace(from, to);
            assert_ne!(text, SMALL);
            assert_eq!(parse(&text).err(), Some(HashRejected::Malformed), "{from} -> {to}");
        }
    }
}
