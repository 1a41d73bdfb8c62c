//! What a node remembers: clients, resources, keys and revocations, under a lease.
//!
//! A node may answer from its memory while it has looked at the database within the lease. Looking
//! is one statement; only what has changed is read again. When the lease has run out, the request
//! itself looks, and if the database does not answer, neither does the node (503).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

use super::clients::Clients;
use super::clock::ClockWatch;
use super::ending::count_revocations;
use super::error::FlowError;
use super::known::Known;
use crate::env::World;
use crate::keys::Keeper;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind};
use crate::protocol::resource::built_in;
use crate::protocol::revocation::{FeedHead, FeedPosition, Kind};
use crate::protocol::time::Timestamp;
use crate::protocol::uri::Issuer;
use crate::revocation::feed::{Cursor, Feed, Standing};
use crate::revocation::{Followed, RevocationLog, RevocationPolicy};
use crate::storage::ops::feed::{RaiseEpoch, ReadHead, RenewEpoch};
use crate::storage::ops::resources::LoadResources;

/// How far a memory reaches.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// How revocations reach, and for how long the memory is good.
    pub policy: RevocationPolicy,
    /// The longest life of an access token that this node gives.
    pub max_life: Duration,
    /// How many clients may be all in memory.
    pub clients: u32,
}

/// The memory of a node.
pub struct Memory {
    issuer: Issuer,
    keeper: Keeper,
    world: World,
    clock: Arc<ClockWatch>,
    bounds: Bounds,
    known: ArcSwapOption<Known>,
    log: RevocationLog,
    feed: Feed,
    /// When the database was last looked at, in milliseconds of monotonic time and one; 0 is never.
    looked_at: AtomicU64,
    /// Whether this node has stored something that it could not read back: the lease is over.
    behind: AtomicBool,
    /// Held by the one who looks.
    looking: Mutex<()>,
    /// How many looks have failed.
    failures: AtomicU64,
    /// How many looks have begun, and which of them was the last that succeeded.
    begun: AtomicU64,
    succeeded: AtomicU64,
}

impl Memory {
    /// An empty memory.
    pub fn new(issuer: Issuer, keeper: Keeper, clock: Arc<ClockWatch>, bounds: Bounds) -> Self {
        Self {
            feed: Feed::new(issuer.clone(), &keeper.master, keeper.world.clone()),
            issuer,
            world: keeper.world.clone(),
            keeper,
            clock,
            bounds,
            known: ArcSwapOption::empty(),
            log: RevocationLog::default(),
            looked_at: AtomicU64::new(NEVER),
            behind: AtomicBool::new(false),
            looking: Mutex::new(()),
            failures: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            succeeded: AtomicU64::new(0),
        }
    }

    /// What is known and no older than the lease. Nothing, while the clock is known to be wrong: no
    /// token is judged or issued by it, and nothing revoked.
    pub async fn current(&self) -> Result<Arc<Known>, FlowError> {
        let known = self.known_within_lease().await?;
        self.check_clock().map(|()| known)
    }

    async fn known_within_lease(&self) -> Result<Arc<Known>, FlowError> {
        if let Some(known) = self.known.load_full().filter(|_| self.is_fresh()) {
            return Ok(known);
        }
        let failures = self.failures.load(Ordering::Acquire);
        let _looking = self.looking.lock().await;
        if !self.is_fresh() {
            self.look_unless_it_failed(failures).await?;
        }
        self.known.load_full().ok_or(FlowError::Unavailable)
    }

    /// Looks at the database now, so that this node obeys at once what it has just stored. If that
    /// fails the lease is over, and nothing is answered from memory until a look has succeeded:
    /// whoever revoked something was told that it is refused here.
    pub async fn obey(&self) -> Result<(), FlowError> {
        let begun = self.begun.load(Ordering::Acquire);
        let failures = self.failures.load(Ordering::Acquire);
        let _looking = self.looking.lock().await;
        // One that has begun meanwhile, for somebody else, has found it.
        if self.succeeded.load(Ordering::Acquire) > begun {
            return Ok(());
        }
        let looked = self.look_unless_it_failed(failures).await;
        if looked.is_err() {
            self.behind.store(true, Ordering::Release);
        }
        looked
    }

