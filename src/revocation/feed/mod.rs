//! The feed of revocations: what was read from the log, signed once for all readers, and pushed to
//! those who listen. Must not know HTTP, nor who may read.
//!
//! There is one form of document, whatever it is sent as. A reader who joins gets a chain of them
//! that leaves nothing out: the base snapshot or where he left off, full segments, the rest. Those
//! that listen then get an event for each look at the database that found something new.

mod cursor;
mod document;
mod entries;
mod kept;
mod state;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::broadcast;

pub use cursor::Cursor;
pub use document::{Document, FeedError};
pub(super) use entries::Entries;
pub use state::{Standing, State};

use self::cursor::Cursors;
use self::document::{Press, Sort};
use self::kept::{BASE_BEHIND, Base, Segments};
use super::log::RevocationLog;
use crate::env::World;
use crate::keys::KeyRing;
use crate::keys::master::MasterKey;
use crate::protocol::revocation::{FeedHead, FeedPosition};
use crate::protocol::time::Timestamp;
use crate::protocol::uri::Issuer;

/// The publisher of a node.
pub struct Feed {
    press: Arc<Press>,
    world: World,
    state: ArcSwapOption<State>,
    base: tokio::sync::Mutex<Option<Base>>,
    segments: Segments,
    /// None once the streams have ended.
    events: Mutex<Option<broadcast::Sender<Document>>>,
}

/// What a listener receives from. Whoever does not keep up is told so, and has lost events.
pub type Events = broadcast::Receiver<Document>;

impl Feed {
    /// A feed that has nothing to tell yet.
    pub fn new(issuer: Issuer, master: &MasterKey, world: World) -> Self {
        let cursors = Cursors::new(master, issuer.clone());
        Self {
            press: Arc::new(Press { issuer, cursors }),
            world,
            state: ArcSwapOption::empty(),
            base: tokio::sync::Mutex::default(),
            segments: Segments::default(),
            events: Mutex::new(Some(broadcast::Sender::new(BACKLOG))),
        }
    }

    /// Takes up what a look at the database found, and tells it to those who listen. `looked_at` is
    /// the time before the database was asked. One caller at a time.
    pub async fn publish(
        &self,
        (head, looked_at): (FeedHead, Timestamp),
        log: &RevocationLog,
        ring: Arc<KeyRing>,
    ) {
        let entries = log.entries();
        let newest = OnceLock::new();
        let made_at = self.world.clock.monotonic();
        let state = Arc::new(State { head, looked_at, made_at, entries, ring, newest });
        let news = self.state.load_full().filter(|before| !state.tells_the_same(before));
        // The event is made before the state is known: if the caller is gone meanwhile, the next
        // look finds the same news.
        let mut event = self.event_for_listeners(news.as_deref(), &state).await;
        // First the state, then the event: whoever begins to listen and then reads the state misses
        // nothing.
        self.state.store(Some(state.clone()));
        if event.is_none() {
            // Somebody who has begun since may have read what was there before.
            event = self.event_for_listeners(news.as_deref(), &state).await;
        }
        if let Some(event) = event {
            self.tell(event);
        }
    }

    /// What is told to those who were told `before`, if anybody listens: nobody needs a signature that
    /// nobody reads.
    async fn event_for_listeners(
        &self,
        before: Option<&State>,
        state: &Arc<State>,
    ) -> Option<Result<Document, FeedError>> {
        match before.filter(|_| self.listeners() > 0) {
            Some(before) => Some(self.event(before, state).await),
            None => None,
        }
    }

    /// Gives a sign of life to those who listen. Its time is that of the last good look: if the
    /// database does not answer, nobody is told that all is well.
    pub fn beat(&self) {
        let Some(state) = self.state.load_full().filter(|_| self.listeners() > 0) else {
            return;
        };
        let nothing = state.above(state.head.seq);
        self.tell(self.press.make(Sort::Heartbeat, &state, nothing, self.now(&state)));
    }

    /// Begins to listen; none once the streams have ended. Whoever listens first and joins then
    /// misses nothing.
    pub fn listen(&self) -> Option<Events> {
        self.events().as_ref().map(broadcast::Sender::subscribe)
    }

    /// Ends every stream behind what was told last.
    pub fn end_streams(&self) {
        *self.events() = None;
    }

    /// What is told at present.
    pub fn state(&self) -> Result<Arc<State>, FeedError> {
        self.state.load_full().ok_or(FeedError::NotReady)
    }

    /// The time that readers were told in the epoch of `head`, if it lies well ahead of `now`.
    pub fn time_ahead(&self, head: &FeedHead, now: Timestamp) -> Option<Timestamp> {
        let state = self.state.load_full().filter(|state| state.head.epoch == head.epoch)?;
        (state.looked_at > now + AHEAD).then_some(state.looked_at)
    }

    /// The cursor that `text` is, if it is a genuine one.
    pub fn cursor(&self, text: &str) -> Option<Cursor> {
        self.press.cursors.read(text)
    }

