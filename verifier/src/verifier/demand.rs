//! Whether the keys of the issuer should be fetched.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::state::KeyDemand;

type Wake = Arc<dyn Fn() + Send + Sync>;

/// Who asked for keys, and when they were fetched last.
pub(super) struct Demand {
    cool_down: Duration,
    /// A token names a key that is not known. Whoever sends such tokens waits for nobody.
    unknown_kid: AtomicBool,
    state: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    /// A document names a key that is not known. Tokens cannot delay its fetch: it has a cool-down
    /// of its own.
    unknown_feed_kid: bool,
    /// Keys are being fetched for it.
    trying_feed_kid: bool,
    /// The key set that the feed speaks of, if it is not the one in hand.
    other: Option<String>,
    /// The one that is being fetched for.
    trying: Option<String>,
    /// The one that was fetched for already: a stale copy of the key set is not fetched in a loop.
    tried: Option<String>,
    /// By the monotonic clock.
    fetched_at: Option<Duration>,
    /// The last of them that a document caused, and that brought keys.
    fetched_for_feed_at: Option<Duration>,
    /// A key set is in hand.
    any: bool,
    wake: Option<Wake>,
}

impl Demand {
    pub(super) fn new(cool_down: Duration) -> Self {
        Self { cool_down, unknown_kid: AtomicBool::default(), state: Mutex::default() }
    }

    /// A token names a key that is not known.
    pub(super) fn unknown_kid(&self) {
        // Read first, so that a flood of such tokens shares what it reads.
        if !self.unknown_kid.load(Ordering::Relaxed)
            && !self.unknown_kid.swap(true, Ordering::Relaxed)
        {
            self.ask(|_| true);
        }
    }

    /// A document names a key that is not known.
    pub(super) fn unknown_feed_kid(&self) {
        self.ask(|asked| !std::mem::replace(&mut asked.unknown_feed_kid, true));
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
        self.unknown_kid.store(false, Ordering::Relaxed);
        asked.trying_feed_kid = asked.unknown_feed_kid;
        asked.trying.clone_from(&asked.other);
    }

    /// The key set `hash` is in hand.
    pub(super) fn installed(&self, hash: &str) {
        let mut asked = self.lock();
        asked.any = true;
        if std::mem::take(&mut asked.trying_feed_kid) {
            asked.unknown_feed_kid = false;
            asked.fetched_for_feed_at = asked.fetched_at;
        }
        asked.tried = asked.trying.take();
        if asked.other.as_deref() == Some(hash) {
            asked.other = None;
        }
    }

    pub(super) fn wanted(&self, now: Duration) -> KeyDemand {
        let asked = self.lock();
        if asked.other.is_some() && asked.other != asked.tried {
            return KeyDemand::Now;
        }
        let rest = |fetched_at: Option<Duration>| {
            let until = fetched_at.map_or(Duration::ZERO, |at| at.saturating_add(self.cool_down));
            until.saturating_sub(now)
        };
        let by_tokens =
            !asked.any || asked.other.is_some() || self.unknown_kid.load(Ordering::Relaxed);
        let by_tokens = by_tokens.then(|| rest(asked.fetched_at));
        let by_feed = asked.unknown_feed_kid.then(|| rest(asked.fetched_for_feed_at));
        match by_tokens.into_iter().chain(by_feed).min() {
            None => KeyDemand::No,
            Some(Duration::ZERO) => KeyDemand::Now,
            Some(rest) => KeyDemand::After(rest),
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