    /// Looks at the database now, whether or not the lease runs.
    pub async fn refresh(&self) -> Result<Arc<Known>, FlowError> {
        let failures = self.failures.load(Ordering::Acquire);
        let _looking = self.looking.lock().await;
        self.look_unless_it_failed(failures).await?;
        self.known.load_full().ok_or(FlowError::Unavailable)
    }

    /// A reader of the feed holds `cursor`, a genuine one that this node does not find in the log:
    /// the node is late, or the database lost writes. Answers once this node has caught up.
    pub async fn catch_up(&self, cursor: &Cursor) -> Result<(), FlowError> {
        self.refresh().await?;
        let state = self.feed.state().map_err(|_| FlowError::Unavailable)?;
        if state.judge(cursor) == Standing::Ahead {
            let now = Timestamp::from(self.world.clock.now());
            self.renew_epoch(&state.head, now, Some(cursor.epoch)).await?;
            self.refresh().await?;
        }
        Ok(())
    }

    /// What is known, however old: for what does not depend on the database, such as the JWKS.
    pub fn last_known(&self) -> Option<Arc<Known>> {
        self.known.load_full()
    }

    /// Up to where this node obeys the log; none if it has stored something that it could not read
    /// back.
    pub fn obeyed(&self) -> Option<FeedPosition> {
        let known = self.known.load_full().filter(|_| !self.behind.load(Ordering::Acquire))?;
        Some(known.head.position())
    }

    /// The revocations. As current as the last call of [`Memory::current`].
    pub fn revocations(&self) -> &RevocationLog {
        &self.log
    }

    /// What tells the revocations to those who read them elsewhere.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// What keeps the keys.
    pub fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// How long ago the database was last looked at; `None` before the first time.
    pub fn age(&self) -> Option<Duration> {
        let looked_at = self.looked_at.load(Ordering::Acquire);
        let age = || self.monotonic_millis().saturating_sub(looked_at);
        (looked_at != NEVER).then(|| Duration::from_millis(age()))
    }

    /// How long this node answers from its memory after it has looked at the database.
    pub fn lease(&self) -> Duration {
        self.bounds.policy.lease
    }

    fn check_clock(&self) -> Result<(), FlowError> {
        if self.clock.is_off() { Err(FlowError::WrongClock) } else { Ok(()) }
    }

    /// Whether the lease runs.
    fn is_fresh(&self) -> bool {
        !self.behind.load(Ordering::Acquire) && self.age().is_some_and(|age| age < self.lease())
    }

    /// Looks, unless somebody's look has failed since there were so many `failures`: whoever waited
    /// for it would only fail as slowly himself, and those behind him slower still.
    async fn look_unless_it_failed(&self, failures: u64) -> Result<(), FlowError> {
        if self.failures.load(Ordering::Acquire) != failures {
            return Err(FlowError::Unavailable);
        }
        let looked = self.look().await;
        if looked.is_err() {
            self.failures.fetch_add(1, Ordering::AcqRel);
        }
        looked
    }

    async fn look(&self) -> Result<(), FlowError> {
        let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let started = self.monotonic_millis();
        let (head, asked_at) = self.follow().await?;
        let known = self.know(head).await?;
        self.looked_at.store(started, Ordering::Release);
        self.behind.store(false, Ordering::Release);
        self.feed.publish((head, asked_at), &self.log, known.ring.clone()).await;
        self.succeeded.store(number, Ordering::Release);
        Ok(())
    }

    /// What is known where the log ends at `head`.
    async fn know(&self, head: FeedHead) -> Result<Arc<Known>, FlowError> {
        let before = self.known.load_full();
        if let Some(known) = before.as_ref().filter(|known| known.head == head) {
            return Ok(known.clone());
        }
        // The changes of two epochs do not compare: some may be lost, and others made.
        let same = |known: &Arc<Known>| {
            known.head.epoch == head.epoch && known.head.changes == head.changes
        };
        let known = match before {
            Some(known) if same(&known) => Known { head, ..(*known).clone() },
            before => self.load(head, before.as_deref()).await?,
        };
        let known = Arc::new(known);
        self.known.store(Some(known.clone()));
        Ok(known)
    }

