//! The bare password hash.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::figures::Failure;

/// argon2id with the server's default costs, always in the same memory.
pub(super) struct Hasher {
    argon2: Argon2<'static>,
    memory: Mutex<Vec<Block>>,
}

impl Hasher {
    pub(super) fn new() -> Result<Self, Failure> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Ok(Self { argon2, memory: Mutex::default() })
    }

    pub(super) fn hash(&self) -> Result<[u8; 32], Failure> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.resize(self.argon2.params().block_count(), Block::new());
        let mut hash = [0; 32];
        let memory = memory.as_mut_slice();
        self.argon2.hash_password_into_with_memory(PASSWORD, SALT, &mut hash, memory)?;
        Ok(hash)
    }
}

/// The defaults of `[passwords]`.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const PASSWORD: &[u8] = b"a password that is long enough";
const SALT: &[u8] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_costs_are_the_servers_defaults() {
        let settings = include_str!("../../../src/config/passwords.rs");
        for (key, cost) in [("memory_kib", "19_456"), ("iterations", "2"), ("parallelism", "1")] {
            assert!(settings.contains(&format!("argon2_{key}: u32 = {cost},")), "{key}");
        }
        assert_eq!((MEMORY_KIB, PASSES, LANES), (19_456, 2, 1));
        assert_ne!(Hasher::new().unwrap().hash().unwrap(), [0; 32]);
    }
}
