//! argon2id (RFC 9106), with which the server hashes passwords itself, and its costs.
//! Pure: imports only this module folder; the salt is passed in.

use ::argon2::Params;

use super::argon2::Argon2Hash;
use super::{HashMemory, Password, PasswordHash};

/// The length of the salt of our own hashes, in bytes (RFC 9106 §3.1).
pub const SALT_BYTES: usize = 16;

/// The length of the output of our own hashes, in bytes.
pub(super) const TAG_BYTES: usize = 32;

/// Hashes a password with argon2id, version 1.3. `salt` is fresh randomness for each hash.
pub fn hash(
    password: &Password,
    salt: [u8; SALT_BYTES],
    params: &Argon2Params,
    memory: &mut HashMemory,
) -> PasswordHash {
    PasswordHash::ours(Argon2Hash::ours(password, salt, params, memory))
}

/// The costs of one argon2 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Params {
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
}

/// 19 MiB, two passes, one lane: one of OWASP's equivalent minimum settings.
impl Default for Argon2Params {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
}

impl Argon2Params {
    /// Costs in KiB, passes over the memory, and lanes. Lanes are computed one after the other
    /// here, so more of them only help hashes to agree with another implementation.
    ///
    /// # Errors
    /// [`Argon2ParamsRejected`] where argon2 is not defined for them.
    pub fn new(
        memory_kib: u32,
        iterations: u32,
        parallelism: u32,
    ) -> Result<Self, Argon2ParamsRejected> {
        match Params::new(memory_kib, iterations, parallelism, None) {
            Ok(_) => Ok(Self { memory_kib, iterations, parallelism }),
            Err(_) => Err(Argon2ParamsRejected),
        }
    }

    /// The memory in KiB.
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// The passes over the memory.
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// The lanes.
    pub const fn parallelism(&self) -> u32 {
        self.parallelism
    }

    /// Whether any cost is lower than in `wanted`.
    pub(super) const fn is_below(&self, wanted: &Self) -> bool {
        self.memory_kib < wanted.memory_kib
            || self.iterations < wanted.iterations
            || self.parallelism < wanted.parallelism
    }
}

/// Costs for which argon2 is not defined (RFC 9106 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("argon2 needs one pass, one lane and 8 KiB of memory per lane at least")]
pub struct Argon2ParamsRejected;

#[cfg(test)]
mod tests {
    use super::super::HashBudget;
    use super::*;

    const SALT: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    // The reference implementation's results for this password and salt.
    const PASSWORD: &str = "correct horse battery staple";
    const DEFAULT: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$\
        gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU";
    const SMALL: &str = "$argon2id$v=19$m=8,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$\
        0X6mNBypPaYHnqL2TcSqMd0ar5yqZ/tCrEr9BxRwbyY";

    fn password(text: &str) -> Password {
        Password::presented(text).unwrap()
    }

    fn params(memory_kib: u32, iterations: u32, parallelism: u32) -> Argon2Params {
        Argon2Params::new(memory_kib, iterations, parallelism).unwrap()
    }

    fn parse(text: &str) -> PasswordHash {
        PasswordHash::parse(text, &HashBudget::default()).unwrap()
    }

    #[test]
    fn our_hashes_are_those_of_the_reference_implementation() {
        let memory = &mut HashMemory::new();
        for (expected, params) in [(DEFAULT, Argon2Params::default()), (SMALL, params(8, 1, 1))] {
            assert_eq!(hash(&password(PASSWORD), SALT, &params, memory).as_str(), expected);
        }
    }

    #[test]
    fn a_new_hash_verifies_at_once_and_after_it_was_stored() {
        let memory = &mut HashMemory::new();
        let new = hash(&password(PASSWORD), SALT, &params(8, 1, 1), memory);
        let stored = parse(new.as_str());
        for hash in [new, stored] {
            assert!(hash.verify(&password(PASSWORD), memory));
            assert!(!hash.verify(&password("correct horse battery stapl"), memory));
        }
    }

    /// C063.
    #[test]
    fn passwords_that_differ_only_after_72_bytes_differ() {
        let memory = &mut HashMemory::new();
        let long = "0123456789".repeat(8);
        let hash = hash(&password(&long), SALT, &params(8, 1, 1), memory);
        assert!(hash.verify(&password(&long), memory));
        assert!(!hash.verify(&password(&long[..72]), memory));
    }

    #[test]
    fn memory_stays_allocated_between_hashes_and_is_clean() {
        let memory = &mut HashMemory::new();
        let larger = parse(&SMALL.replace("m=8", "m=64"));
        for _ in 0..3 {
            assert!(!larger.verify(&password(PASSWORD), memory));
            assert_eq!(hash(&password(PASSWORD), SALT, &params(8, 1, 1), memory).as_str(), SMALL);
            assert_eq!(memory.kib(), 64);
        }
    }

    #[test]
    fn a_rehash_is_due_when_any_cost_is_below_the_wanted_one() {
        let hash = parse(&DEFAULT.replace("t=2", "t=3"));
        for (due, wanted) in [
            (false, params(19_456, 3, 1)),
            (false, params(8, 1, 1)),
            (true, params(19_457, 3, 1)),
            (true, params(19_456, 4, 1)),
            (true, params(19_456, 3, 2)),
            (true, params(8, 4, 1)),
        ] {
            assert_eq!(hash.needs_rehash(&wanted), due, "{wanted:?}");
        }
    }

    #[test]
    fn params_argon2_is_not_defined_for_are_refused() {
        for (memory_kib, iterations, parallelism) in
            [(7, 1, 1), (8, 0, 1), (8, 1, 0), (15, 1, 2), (u32::MAX, 1, u32::MAX)]
        {
            assert_eq!(
                Argon2Params::new(memory_kib, iterations, parallelism),
                Err(Argon2ParamsRejected)
            );
        }
    }
}