    /// Reads new revocations, and answers where the log ends and when that was asked. If the log has
    /// lost some, a new epoch begins and is obeyed before anything is answered; so it does if this
    /// node has told readers a time that lies ahead.
    async fn follow(&self) -> Result<(FeedHead, Timestamp), FlowError> {
        for _ in 0..MAX_RENEWALS {
            let store = &self.keeper.store;
            let now = self.clock.time(store, &self.world).await?;
            let head = store.read(ReadHead).await?;
            if self.log.follow(store, &head, now).await? == Followed::Fallen {
                self.renew_epoch(&head, now, None).await?;
            } else if let Some(told) = self.feed.time_ahead(&head, now) {
                self.take_back(&head, (told, now)).await?;
            } else {
                return Ok((head, now));
            }
        }
        Err(FlowError::Unavailable)
    }

    /// Begins a new epoch, with which readers forget the times they were told: this node's clock was
    /// ahead. Readers never go back behind a signed time otherwise, and would refuse good tokens.
    async fn take_back(
        &self,
        head: &FeedHead,
        (told, now): (Timestamp, Timestamp),
    ) -> Result<(), FlowError> {
        tracing::error!(
            epoch = head.epoch,
            seconds = told.since(now).as_secs(),
            "the clock was ahead and is set back: a new epoch begins, in which nothing is lost"
        );
        // If another node was faster, its epoch is as good.
        Ok(self.keeper.store.write(RaiseEpoch { from: head.epoch }).await?)
    }

    async fn load(&self, head: FeedHead, before: Option<&Known>) -> Result<Known, FlowError> {
        let store = &self.keeper.store;
        let before = before.map(|known| known.clients.as_ref());
        let clients = Clients::load(store, before, self.bounds.clients).await?;
        let resources = store.read(LoadResources).await?;
        let resources = resources.into_iter().chain(built_in(&self.issuer));
        Ok(Known {
            ring: Arc::new(self.keeper.load().await?),
            head,
            clients: Arc::new(clients),
            resources: Arc::new(resources.map(|one| (one.uri.clone(), one)).collect()),
        })
    }

    /// Begins a new epoch, beyond the one that was `shown` to this node as well, and refuses
    /// everything issued so far: what was lost may have been a revocation that somebody was promised.
    async fn renew_epoch(
        &self,
        head: &FeedHead,
        now: Timestamp,
        shown: Option<i64>,
    ) -> Result<(), FlowError> {
        // What refuses everything would refuse what was issued by the wrong time.
        self.check_clock()?;
        tracing::error!(
            epoch = head.epoch,
            seq = head.seq,
            "the database lost revocations: a new epoch begins, and all tokens are refused; \
             what was done since has to be done again, unless this node knows it"
        );
        metrics::counter!("chancery_storage_regressed_total").increment(1);
        let entropy = self.world.entropy.as_ref();
        let audit =
            AuditEvent::new(AuditKind::StorageRegressed, Actor::System, (now, entropy.bytes()));
        // What is stored may be lost too.
        let longest_token = head.longest_token.max(self.bounds.max_life);
        let revoking = self.bounds.policy.of_client(longest_token, entropy);
        let seen = self.log.epoch().max(shown).unwrap_or(head.epoch);
        // If another node was faster, its epoch is as good.
        let renew = RenewEpoch { from: head.epoch, seen, revoking, audit };
        if self.keeper.store.write(renew).await?.is_some() {
            count_revocations(Kind::All, 1);
        }
        Ok(())
    }

    fn monotonic_millis(&self) -> u64 {
        // One more, since zero means never.
        millis(self.world.clock.monotonic()).saturating_add(1)
    }
}

/// The moment that stands for no moment.
const NEVER: u64 = 0;

/// Another loss while a new epoch begins is one too many.
const MAX_RENEWALS: u32 = 3;

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
