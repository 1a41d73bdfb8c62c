//! The memory that argon2 works in, kept from one hash to the next.
//! Pure: imports nothing of ours.

use ::argon2::Block;
use zeroize::Zeroize;

/// Working memory for one hash at a time. Whoever hashes keeps one per permit, so that a flood of
/// logins takes permits × memory and not a new allocation for each; the allocator would not give
/// those back at once.
///
/// It grows when a hash needs more, never shrinks, and holds only zeros between two hashes.
#[derive(Default)]
pub struct HashMemory {
    blocks: Vec<Block>,
}

impl HashMemory {
    /// No memory yet: the first hash allocates what it needs.
    pub const fn new() -> Self {
        Self { blocks: Vec::new() }
    }

    /// How much is allocated, in KiB.
    pub fn kib(&self) -> usize {
        self.blocks.len()
    }

    /// Lends the first `count` blocks of 1 KiB each, growing as needed. They are wiped when the
    /// loan is dropped.
    pub(super) fn lend(&mut self, count: usize) -> Lent<'_> {
        if self.blocks.len() < count {
            // The old blocks go first: growing in place would hold both for a moment.
            self.blocks = Vec::new();
            self.blocks = vec![Block::new(); count];
        }
        Lent(&mut self.blocks[..count])
    }
}

/// Blocks on loan.
pub(super) struct Lent<'a>(&'a mut [Block]);

impl AsMut<[Block]> for Lent<'_> {
    fn as_mut(&mut self) -> &mut [Block] {
        self.0
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.iter_mut().zeroize();
    }
}

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
        drop(memory.lend(64));
        let first = address(&memory);
        for count in [64, 8, 63] {
            assert_eq!(memory.lend(count).as_mut().len(), count);
            assert_eq!((memory.kib(), address(&memory)), (64, first));
        }
        drop(memory.lend(65));
        assert_eq!((memory.kib(), memory.blocks.capacity()), (65, 65));
    }

    #[test]
    fn memory_is_wiped_when_the_loan_ends() {
        let mut memory = HashMemory::new();
        let mut lent = memory.lend(2);
        for block in lent.as_mut() {
            block.as_mut().fill(u64::MAX);
        }
        drop(lent);
        assert!(memory.blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }
}
