//! Stored password hashes.

use super::text;
use crate::protocol::password::argon2id::Argon2Params;
use crate::protocol::password::{HashBudget, HashMemory, Password, PasswordHash};

/// What is accepted is kept as it is, and costs no more than the budget that it was read with.
pub fn check(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let generous = PasswordHash::parse(text, &HashBudget::default());
    let Ok(hash) = PasswordHash::parse(text, &TINY) else { return };
    assert!(generous.is_ok(), "a larger budget allows no less");
    assert_eq!(hash.as_str(), text);
    hash.needs_rehash(&Argon2Params::default());
    let mut memory = HashMemory::new();
    let password = Password::presented("some password").expect("a password");
    let right = hash.verify(&password, &mut memory);
    assert!(memory.kib() <= 64, "{} KiB", memory.kib());
    let other = Password::presented("another password").expect("a password");
    assert!(!(right && hash.verify(&other, &mut memory)), "two passwords");
}

/// So small that a hash within it is verified at once.
const TINY: HashBudget = HashBudget {
    max_memory_kib: 64,
    max_memory_work_kib: 128,
    max_bcrypt_cost: 4,
    max_pbkdf2_iterations: 1_000,
};
