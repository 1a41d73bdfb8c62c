//! Whether the keys of the issuer should be fetched.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::state::KeyDemand;

type Wake = Arc<dyn Fn() + Send + Sync>;

/// Who asked for keys, and when they were fetched last.
pub(super) struct Demand {
    cool_down: Duration,
    state: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    unknown_kid: bool,
    /// The key set that the feed speaks of, if it is not the one in hand.
    other: Option<String>,
    /// The one that was fetched for already: a stale copy of the key set is not fetched in a loop.
    tried: Option<String>,
    /// By the monotonic clock.
    fetched_at: Option<Duration>,
    /// A key set is in hand.
    any: bool,
    wake: Option<Wake>,
}

impl Demand {
    pub(super) fn new(cool_down: Duration) -> Self {
        Self { cool_down, state: Mutex::default() }
    }

    /// A token or a document names a key that is not known.
    pub(super) fn unknown_kid(&self) {
        self.ask(|asked| !std::mem::replace(&mut asked.unknown_kid, true));
    }

    /// The feed says that the issuer publishes the key set `hash`.
    pub(super) fn published(&self, hash: &str, in_hand: &str) {
        self.ask(|asked| {
            let other = (hash != in_hand).then_some(hash);
            let news = other.is_some() && other != asked.other.as_deref();
            asked.other = other.map(str::to_owned);
            news
        });
    }

    /// A fetch begins.
    pub(super) fn fetching(&self, now: Duration) {
        let asked = &mut *self.lock();
        asked.fetched_at = Some(now);
        asked.unknown_kid = false;
        asked.tried.clone_from(&asked.other);
    }

    /// The key set `hash` is in hand.
    pub(super) fn installed(&self, hash: &str) {
        let mut asked = self.lock();
        asked.any = true;
        if asked.other.as_deref() == Some(hash) {
            asked.other = None;
        }
    }

    pub(super) fn wanted(&self, now: Duration) -> KeyDemand {
        let asked = self.lock();
        if asked.other.is_some() && asked.other != asked.tried {
            return KeyDemand::Now;
        }
        if asked.any && !asked.unknown_kid && asked.other.is_none() {
            return KeyDemand::No;
        }
        let until = asked.fetched_at.map_or(Duration::ZERO, |at| at + self.cool_down);
        match until.saturating_sub(now) {
            Duration::ZERO => KeyDemand::Now,
            rest => KeyDemand::After(rest),
        }
    }

    pub(super) fn on_demand(&self, wake: Wake) {
        self.lock().wake = Some(wake);
    }

    /// Asks for keys, and wakes whoever fetches them if that is `news`.
    fn ask(&self, news: impl FnOnce(&mut Asked) -> bool) {
        let mut asked = self.lock();
        let wake = news(&mut asked).then(|| asked.wake.clone()).flatten();
        drop(asked);
        if let Some(wake) = wake {
            wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
