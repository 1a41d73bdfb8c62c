//! How the client waits, and by what it spreads its waits: both can be replaced, so that tests wait
//! for nothing. Must not import anything of ours.

use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::time::Duration;

/// A future that only waits.
pub type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Waiting, and the chance that keeps a thousand readers from waiting alike.
pub trait Pause: Send + Sync + 'static {
    /// Completes once `span` has passed.
    fn pause(&self, span: Duration) -> Waiting<'_>;

    /// A number from 0 up to 1, evenly spread. No secret hangs on it.
    fn chance(&self) -> f64;
}

/// The machine's own time and chance.
pub struct SystemPause;

impl Pause for SystemPause {
    #[expect(clippy::disallowed_methods, reason = "the one place that waits by the clock")]
    fn pause(&self, span: Duration) -> Waiting<'_> {
        Box::pin(tokio::time::sleep(span))
    }

    fn chance(&self) -> f64 {
        // The standard library seeds its hash tables at random: enough to spread readers by.
        let drawn = u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or(0);
        f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
    }
}

/// Completes with the outcome of `work`, or with `None` once `span` has passed.
pub(super) async fn within<T>(
    pause: &dyn Pause,
    span: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = pause.pause(span) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_stays_in_its_range_and_varies() {
        let drawn: Vec<f64> = (0..64).map(|_| SystemPause.chance()).collect();
        assert!(drawn.iter().all(|chance| (0.0..1.0).contains(chance)), "{drawn:?}");
        assert!(drawn.iter().any(|chance| (chance - drawn[0]).abs() > 1e-6), "{drawn:?}");
    }
}
