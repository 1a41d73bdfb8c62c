//! The injected world: what time it is, and randomness. Nothing else in the crate reads a clock or
//! the system's random source. Must not import anything of ours.

mod clock;
mod entropy;

use std::sync::Arc;

pub use clock::{Clock, SystemClock};
pub use entropy::{Entropy, SystemEntropy};

/// The outside world as the server sees it; tests put their own in its place.
#[derive(Clone)]
pub struct World {
    /// Wall-clock and monotonic time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl World {
    /// The machine's own clock and random source.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock::start()), entropy: Arc::new(SystemEntropy) }
    }
}
