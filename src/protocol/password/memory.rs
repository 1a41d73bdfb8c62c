//! The memory that argon2 works in, kept from one hash to the next.
//! Pure: imports nothing of ours.

use ::argon2::Block;
use zeroize::Zeroize;

/// Working memory for one hash at a time. Whoever hashes keeps one per permit, so that a flood of
/// logins takes permits × memory and not a new allocation for each; the allocator would not give
/// those back at once.
///
/// It grows when a hash needs more and never shrinks. Once it is wiped, and when it is dropped, it holds
/// only zeros.
#[derive(Default)]
pub struct HashMemory {
    blocks: Vec<Block>,
    /// How many of them are not wiped.
    used: usize,
}

impl HashMemory {
    /// No memory yet: the first hash allocates what it needs.
    pub const fn new() -> Self {
        Self { blocks: Vec::new(), used: 0 }
    }

    /// How much is allocated, in KiB.
    pub fn kib(&self) -> usize {
        self.blocks.len()
    }

    /// Wipes what the last hash has left. The next would write over all of it, so this is for whoever
    /// has no next one: to wipe 19 MiB takes a thirteenth of the time that it takes to hash in them.
    pub fn wipe(&mut self) {
        self.blocks[..self.used].iter_mut().zeroize();
        self.used = 0;
    }

    /// Lends the first `count` blocks of 1 KiB each, growing as needed.
    pub(super) fn lend(&mut self, count: usize) -> &mut [Block] {
        if self.blocks.len() < count {
            // The old blocks go first: growing in place would hold both for a moment.
            self.wipe();
            self.blocks = Vec::new();
            // More than any threshold from which on an allocator takes a piece of its own from the
            // system, and gives it back as a whole: 32 MiB with glibc. What is not written to takes no
            // memory.
            self.blocks = Vec::with_capacity(count.max(OWN_PIECE));
            self.blocks.resize(count, Block::new());
        }
        self.used = self.used.max(count);
        &mut self.blocks[..count]
    }
}

impl Drop for HashMemory {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// In blocks of 1 KiB.
const OWN_PIECE: usize = 33 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(memory: &HashMemory) -> *const Block {
        memory.blocks.as_ptr()
    }

    #[test]
    fn memory_grows_only_when_needed_and_is_lent_again() {
        let mut memory = HashMemory::new();
        assert_eq!(memory.kib(), 0);
        memory.lend(64);
        let first = address(&memory);
        for count in [64, 8, 63] {
            assert_eq!(memory.lend(count).len(), count);
            assert_eq!((memory.kib(), address(&memory)), (64, first));
        }
        memory.lend(65);
        assert_eq!(memory.kib(), 65);
    }

    #[test]
    fn memory_is_wiped_as_far_as_it_was_used() {
        let mut memory = HashMemory::new();
        memory.lend(3).iter_mut().for_each(|block| block.as_mut().fill(u64::MAX));
        memory.lend(1);
        memory.wipe();
        assert!(memory.blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }
}
