//! The verifier: what is known of an issuer, and the judgement of its tokens by that.

mod absorb;
mod counters;
mod demand;
mod known;
mod persist;
mod verify;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::cache::Cache;
use crate::clock::{Clock, SystemClock};
use crate::error::{FeedError, ImportError, KeySetError, Rejection};
use crate::keys::KeySet;
use crate::settings::{Requirement, Settings};
use crate::state::{Absorbed, Installed, KeyDemand, Position, State};
use crate::token::VerifiedToken;
use counters::Tally;
use demand::Demand;
use known::{Known, Moment};

/// Judges the access tokens of one issuer, offline.
///
/// A copy is cheap and shares everything. Nothing here waits or talks to anybody: a client of the
/// issuer, a file or a test brings keys ([`Verifier::install_keys`]) and documents of the feed
/// ([`Verifier::absorb`]). [`Verifier::verify`] reads without a lock.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    settings: Settings,
    clock: Arc<dyn Clock>,
    known: ArcSwap<Known>,
    /// Held by whoever replaces what is known.
    writing: Mutex<()>,
    cache: Cache,
    demand: Demand,
    tally: Tally,
}

impl Verifier {
    /// A verifier that knows nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self::with_clock(settings, Arc::new(SystemClock::start()))
    }

    /// A verifier that takes the time from `clock`.
    pub fn with_clock(settings: Settings, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            cache: Cache::new(settings.cache_capacity),
            demand: Demand::new(settings.cool_down),
            settings,
            clock,
            known: ArcSwap::default(),
            writing: Mutex::default(),
            tally: Tally::default(),
        }))
    }

    /// The issuer whose tokens are judged.
    pub fn issuer(&self) -> &str {
        &self.0.settings.issuer
    }

    /// The time it takes.
    #[cfg(feature = "client")]
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// The longest document that it reads, in bytes.
    #[cfg(feature = "client")]
    pub(crate) fn max_document(&self) -> usize {
        self.0.settings.max_document
    }

    /// Judges a token by the [`Settings`] alone.
    pub fn verify(&self, token: &str) -> Result<Arc<VerifiedToken>, Rejection> {
        self.verify_for(token, &Requirement::default())
    }

    /// Judges a token for a route that wants something of it.
    pub fn verify_for(
        &self,
        token: &str,
        wanted: &Requirement,
    ) -> Result<Arc<VerifiedToken>, Rejection> {
        let judged = self.0.judge(token, wanted);
        self.0.tally.count(&judged);
        judged
    }

    /// Takes up a key set as the issuer publishes it. It replaces the one in hand, unless it is no
    /// good: then that one stays.
    pub fn install_keys(&self, jwks: &[u8]) -> Result<Installed, KeySetError> {
        let keys = KeySet::parse(jwks)?;
        let installed = keys.installed();
        self.0.demand.installed(&keys.hash);
        self.0.replace(|known| known.install(keys));
        Ok(installed)
    }

    /// Takes up a document of the feed: the snapshot, a segment, an event of the stream or a
    /// heartbeat, as one compact JWS.
    pub fn absorb(&self, document: &str) -> Result<Absorbed, FeedError> {
        self.absorb_dated(document).map(|(absorbed, _)| absorbed)
    }

    /// The same, and whether it is as new as what is known: nothing newer was read before it.
    pub(crate) fn absorb_dated(&self, document: &str) -> Result<(Absorbed, bool), FeedError> {
        let outcome = self.0.absorb(document);
        self.0.tally.count_document(outcome.map(|(absorbed, _)| absorbed));
        outcome
    }

    /// Whether the issuer has a feed at all. As long as nobody says no, one is waited for. Once a
    /// document of it was read, it has one: its loss is a state that grows older.
    pub fn set_feed(&self, expected: bool) {
        self.0.replace(|known| known.set_feed(expected));
    }

    /// How everything stands.
    pub fn state(&self) -> State {
        self.0.state()
    }

    /// How far the feed was read.
    pub fn position(&self) -> Option<Position> {
        self.0.known.load().position.clone()
    }

    /// Whether the keys should be fetched: there are none, a token or document named an unknown one,
    /// or the feed said that the issuer publishes others by now. Unknown `kid`s of tokens cause one
    /// fetch per [`Settings::cool_down`], and so do those of documents; what the feed says is delayed
    /// by neither. What a document asked for stands until keys are installed: whoever fails to fetch
    /// them has to wait before trying again.
    pub fn wants_keys(&self) -> KeyDemand {
        self.0.demand.wanted(self.0.clock.monotonic())
    }

    /// Says that the keys are being fetched. The cool-down begins.
    pub fn fetching_keys(&self) {
        self.0.demand.fetching(self.0.clock.monotonic());
    }

    /// Calls `wake` whenever keys become wanted. It is called by whoever verifies, so it must not
    /// wait.
    pub fn on_demand(&self, wake: impl Fn() + Send + Sync + 'static) {
        self.0.demand.on_demand(Arc::new(wake));
    }

    /// What is known, to be kept where only this API can write, and given to
    /// [`Verifier::import`] after a restart.
    ///
    /// It says how much time has passed since the issuer was heard, by a clock that does not step.
    /// How much has passed since it was exported, whether the API ran or was down, only the clock of the
    /// machine can tell: by as much as it is behind then, the state may be older than it seems, until
    /// the issuer is heard again.
    pub fn export(&self) -> Vec<u8> {
        persist::export(&self.0.settings.issuer, &self.0.known.load(), self.0.moment())
    }

    /// Takes up what was exported. It adds to what is known and never weakens it: revocations are
    /// merged, and keys and position are taken only where none are known yet.
    pub fn import(&self, state: &[u8]) -> Result<(), ImportError> {
        let saved = persist::parse(state, &self.0.settings.issuer)?;
        let moment = self.0.moment();
        self.0.replace(|known| known.restore(saved, moment));
        let keys = &self.0.known.load().keys;
        if !keys.is_empty() {
            self.0.demand.installed(&keys.hash);
        }
        Ok(())
    }
}

impl Inner {
    fn moment(&self) -> Moment {
        Moment { wall: self.clock.now(), monotonic: self.clock.monotonic() }
    }

    /// Makes what is known anew from what was.
    fn replace<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        let _writing = self.write();
        let mut known = Known::clone(&self.known.load());
        let outcome = change(&mut known);
        self.known.store(Arc::new(known));
        outcome
    }

    fn write(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> State {
        let known = self.known.load();
        let moment = self.moment();
        State {
            feed: known.feed(),
            ready: known.is_ready(moment, self.settings.max_stale),
            age: known.age(moment),
            as_of: known.fresh.map(|seen| seen.time),
            position: known.position.clone(),
            entries: known.set.len(),
            keys: known.keys.installed().keys,
            jwks_hash: (!known.keys.is_empty()).then(|| known.keys.hash.clone()),
            clock_offset: known.clock_offset(moment),
            counters: self.tally.read(),
        }
    }
}
