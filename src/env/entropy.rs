//! Randomness as something that can be replaced.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// A source of random bytes, fit for secrets.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

/// The cryptographic generator of the process, seeded by the operating system.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        if SystemRandom::new().fill(bytes).is_err() {
            // A weaker source would hand out guessable tokens; no answer is better (C137).
            std::process::abort();
        }
    }
}