    /// The documents that bring a reader to the present: from behind `place`, if that is of the
    /// present epoch and not too far back, else from a snapshot.
    pub async fn join(&self, place: Option<FeedPosition>) -> Result<Vec<Document>, FeedError> {
        let state = self.state()?;
        let near = |place: &FeedPosition| {
            place.epoch == state.head.epoch
                && state.head.seq.saturating_sub(place.seq) < BASE_BEHIND
        };
        let mut chain = Vec::new();
        let mut after = if let Some(place) = place.filter(near) {
            place.seq
        } else {
            chain.push(self.base(&state, None).await?);
            chain[0].seq
        };
        while let Some(number) = state.full_segment(after) {
            let segment = self.segment(&state, number)?;
            after = segment.seq;
            chain.push(segment);
        }
        chain.push(self.newest(&state)?);
        Ok(chain)
    }

    /// The snapshot: everything that is refused, as it was a short while ago; but not as it was
    /// before what a reader at `place` knows.
    pub async fn snapshot(&self, place: Option<FeedPosition>) -> Result<Document, FeedError> {
        self.base(&self.state()?, place).await
    }

    /// The document behind `place`: a full segment, or what ends at the present; and whether it
    /// never changes. None where the numbers of that epoch mean nothing any more.
    pub fn behind(&self, place: FeedPosition) -> Result<Option<(Document, bool)>, FeedError> {
        let state = self.state()?;
        if place.epoch != state.head.epoch {
            return Ok(None);
        }
        Ok(Some(match state.full_segment(place.seq) {
            Some(number) => (self.segment(&state, number)?, true),
            None => (self.newest(&state)?, false),
        }))
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.events().as_ref().map_or(0, broadcast::Sender::receiver_count)
    }

    /// What is told to those who were told `before`.
    async fn event(&self, before: &State, state: &Arc<State>) -> Result<Document, FeedError> {
        if before.head.epoch != state.head.epoch {
            // Numbers of two epochs do not compare.
            return self.base(state, None).await;
        }
        let (cover, now) = (state.above(before.head.seq), self.now(state));
        if cover.up_to.saturating_sub(cover.after) < MANY {
            return self.press.make(Sort::Event, state, cover, now);
        }
        let (press, of) = (self.press.clone(), state.clone());
        let made = tokio::task::spawn_blocking(move || press.make(Sort::Event, &of, cover, now));
        made.await.map_err(|_| FeedError::Unsigned)?
    }

    fn tell(&self, document: Result<Document, FeedError>) {
        let events = self.events();
        let epoch = self.state.load().as_ref().map_or(0, |state| state.head.epoch);
        match document {
            // A heartbeat may be overtaken by a new epoch, behind which nobody must fall back.
            Ok(document) if document.epoch == epoch => {
                // It fails only where nobody listens.
                let _ = events.as_ref().map(|events| events.send(document));
            }
            Ok(_) => {}
            // A command on a database that was never served from has no keys yet, and no listeners.
            Err(_) if events.as_ref().is_none_or(|events| events.receiver_count() == 0) => {}
            // Those who listen find a gap at the next event, and fetch what is missing.
            Err(error) => tracing::error!(%error, "the feed of revocations told nothing"),
        }
    }

    /// The base snapshot, made anew if it does not serve any more. Many entries take some time, in
    /// which this thread has others to serve.
    async fn base(
        &self,
        state: &Arc<State>,
        place: Option<FeedPosition>,
    ) -> Result<Document, FeedError> {
        let mut base = self.base.lock().await;
        let made_at = self.world.clock.monotonic();
        if let Some(base) = base.as_ref().filter(|base| base.serves(state, place, made_at)) {
            return Ok(base.document.clone());
        }
        let (press, now, of) = (self.press.clone(), self.now(state), state.clone());
        let made =
            tokio::task::spawn_blocking(move || press.make(Sort::Snapshot, &of, of.above(0), now));
        let document = made.await.map_err(|_| FeedError::Unsigned)??;
        let bytes = document.jws().len();
        if bytes > LARGE {
            tracing::warn!(bytes, "the snapshot is large: the verifier reads 64 MiB of it at most");
        }
        #[expect(clippy::cast_precision_loss, reason = "far smaller than 2^52")]
        metrics::gauge!("chancery_feed_snapshot_bytes").set(bytes as f64);
        let kid = state.ring.feed_key().ok_or(FeedError::Unsigned)?.kid().clone();
        *base = Some(Base { document: document.clone(), made_at, kid });
        Ok(document)
    }

    fn segment(&self, state: &State, number: i64) -> Result<Document, FeedError> {
        let make = || self.press.make(Sort::Segment, state, state.segment(number), self.now(state));
        self.segments.find_or_make(state, number, make)
    }

    fn newest(&self, state: &State) -> Result<Document, FeedError> {
        let make = || self.press.make(Sort::Head, state, state.rest(), self.now(state));
        state.newest.get_or_init(make).clone()
    }

    /// The time of the last look as it has gone on since: the clock may have stepped meanwhile.
    fn now(&self, state: &State) -> Timestamp {
        state.looked_at + self.world.clock.monotonic().saturating_sub(state.made_at)
    }

    fn events(&self) -> std::sync::MutexGuard<'_, Option<broadcast::Sender<Document>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By how much a time that readers were told may lie ahead: the leeway of the verifier, unless it is
/// set otherwise.
const AHEAD: Duration = Duration::from_secs(5);
/// How many entries take so long that this thread has others to serve meanwhile.
const MANY: i64 = 1_000;
/// How many events a listener may be behind.
const BACKLOG: usize = 256;

/// From how many bytes on somebody should know how large the snapshot is.
const LARGE: usize = 32 << 20;
